"""What was said of a file when it was read. It belongs to a sweep: one content may be read from different files."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from yaynay.data.table import Table
from yaynay.storage import digest

Reading = dict[str, Any]
_SAID = ("notes", "remarks", "doubts")


def describe(table: Table) -> Reading:
    """What to keep of a table's reading, ready for JSON; nothing where it was not read from a file or frame."""
    if not table.reading:
        return {}
    return {name: list(getattr(table, name)) for name in _SAID} | {"n_dropped": table.n_dropped}


def find(notes: Iterable[Mapping[str, Any]]) -> dict[str, Reading]:
    """The reading that notes of jobs on one table have, under its key; of several the same one in any order."""
    readings = sorted((note["reading"] for note in notes if note.get("reading")), key=digest)
    return {"reading": readings[0]} if readings else {}


def restore(table: Table, about: Mapping[str, Any]) -> Table:
    """The table with what a sweep's own reading said of it, instead of the first one's with this content."""
    if not (reading := about.get("reading")):
        return table
    said: dict[str, Any] = {name: tuple(reading[name]) for name in _SAID}
    return replace(table, **said, n_dropped=reading["n_dropped"])
