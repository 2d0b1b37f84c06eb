"""One clear line for a configuration that its model refuses: pydantic's own words, the key and the nearest key."""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import get_args

from pydantic import BaseModel, ValidationError


def sentence(error: ValidationError, model: type[BaseModel], prefix: str = "") -> str:
    """What is wrong, what is allowed and what to do, of the first fault; an unknown key goes first.

    Args:
        error: What pydantic raised for the model.
        model: The model.
        prefix: Put before each key, such as "dataset.".

    Example:
        >>> from pydantic import ConfigDict, Field
        >>> class Trainer(BaseModel):
        ...     model_config = ConfigDict(extra="forbid")
        ...     max_epochs: int = Field(ge=1)
        >>> try:
        ...     Trainer.model_validate({"max_epoch": 3})
        ... except ValidationError as error:
        ...     sentence(error, Trainer, "trainer.")
        "option 'trainer.max_epoch': unknown key; allowed: max_epochs; did you mean 'trainer.max_epochs'?"
        >>> try:
        ...     Trainer.model_validate({"max_epochs": 0})
        ... except ValidationError as error:
        ...     sentence(error, Trainer, "trainer.")
        "option 'trainer.max_epochs': 0 is not allowed; it should be greater than or equal to 1"
    """
    faults = error.errors(include_url=False)
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    path, group = _follow(model, fault["loc"])
    option = f"option {prefix + '.'.join(path)!r}"
    if fault["type"] == "extra_forbidden":
        folder = prefix + "".join(f"{name}." for name in path[:-1])
        known = {name: folder + name for name in group.model_fields}
        groups = {name: below for name in known if (below := group_below(group, name))}
        inner = {key: f"{known[name]}.{key}" for name, below in groups.items() for key in below.model_fields}
        nearest = _find_nearest(path[-1], known) or _find_nearest(path[-1], inner)  # or a key without its group
        advice = f"did you mean {known.get(nearest) or inner[nearest]!r}?" if nearest else "leave it out"
        return f"{option}: unknown key; allowed: {', '.join(known)}; {advice}"
    if fault["type"] == "missing":
        return f"{option}: is missing; a value is needed; set it"
    # each member of a union has its own fault
    allowed = _join(other["msg"] for other in faults if _follow(model, other["loc"])[0] == path)
    if below := group_below(group, path[-1]):
        allowed = f"it should have the keys {', '.join(below.model_fields)}"
    elif type(None) in get_args(group.model_fields[path[-1]].annotation):
        allowed += ", or null"
    nearest = _find_nearest(str(fault["input"]), re.findall(r"'([^']+)'", allowed))
    advice = f"; did you mean {nearest!r}?" if nearest else ""
    value = repr(fault["input"])
    return f"{option}: {value if len(value) <= 80 else f'{value[:77]}...'} is not allowed; {allowed}{advice}"


def group_below(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """What a field holds, if that is a group of keys, or such a group or null."""
    annotation = model.model_fields[name].annotation if name in model.model_fields else None
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not type(None)]
    kind = kinds[0] if len(kinds) == 1 else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _follow(model: type[BaseModel], location: Sequence[int | str]) -> tuple[list[str], type[BaseModel]]:
    """Keys down to a fault and the group that holds the last of them.

    A location may continue below the key: an index in a list, or the member of a union that was tried.
    """
    name = str(location[0])
    group = group_below(model, name)
    if group is None or len(location) == 1:
        return [name], model
    path, last = _follow(group, location[1:])
    return [name, *path], last


def _join(messages: Iterable[str]) -> str:
    """What pydantic says of the members of a union, as one sentence.

    >>> _join(["Input should be a valid integer", "Input should be 'full'"])
    "it should be a valid integer or 'full'"
    """
    shortened = [re.sub(r"^\w+ should | after validation, not \d+$", "", message) for message in messages]
    words = list(dict.fromkeys(shortened))
    return "it should " + " or ".join([words[0], *(word.removeprefix("be ") for word in words[1:])])


def _find_nearest(word: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, known, n=1)), None)
