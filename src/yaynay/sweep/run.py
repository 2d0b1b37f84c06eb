"""Jobs -> fleets -> records; each job gets its own record, value or exception."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from yaynay.config.schema import Configuration, parse
from yaynay.data import prepare
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import YaynayError
from yaynay.models.backends import base
from yaynay.records.record import Record
from yaynay.records.store import Store
from yaynay.sweep import SWEEP, fit, workers
from yaynay.sweep.progress import SweepProgress
from yaynay.sweep.slices import Slice, cut
from yaynay.tracking.live import Writer
from yaynay.verdict.selection import selection_score

Engine = Callable[[Sequence[Slice], Store], Iterator[workers.Outcome]]


@dataclass(eq=False)
class Planned:
    """A job with what it needs: its configuration, data and record's key; or why it cannot run."""

    values: dict[str, Any]
    overrides: list[str]
    configuration: Configuration
    table: Table | None = None
    plan: Plan | None = None
    key: str = ""
    error: Exception | None = None


def plan_jobs(jobs: Sequence[tuple[dict[str, Any], list[str]]]) -> list[Planned]:
    """Check every job of a grid, before anything is written.

    Args:
        jobs: Each one's composed configuration and overrides.

    Raises:
        MachineError: A backend is not installed, or a GPU is asked for and is not there.
        OptionError: A value is out of range, or a key is unknown, in any of the jobs.
    """
    planned = [Planned(values, overrides, parse(values)) for values, overrides in jobs]
    for backend, accelerator in {
        (one.configuration.backend.name, one.configuration.trainer.accelerator) for one in planned
    }:
        base.check(backend, accelerator)
    return planned


def run_jobs(planned: list[Planned], engine: str, n_jobs: int, address: str | None) -> list[Any]:
    """Train what has no record yet, and give each job's objective or exception."""
    store = Store.default()
    for one in planned:
        _find_data(one, store)
    notes = [_note(one) for one in planned]
    ready = [one for one in planned if one.error is None]
    if any(not store.has(one.key) for one in ready):
        with _engine(engine, n_jobs, address) as (train, n_workers):  # before MLflow says that a sweep runs
            sweeps = store.write_sweeps([note for note in notes if "key" in note], {"started_at": time.time()})
            with Writer(sweeps, ready[0].configuration.tracking.experiment) as writer:
                errors = _train(train, n_workers, store, ready, writer)
        for one in ready:
            one.error = errors.get(one.key)
    elif ready:
        print(f"0 configurations trained, {len(ready)} had a record")
    store.note_jobs(os.environ[SWEEP], notes)
    return [one.error or selection_score(store.read_scores(one.key)) for one in planned]


def _find_data(one: Planned, store: Store) -> None:
    try:
        one.table, one.plan = prepare.load_or_make(one.configuration.dataset, one.configuration.plan)
        fit.check_fit(one.configuration, one.table)
        store.write_table(one.table, one.plan)
        one.key = fit.record_key(one.configuration, one.table, one.plan)
    except YaynayError as error:
        one.error = error


def _note(one: Planned) -> dict[str, Any]:
    """What the end of the command needs to know of a job."""
    if one.error is not None or one.table is None or one.plan is None:
        code = one.error.exit_code if isinstance(one.error, YaynayError) else 1
        return {"error": str(one.error), "exit_code": code, "overrides": one.overrides}
    about = {"configuration": one.values, "overrides": one.overrides}
    return Store.job_note(one.key, one.table, one.plan, about)


def _train(engine: Engine, n_workers: int, store: Store, ready: list[Planned], writer: Writer) -> dict[str, Exception]:
    """Exceptions by record key; every other job has a record afterwards."""
    by_key = {one.key: one for one in ready}
    waiting = {key: one for key, one in by_key.items() if not store.has(key)}
    slices = cut([(one.configuration, one.table, one.plan) for one in waiting.values()], n_workers)  # type: ignore[misc]  # both are there without an error
    errors: dict[str, Exception] = {}
    writer.add(store.read_scores(key) for key in by_key.keys() - waiting.keys())
    with SweepProgress(len(waiting), n_done=len(ready) - len(waiting)) as progress:
        for records, failures in engine(slices, store):
            failed = [_write_failure(by_key[key], error, store) for key, error in failures.items()]
            errors |= failures
            writer.add([*records, *failed])
            progress.add([*records, *failed])
    return errors


@contextmanager
def _engine(engine: str, n_jobs: int, address: str | None) -> Iterator[tuple[Engine, int]]:
    """What trains slices, and how many of them at once."""
    if engine == "ray":
        from yaynay.sweep import ray_cluster

        with ray_cluster.connect(address, n_jobs) as cluster:
            yield cluster.run, cluster.n_workers
        return
    n_workers = (os.cpu_count() or 1) if n_jobs < 1 else n_jobs
    yield partial(workers.run, n_workers=n_workers), n_workers


def _write_failure(one: Planned, error: Exception, store: Store) -> Record:
    assert one.table is not None
    assert one.plan is not None
    record = fit.failed(one.configuration, one.table, one.plan, error)
    store.write_failure(record)
    return record
