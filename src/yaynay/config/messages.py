"""One clear line for a configuration that its model refuses: pydantic's own words, the key and the nearest key."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

from pydantic import BaseModel, ValidationError

_SYNONYMS = {
    "batches": "batch_size", "csv": "path", "decay": "weight_decay", "delimiter": "separator", "device": "accelerator",
    "dtype": "precision", "epochs": "max_epochs", "exclude": "leave_out", "file": "path", "filename": "path",
    "gpu": "accelerator", "hidden": "depth", "hidden_layers": "depth", "hidden_size": "width", "hidden_units": "width",
    "l2": "weight_decay", "label": "target", "layers": "depth", "learning_rate": "lr", "margin": "delta",
    "n_layers": "depth", "n_units": "width", "neurons": "width", "nonlinearity": "activation",
    "normalize": "standardise", "num_layers": "depth", "sep": "separator", "significance": "alpha", "step_size": "lr",
    "units": "width", "wd": "weight_decay",
}  # fmt: skip
"""What others call a key, where its spelling is far from ours."""


def sentence(
    error: ValidationError, model: type[BaseModel], prefix: str = "", known: Iterable[str] | None = None
) -> str:
    """What is wrong, what is allowed and what to do, of the first fault; an unknown key goes first.

    Args:
        error: What pydantic raised for the model.
        model: The model.
        prefix: Put before each key, such as "dataset.".
        known: Keys that may be meant by an unknown one, with dots; None is the model's own.

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
    key = prefix + ".".join(path)
    option = f"option {key!r}"
    if fault["type"] == "extra_forbidden":
        nearest = nearest_key(
            ".".join([key, *_single_keys(fault["input"])]), known or [prefix + name for name in _keys(model)]
        )
        advice = f"did you mean {nearest!r}?" if nearest else "leave it out"
        return f"{option}: unknown key; allowed: {', '.join(group.model_fields)}; {advice}"
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


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """The key that an unknown one stands for: of its own group if there is one like it, or else of any.

    Args:
        key: With dots; its group, or all but its name, may be wrong.
        known: Keys with dots.

    Example:
        >>> keys = ["seed", "model.depth", "optimizer.lr", "plan.seed", "trainer.max_epochs"]
        >>> [nearest_key(key, keys) for key in ("optimiser.learning_rate", "lr", "model.epoch", "plan.sede", "zzz")]
        ['optimizer.lr', 'optimizer.lr', 'trainer.max_epochs', 'plan.seed', None]
    """
    known = sorted(known, key=lambda name: (name.count("."), name))
    group, _, name = key.replace("-", "_").rpartition(".")
    groups = list(dict.fromkeys(name.rpartition(".")[0] for name in known if "." in name))
    meant = _find_nearest(group, groups)
    found = _find_by_name(name, [other for other in known if other.rpartition(".")[0] == meant]) if meant else None
    return found or _find_by_name(name, [*known, *([] if group else groups)])


def _find_by_name(name: str, keys: Sequence[str]) -> str | None:
    """The key whose last word is a name, is called so elsewhere, or is nearest."""
    own = {key.rpartition(".")[2]: key for key in reversed(keys)}  # the first of a name
    names = {other: own[ours] for other, ours in _SYNONYMS.items() if ours in own} | own
    nearest = name if name in names else _find_nearest(name, names, cutoff=0.65)
    return names[nearest] if nearest else None


def _keys(model: type[BaseModel]) -> Iterator[str]:
    """All keys of a model, with dots, and its groups."""
    for name in model.model_fields:
        below = group_below(model, name)
        yield from [name] if below is None else [name, *(f"{name}.{key}" for key in _keys(below))]


def leaves(model: type[BaseModel]) -> Iterator[str]:
    """All keys of a model that hold a value and not a group, with dots."""
    for name in model.model_fields:
        below = group_below(model, name)
        yield from [name] if below is None else (f"{name}.{key}" for key in leaves(below))


def _single_keys(value: object) -> Iterator[str]:
    """Keys below an unknown one, as long as there is one each: {"a": {"b": 1}} was `KEY.a.b`."""
    while isinstance(value, Mapping) and len(value) == 1:
        ((key, value),) = value.items()
        yield str(key)


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


def _find_nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=cutoff)), None)
