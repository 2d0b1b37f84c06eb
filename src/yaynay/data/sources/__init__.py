"""Where tables come from: generators with a known truth, worked examples, libraries, and your own files."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from yaynay.config.datasets import NAMES, File, Generated, parse
from yaynay.data.names import table_name as stem_of
from yaynay.data.sources import bundled, generated, worked
from yaynay.data.table import Table
from yaynay.storage import find_root

__all__ = ["NAMES", "file_path", "make", "table_name"]


def table_name(options: Mapping[str, Any]) -> str:
    """Name of a table, and of its folders: a file's `table` or else stem, kept distinct from the built-in tables.

    >>> table_name({"name": "csv", "path": "mine/sine.csv"}), table_name({"name": "sine"})
    ('sine-file', 'sine')
    >>> table_name({"name": "csv", "path": "mine/sine.csv", "table": "waves"})
    'waves'
    """
    if options["name"] != "csv":
        return str(options["name"])
    name = options.get("table") or stem_of(options["path"])
    return f"{name}-file" if name.lower() in NAMES else name


def file_path(path: str) -> Path:
    """Where a table's file is: a relative path starts at the project's folder, wherever the command runs."""
    root = find_root()
    return Path(path) if root == Path.cwd() else root / path


def make(options: Mapping[str, Any]) -> Table:
    """The table that the configuration group `dataset` describes.

    Args:
        options: The group's keys, resolved; `name` says which table.

    Raises:
        OptionError: A key is unknown, missing or out of range.
        DataError: A file cannot be used as it is.

    Example:
        >>> make({"name": "pytorch_line"}).y.tolist()
        [2.0, 4.0, 6.0]
    """
    checked = parse(options)
    keys = checked.model_dump()
    if isinstance(checked, File):
        from yaynay.data.reading import read_file

        options_of_file = {key: value for key, value in keys.items() if key not in ("name", "table", "path")}
        table = read_file(file_path(checked.path), **options_of_file)
        name = table_name(keys)
        return table if table.name == name else replace(table, name=name)
    if isinstance(checked, Generated):
        return generated.draw(**keys)
    tables = {**worked.TABLES, **bundled.TABLES}
    return tables[checked.name]()
