"""What a run leaves on disk. Records are the truth; MLflow, verdicts and reports are written from them.

A store is a folder with three kinds of folders, each written aside and moved into place:

    runs/KEY/       record.json  arrays.safetensors  weights.safetensors  run.json
    tables/DIGESTS/ table.parquet  plan.parquet  card.json
    sweeps/KEY/     sweep.json

each with checksums in digests.json, and `failures/KEY.json` for a run that ended without a record, until it has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from yaynay.data.plan import Plan, load_plan, write_plan
from yaynay.data.table import Table
from yaynay.data.table_files import load_table, write_table
from yaynay.records import readings
from yaynay.records.folders import readable, with_checksums
from yaynay.records.record import Record
from yaynay.storage import (
    digest,
    find_root,
    read_arrays,
    read_json,
    read_with_digest,
    write_arrays,
    write_json,
    write_with_digest,
)


class Store:
    """A folder of records.

    Args:
        folder: Where; made when something is first written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[tuple[str, str], tuple[Table, Plan]] = {}

    @classmethod
    def default(cls) -> "Store":
        """`records/` of the project."""
        return cls(find_root() / "records")

    def path(self, key: str) -> Path:
        return self.folder / "runs" / key

    def has(self, key: str) -> bool:
        """Whether this run has a record, which is there whole or not at all."""
        return (self.path(key) / "record.json").is_file()

    def write(self, record: Record) -> None:
        """Add a record; an existing one stays."""
        with with_checksums(self.path(record.key)) as folder:
            content = {name: getattr(record, name) for name in _RECORD_FIELDS}
            write_json(folder / "record.json", content)
            write_json(folder / "run.json", record.run)
            write_arrays(folder / "arrays.safetensors", record.arrays)
            write_arrays(folder / "weights.safetensors", record.weights)

    def read(self, key: str) -> Record:
        """Read a record with its arrays and weights.

        Raises:
            DataError: It is missing or damaged.
        """
        folder = self.path(key)
        with readable(folder):
            arrays, weights = (read_arrays(folder / f"{name}.safetensors") for name in ("arrays", "weights"))
            return replace(self.read_scores(key), arrays=arrays, weights=weights)

    def read_scores(self, key: str) -> Record:
        """Read a record without its arrays and weights.

        Raises:
            DataError: It is missing or damaged.
        """
        folder = self.path(key)
        with readable(folder):
            return Record(**read_json(folder / "record.json"), run=read_json(folder / "run.json"))

    def write_failure(self, record: Record) -> None:
        """Write down why a run has no record."""
        content = {name: getattr(record, name) for name in (*_RECORD_FIELDS, "run")}
        write_with_digest(self.failure_path(record.key), content)

    def failure_path(self, key: str) -> Path:
        return self.folder / "failures" / f"{key}.json"

    def read_ended(self, key: str) -> Record | None:
        """The record of a run, or of its failure; None for one that has not ended."""
        if self.has(key):
            return self.read(key)
        path = self.failure_path(key)
        if not path.is_file():
            return None
        with readable(path):
            return Record(**read_with_digest(path))

    def read_ended_scores(self, key: str) -> Record | None:
        """As `read_ended`, without arrays and weights."""
        return self.read_scores(key) if self.has(key) else self.read_ended(key)

    def write_table(self, table: Table, plan: Plan) -> None:
        """Keep the table and plan that runs were trained on."""
        self._tables[plan.sha256, table.sha256] = (table, plan)
        path = self.table_path(plan.sha256, table.sha256)
        if path.is_dir():
            return
        with with_checksums(path) as folder:
            write_table(table, folder, plan_sha256=plan.sha256)
            write_plan(plan, folder / "plan.parquet")

    def table_path(self, plan_sha256: str, table_sha256: str) -> Path:
        """Folder of a table and its plan."""
        return self.folder / "tables" / f"{table_sha256[:20]}-{plan_sha256[:20]}"

    def read_table(self, plan_sha256: str, table_sha256: str) -> tuple[Table, Plan]:
        """The table and plan of a record, checked against their digests.

        Raises:
            DataError: It is missing or changed.
        """
        key = (plan_sha256, table_sha256)
        if key not in self._tables:
            folder = self.table_path(plan_sha256, table_sha256)
            self._tables[key] = (load_table(folder), load_plan(folder / "plan.parquet"))
        return self._tables[key]

    def write_sweeps(self, jobs: Sequence[dict[str, Any]], about: dict[str, Any]) -> list["Sweep"]:
        """Note which runs one command needs, a sweep per table and plan.

        The same runs, asked for alike, with the same published figures and the same said of the table, are one sweep.

        Args:
            jobs: Notes of jobs.
            about: What else to write down of a sweep that is new.
        """
        by_data: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for job in jobs:
            by_data.setdefault(tuple(job[name] for name in _OF_DATA), []).append(job)
        asked = {job["key"] for job in jobs if not job.get("is_baseline")}
        return [self._write_sweep(same, asked, about) for _, same in sorted(by_data.items())]

    def _write_sweep(self, jobs: list[dict[str, Any]], asked: set[str], about: dict[str, Any]) -> "Sweep":
        runs = {job["key"]: job.get("published") for job in jobs}
        content: dict[str, Any] = {name: jobs[0][name] for name in _OF_DATA} | readings.find(jobs)
        content |= {"runs": sorted(runs), "baselines": sorted(runs.keys() - asked)}
        if published := {key: figures for key, figures in sorted(runs.items()) if figures}:
            content["published"] = published
        path = self.folder / "sweeps" / digest(content)
        if not path.is_dir():
            with with_checksums(path) as folder:
                write_json(folder / "sweep.json", content | about)
        return Sweep(self, path)

    def sweeps(self) -> list["Sweep"]:
        """All sweeps, oldest first."""
        found = [Sweep(self, path) for path in (self.folder / "sweeps").glob("*") if path.is_dir()]
        return sorted(found, key=lambda sweep: (sweep.started_at, sweep.key))


