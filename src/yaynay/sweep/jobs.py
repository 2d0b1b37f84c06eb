"""What a command asked for: jobs, their data and keys, and the lines in closed form that come with every table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from yaynay.config.schema import CLOSED_FORMS, Configuration, parse
from yaynay.data import prepare
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import YaynayError, redact
from yaynay.records import job_notes
from yaynay.records.record import record_key
from yaynay.records.store import Store
from yaynay.sweep import fit
from yaynay.sweep.partition import Cell, find_companions


@dataclass(eq=False)
class Job:
    """One composed configuration and its overrides; then its data and its record's key, or why it cannot run.

    A baseline was not asked for: it is the line in closed form that a table's other jobs are compared with.
    `companions` is the digest of the jobs that a job is halved among.
    """

    values: dict[str, Any]
    overrides: list[str]
    is_baseline: bool = False
    table: Table | None = None
    plan: Plan | None = None
    key: str = ""
    companions: str = ""
    error: Exception | None = None

    @cached_property
    def configuration(self) -> Configuration:
        return parse(self.values)


def find_data(job: Job, store: Store) -> None:
    try:
        job.table, job.plan = prepare.load_or_make(job.configuration.dataset, job.configuration.plan)
        fit.check_fit(job.configuration, job.table)
        store.write_table(job.table, job.plan)
    except YaynayError as error:
        job.error = error


def make_baselines(jobs: Sequence[Job]) -> list[Job]:
    """A job for each closed form on each table and plan, unless there is one.

    Its configuration is that of the table's first job with another backend; what the closed form does not use is not
    in its key, so it is trained once.
    """
    by_data: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        assert job.table is not None
        assert job.plan is not None
        by_data.setdefault((job.table.sha256, job.plan.sha256), []).append(job)
    added = []
    for same in by_data.values():
        first, present = same[0], {job.configuration.backend.name for job in same}
        for backend in (name for name in CLOSED_FORMS if name not in present):
            overrides = [word for word in first.overrides if not word.startswith("backend=")]
            values = first.values | {"backend": {"name": backend}}
            job = Job(values, [*overrides, f"backend={backend}"], True, first.table, first.plan)
            job.key = record_key(job.configuration, first.table, first.plan)  # type: ignore[arg-type]  # a job without an error has both
            added.append(job)
    return added


def make_cells(jobs: Iterable[Job]) -> list[Cell]:
    return [(job.configuration, job.table, job.plan) for job in jobs]  # type: ignore[misc]  # both are there without an error


def make_keys(ready: Sequence[Job]) -> None:
    cells = make_cells(ready)
    for job, cell, companions in zip(ready, cells, find_companions(cells), strict=True):
        job.key, job.companions = record_key(*cell, companions), companions


def make_note(job: Job) -> dict[str, Any]:
    """What the end of the command needs to know about a job."""
    if isinstance(job.error, YaynayError):
        return {"error": redact(str(job.error)), "exit_code": job.error.exit_code, "overrides": job.overrides}
    assert job.table is not None
    assert job.plan is not None
    about = {"configuration": job.values, "overrides": job.overrides, "is_baseline": job.is_baseline}
    published = None if job.is_baseline else job.values.get("published")
    return job_notes.make_note(job.key, job.table, job.plan, about | {"published": published})
