"""What `yaynay.ask` was given: its arguments, checked, and the table that they describe."""

import operator
import os
from collections.abc import Mapping
from typing import Any, cast

from yaynay.config.datasets import File, Frame
from yaynay.config.messages import nearest_key
from yaynay.data.reading import check_options, read, read_arrays, take_frame
from yaynay.data.table import Table
from yaynay.errors import OptionError

LEAST_ROWS = 20
"""Fewer are no sample of a table."""

_OWN = ("target", "track", "out", "most_rows")
_OF_FILES = ("separator", "header", "encoding", "sheet")
OPTIONS = (
    "features", "drop", "groups", "time", "missing", "na_values", "na_levels", "categories", "dates", "day_first",
    "decimal", "table", *_OF_FILES,
)  # fmt: skip
"""How a table is read, as Python spells it."""


def read_given(data: Any, y: Any, target: Any, options: Mapping[str, Any]) -> tuple[Table, dict[str, Any]]:
    """The table, and where it is from: the group `dataset` of a configuration.

    Args:
        data: As of `yaynay.ask`.
        y: As there.
        target: As there.
        options: Its other keywords.

    Raises:
        DataError: The data cannot be used as they are.
        OptionError: An option is unknown or wrong.
    """
    is_file = isinstance(data, str | os.PathLike)
    _check_names(options, is_file)
    if y is not None:
        _check_alone(y, target, options)
        table = read_arrays(data, y)
        return table, {"name": "frame", "target": table.target}
    _check_target(target)
    given = {"target": target, **{"leave_out" if name == "drop" else name: options[name] for name in options}}
    if is_file:
        file = cast(File, check_options("csv", {**given, "path": os.fspath(data)}))
        return read(file), file.model_dump(exclude_unset=True)
    frame = cast(Frame, check_options("frame", given))
    return take_frame(data, frame), frame.model_dump(exclude_unset=True)


def check_most_rows(number: Any) -> int:
    """A number of rows that networks may be trained on.

    Raises:
        OptionError: It is no whole number, or too small.
    """
    try:
        whole = -1 if isinstance(number, bool) else operator.index(number)
    except TypeError:
        whole = -1
    if whole < LEAST_ROWS:
        raise OptionError(
            f"option 'most_rows': {_show(number)} is not allowed; allowed: a whole number of {LEAST_ROWS} or more; "
            "give one"
        )
    return whole


def check_track(track: Any) -> None:
    """Check that it is True, False or None.

    Raises:
        OptionError: It is something else.
    """
    if not (track is None or track is True or track is False):
        raise OptionError(f"option 'track': {_show(track)} is not allowed; allowed: True, False or None; choose one")


def _check_names(options: Mapping[str, Any], is_file: bool) -> None:
    known = [*_OWN, *(name for name in OPTIONS if is_file or name not in _OF_FILES)]
    for name in options:
        if name in known:
            continue
        meant = nearest_key(name, ["leave_out" if other == "drop" else other for other in known])
        meant = "drop" if meant == "leave_out" else meant
        advice = f"did you mean {meant}?" if meant else "leave it out"
        raise OptionError(f"option {name!r}: unknown; allowed: {', '.join(known)}; {advice}")


def _check_alone(y: Any, target: Any, options: Mapping[str, Any]) -> None:
    """Check that y is no name, and that nothing beside it says what is what."""
    if isinstance(y, str):
        advice = f"did you mean target={y!r}?" if target is None else "leave it out, as there is target"
        raise OptionError(f"option 'y': {_show(y)} is a text; allowed: the target's cells, one for each row; {advice}")
    if target is not None:
        raise OptionError(
            "option 'y': given beside target; allowed: target alone, where data has that column, or y alone, where "
            "data has the features; leave out one of them"
        )
    if options:
        raise OptionError(
            f"option {next(iter(options))!r}: given beside y; allowed: with target, of a DataFrame or a file; put y "
            "into a DataFrame with the features, and name it as target"
        )


def _check_target(target: Any) -> None:
    if target is None:
        raise OptionError("option 'target': none given; allowed: the name of a column, or arrays X and y; give one")
    if isinstance(target, tuple | list):
        raise OptionError(
            f"option 'target': {_show(target)} is no name; allowed: one text; flatten the names of the columns, in "
            "pandas by frame.columns = ['_'.join(map(str, name)) for name in frame.columns]"
        )


def _show(value: Any) -> str:
    """A value on one line, and not too long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
