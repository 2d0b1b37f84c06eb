"""The columns of a file with what they hold, for a user who is to choose one."""

from pathlib import Path
from typing import Any

from yaynay.data.cells import RawColumn, RawTable
from yaynay.data.containers import READABLE, recognise, unpack
from yaynay.data.formats import read_typed
from yaynay.data.numerals import parse_numerals
from yaynay.data.parsing import read_text
from yaynay.errors import DataError

_MOST_SHOWN = 3
"""Levels of a text column that are shown."""
_TYPED = {"days": "date", "hours": "time"}


def list_columns(path: Path, separator: str | None = None, header: bool | None = None, **_: Any) -> dict[str, str]:
    """What each column of a file holds, in a few words, by name.

    Args:
        path: The file.
        separator: As in `config.datasets.File`.
        header: As there.

    Raises:
        DataError: The file cannot be read.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; give the path of a table")
    try:
        raw = _read(path, separator, header)
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise DataError(f"{path}: cannot be read ({reason}); {READABLE} are read") from error
    return {name: _describe(column) for name, column in raw.columns.items()}


def _read(path: Path, separator: str | None, header: bool | None) -> RawTable:
    source = unpack(path)
    form = recognise(source)
    if form == "text":
        return read_text(source, _all, target="", separator=separator, has_header=header)
    return read_typed(source, form, _all)


def _all(names: Any) -> list[int]:
    return list(range(len(names)))


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
