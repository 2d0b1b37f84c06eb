"""What the jobs of a running sweep asked for: each leaves a note, and the end of the sweep takes them all.

Jobs may run in separate processes, so notes are files in a folder, `jobs/SWEEP/` of the store, one per write.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.records import readings
from yaynay.records.store import Store
from yaynay.storage import digest, read_json, write_json

Note = dict[str, Any]


def make_note(key: str, table: Table, plan: Plan, about: dict[str, Any]) -> Note:
    """The note of a job that wants the record of this key, on this table and plan."""
    note = {"key": key, "table": table.name, "table_sha256": table.sha256, "plan_sha256": plan.sha256}
    reading = readings.describe(table)
    return note | ({"reading": reading} if reading else {}) | about


def put(store: Store, sweep: str, notes: Sequence[Note], owner: str = "") -> None:
    """Add notes of jobs, or of the mistakes that ended them.

    Args:
        store: The project's.
        sweep: Its name.
        notes: What to add.
        owner: The process that will take them, for `remove_abandoned`.
    """
    folder = store.folder / "jobs" / sweep
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{digest(notes)}.json", {"owner": owner, "notes": list(notes)})


def take(store: Store, sweep: str) -> list[Note]:
    """All notes of a sweep, which are removed from the folder."""
    folder = store.folder / "jobs" / sweep
    notes = [note for path in sorted(folder.glob("*.json")) for note in read_json(path)["notes"]]
    shutil.rmtree(folder, ignore_errors=True)
    return notes


def remove_abandoned(store: Store, is_dead: Callable[[str], bool]) -> None:
    """Remove the notes that nobody will take: those whose owners have all ended, as in an interrupted sweep."""
    for folder in (store.folder / "jobs").glob("*/"):
        owners = [_read_owner(path) for path in folder.glob("*.json")]
        if owners and all(owner is None or is_dead(owner) for owner in owners):
            shutil.rmtree(folder, ignore_errors=True)


def _read_owner(path: Path) -> str | None:
    """None in notes of an earlier version, or where they have just been taken."""
    try:
        return str(read_json(path)["owner"])
    except (OSError, TypeError):
        return None