@dataclass(frozen=True)
class Sweep:
    """The runs that one command asked for on one table, and its baselines: the table's lines in closed form."""

    store: Store
    path: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        with readable(self.path):
            return read_json(self.path / "sweep.json")

    @property
    def key(self) -> str:
        return self.path.name

    @property
    def table_name(self) -> str:
        return self.about["table"]

    @property
    def baselines(self) -> frozenset[str]:
        """Keys of the runs that were not asked for."""
        return frozenset(self.about.get("baselines", ()))

    @property
    def n_configurations(self) -> int:
        """Runs that were asked for."""
        return len(self.about["runs"]) - len(self.baselines)

    @property
    def started_at(self) -> float:
        """[seconds since 1970]"""
        return self.about["started_at"]

    def records(self) -> list[Record]:
        """Records of the sweep that have ended, lines first, then by name."""
        found = [record for key in self.about["runs"] if (record := self.store.read_ended(key)) is not None]
        return sorted(found, key=lambda record: (record.parsed.is_network, record.name, record.key))

    def has_ended_runs(self) -> bool:
        """Whether any of its runs ended: a sweep that was killed early has none."""
        return any(self.store.has(key) or self.store.failure_path(key).is_file() for key in self.about["runs"])

    @property
    def is_whole(self) -> bool:
        """Whether every run of it ended; a sweep that was interrupted, or still runs, is not."""
        store = self.store
        return all(store.has(key) or store.failure_path(key).is_file() for key in self.about["runs"])

    def unscored(self) -> list[Record]:
        """Runs that diverged or failed, without arrays."""
        ended = map(self.store.read_ended_scores, self.about["runs"])
        return [record for record in ended if record is not None and record.status != "finished"]

    def data(self) -> tuple[Table, Plan]:
        """The table and plan that all runs share; what is said of the table is from its own reading."""
        return self._data

    @cached_property
    def _data(self) -> tuple[Table, Plan]:
        table, plan = self.store.read_table(self.about["plan_sha256"], self.about["table_sha256"])
        return readings.restore(table, self.about), plan


_OF_DATA = ("table", "table_sha256", "plan_sha256")
_RECORD_FIELDS = ("key", "status", "configuration", "table", "plan", "scores", "reason", "line")
