"""What the jobs of a running sweep asked for: each leaves an entry, and the end of the sweep takes them all.

Jobs may run in separate processes, so the queue is a folder, `jobs/SWEEP/` of the store, with one file per write.
"""

import shutil
from collections.abc import Sequence
from typing import Any

from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.records.store import Store
from yaynay.storage import digest, read_json, write_json

Entry = dict[str, Any]


def make_entry(key: str, table: Table, plan: Plan, about: dict[str, Any]) -> Entry:
    """The entry of a job that wants the record of this key, on this table and plan."""
    return {"key": key, "table": table.name, "table_sha256": table.sha256, "plan_sha256": plan.sha256} | about


def put(store: Store, sweep: str, entries: Sequence[Entry]) -> None:
    """Add entries of jobs, or of the mistakes that ended them."""
    folder = store.folder / "jobs" / sweep
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{digest(entries)}.json", list(entries))


def take(store: Store, sweep: str) -> list[Entry]:
    """All entries of a sweep, which are removed from the queue."""
    folder = store.folder / "jobs" / sweep
    entries = [entry for path in sorted(folder.glob("*.json")) for entry in read_json(path)]
    shutil.rmtree(folder, ignore_errors=True)
    return entries
