"""One clear line for a configuration that its model refuses."""

import difflib
import types
from collections.abc import Sequence
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

_LIMITS = {
    "ge": "from {}",
    "gt": "above {}",
    "le": "to {}",
    "lt": "below {}",
    "min_length": "of length {} or more",
    "max_length": "of length {} or less",
}
_KINDS = {bool: "true or false", int: "whole numbers", float: "numbers", str: "text", type(None): "null"}


def sentence(error: ValidationError, model: type[BaseModel], prefix: str = "") -> str:
    """What is wrong, what is allowed and what to do, of the first fault; an unknown key goes first.

    Args:
        error: What pydantic raised for the model.
        model: The model whose fields say what is allowed.
        prefix: Put before each key, such as "dataset.".

    Example:
        >>> from pydantic import ConfigDict, Field
        >>> class Trainer(BaseModel):
        ...     model_config = ConfigDict(extra="forbid")
        ...     max_epochs: int = Field(ge=1, le=10)
        >>> try:
        ...     Trainer.model_validate({"max_epoch": 3})
        ... except ValidationError as error:
        ...     sentence(error, Trainer, "trainer.")
        "option 'trainer.max_epoch': unknown key; allowed: max_epochs; did you mean 'trainer.max_epochs'?"
        >>> try:
        ...     Trainer.model_validate({"max_epochs": 0})
        ... except ValidationError as error:
        ...     sentence(error, Trainer, "trainer.")
        "option 'trainer.max_epochs': 0 is out of range; allowed: whole numbers from 1 to 10"
    """
    faults = error.errors(include_url=False)
    fault = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
    path, parent, field = _follow(model, fault["loc"])
    key = f"option {prefix + '.'.join(path)!r}"
    if fault["type"] == "extra_forbidden":
        folder = prefix + "".join(f"{part}." for part in path[:-1])
        known = {name: folder + name for name in parent.model_fields}
        nearest = difflib.get_close_matches(path[-1], known, n=1)
        if not nearest:  # a key without its group
            known = {key: f"{folder}{name}.{key}" for name, keys in _inner(parent).items() for key in keys}
            nearest = difflib.get_close_matches(path[-1], known, n=1)
        advice = f"did you mean {known[nearest[0]]!r}?" if nearest else "leave it out"
        return f"{key}: unknown key; allowed: {', '.join(parent.model_fields)}; {advice}"
    allowed = "what the key says" if field is None else describe(field)
    if fault["type"] == "missing":
        return f"{key}: is missing; allowed: {allowed}; set it"
    if fault["type"] == "value_error":
        return f"{key}: {fault['ctx']['error']}"
    value = fault["input"]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    reason = "out of range" if is_number and fault["type"].startswith(("greater", "less")) else "not allowed"
    advice = ""
    if isinstance(value, str) and field is not None:
        nearest = difflib.get_close_matches(value, [str(choice) for choice in _choices(field.annotation)], n=1)
        advice = f"; did you mean {nearest[0]!r}?" if nearest else ""
    shown = repr(value) if len(repr(value)) <= 80 else f"{repr(value)[:77]}..."
    return f"{key}: {shown} is {reason}; allowed: {allowed}{advice}"


def _follow(
    model: type[BaseModel], location: Sequence[int | str]
) -> tuple[list[str], type[BaseModel], FieldInfo | None]:
    """Keys down to a fault, the model that holds the last of them, and its field if there is one.

    A location goes on below the field: an index of a list, or the member of a union that was tried.
    """
    path: list[str] = []
    parent, field = model, None
    for part in map(str, location):
        inner = None if field is None else _model_of(field.annotation)
        if field is not None and inner is None:
            break
        parent = inner or parent
        path.append(part)
        field = parent.model_fields.get(part)
    return path, parent, field


def _inner(model: type[BaseModel]) -> dict[str, list[str]]:
    """Keys of each field that is a model of its own."""
    found = {name: _model_of(field.annotation) for name, field in model.model_fields.items()}
    return {name: list(inner.model_fields) for name, inner in found.items() if inner}


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_of, get_args(annotation))), None)


def describe(field: FieldInfo) -> str:
    """What a field takes.

    >>> from pydantic import Field
    >>> class Optimizer(BaseModel):
    ...     lr: float | None = Field(gt=0, lt=1)
    ...     name: Literal["sgd", "adam"]
    >>> [describe(field) for field in Optimizer.model_fields.values()]
    ['numbers above 0 below 1, or null', 'sgd, adam']
    """
    return _describe(field.annotation, field.metadata)


def _describe(annotation: Any, metadata: Sequence[Any]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _describe(annotation.__origin__, annotation.__metadata__)
    if origin is Literal:
        return ", ".join(map(str, arguments))
    if origin in (Union, types.UnionType):
        return ", or ".join(_describe(one, metadata) for one in arguments)
    if origin in (list, tuple):
        return f"a list of {_describe(arguments[0], ())}{_limits(metadata)}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"the keys {', '.join(annotation.model_fields)}"
    is_null = annotation is type(None)
    return _KINDS.get(annotation, "what the key says") + ("" if is_null else _limits(metadata))


def _limits(metadata: Sequence[Any]) -> str:
    """The range that a field's metadata set, in words."""
    # inside a union, the limits are wrapped in a field of their own
    flat = [inner for one in metadata for inner in (one.metadata if isinstance(one, FieldInfo) else [one])]
    words = [words.format(getattr(one, name)) for name, words in _LIMITS.items() for one in flat if hasattr(one, name)]
    return "".join(f" {word}" for word in words)


def _choices(annotation: Any) -> list[Any]:
    """Values that the literals in a type name."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [choice for inner in get_args(annotation) for choice in _choices(inner)]
