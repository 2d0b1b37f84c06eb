"""Where tables come from: generators with a known truth, worked examples, libraries, and your own files."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from yaynay.config.datasets import FRAME, FRAME_ADVICE, NAMES, File, Frame, Generated, parse
from yaynay.data.names import stem_name
from yaynay.data.sources import bundled, generated, worked
from yaynay.data.table import Table
from yaynay.errors import OptionError
from yaynay.storage import find_root

__all__ = ["NAMES", "file_path", "make", "table_name"]


def table_name(options: Mapping[str, Any]) -> str:
    """Name of a table, and of its folders, kept distinct from the built-in tables.

    It is what the options call `table`, or else a file's stem, or `frame`.

    >>> table_name({"name": "csv", "path": "mine/sine.csv"}), table_name({"name": "sine"})
    ('sine-file', 'sine')
    >>> table_name({"name": "csv", "path": "mine/sine.csv", "table": "waves"})
    'waves'
    """
    kind = str(options["name"])
    if kind not in ("csv", FRAME):
        return kind
    name = options.get("table") or (kind if kind == FRAME else stem_name(options["path"]))
    return f"{name}-{'file' if kind == 'csv' else kind}" if name.lower() in NAMES else name


def file_path(path: str) -> Path:
    """Where a table's file is: a relative path starts at the project's folder, wherever the command runs."""
    start = _start()
    return Path(path) if start is None else start / path


def _start() -> Path | None:
    """Where relative paths start, unless that is the current folder."""
    root = find_root()
    return None if root == Path.cwd() else root


def make(options: Mapping[str, Any]) -> Table:
    """The table that the configuration group `dataset` describes.

    Args:
        options: The group's keys, resolved; `name` says which table.

    Raises:
        OptionError: A key is unknown, missing or out of range; or the table was a DataFrame, which is not kept.
        DataError: A file cannot be used as it is.

    Example:
        >>> make({"name": "pytorch_line"}).y.tolist()
        [2.0, 4.0, 6.0]
    """
    checked = parse(options)
    keys = checked.model_dump()
    if isinstance(checked, File):
        from yaynay.data.locations import check_file
        from yaynay.data.reading import read

        table = read(checked.model_copy(update={"path": str(check_file(checked.path, _start()))}))
        name = table_name(keys)
        return table if table.name == name else replace(table, name=name)
    if isinstance(checked, Frame):
        raise OptionError(FRAME_ADVICE)
    if isinstance(checked, Generated):
        return generated.draw(**keys)
    tables = {**worked.TABLES, **bundled.TABLES}
    return tables[checked.name]()
