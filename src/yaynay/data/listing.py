"""The columns of a file with what they hold, for a user who is to choose one."""

from pathlib import Path
from typing import Any, cast

from yaynay.config.datasets import File
from yaynay.data.assembling import take_out
from yaynay.data.cells import RawColumn
from yaynay.data.numerals import parse_numerals
from yaynay.data.reading import check_options, take_apart

_MOST_SHOWN = 3
"""Levels of a text column that are shown."""
_TYPED = {"days": "date", "hours": "time"}


def list_columns(path: Path, **options: Any) -> dict[str, str]:
    """What each column of a file holds, in a few words, by name.

    Args:
        path: The file.
        options: Any of the keys of `config.datasets.File`; no target is needed.

    Raises:
        DataError: The file cannot be read.
        OptionError: An option is wrong.
        MachineError: The package that reads this kind of file is not installed.
    """
    checked = cast(File, check_options("csv", {"target": "", **options, "path": str(path)}))
    raw = take_apart(checked, lambda names: list(range(len(names))))
    take_out(raw, checked)
    return {name: _describe(column) for name, column in raw.columns.items()}


def _describe(column: RawColumn) -> str:
    n_missing = sum(column.missing.values())
    missing = f", {n_missing} missing" if n_missing else ""
    if column.unusable:
        return column.unusable
    if column.numbers is not None:
        return f"{_TYPED.get(column.kind, 'number')}{missing}"
    assert column.texts is not None  # noqa: S101 - one of both is there
    levels = column.texts.levels
    if column.kind == "" and parse_numerals(levels) is not None:
        return f"number{missing}"
    shown = ", ".join(repr(level if len(level) <= 20 else f"{level[:17]}...") for level in levels[:_MOST_SHOWN])
    more = ", ..." if len(levels) > _MOST_SHOWN else ""
    return f"text, {len(levels)} different: {shown}{more}{missing}"
