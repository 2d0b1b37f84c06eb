"""Jobs -> fleets -> records, in worker processes; each job gets its own record, value or exception."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn, JobStatus, setup_globals
from joblib import Parallel, delayed
from omegaconf import OmegaConf

from hydra_plugins.yaynay_fleet.composition import Composer, Job
from yaynay import command, tables, training
from yaynay.errors import YaynayError
from yaynay.plan import Plan
from yaynay.progress import SweepProgress
from yaynay.records import Record, Store
from yaynay.schema import Configuration, parse
from yaynay.slices import Slice, cut
from yaynay.table import Table

if TYPE_CHECKING:
    from hydra_plugins.yaynay_fleet.launcher import FleetLauncher


@dataclass(eq=False)
class Planned:
    """A job with what it needs: its configuration, data and record's key; or why it cannot run."""

    job: Job
    configuration: Configuration
    table: Table | None = None
    plan: Plan | None = None
    key: str = ""
    error: Exception | None = None


def prepare(launcher: "FleetLauncher", job_overrides: Sequence[Sequence[str]], first: int) -> list[Planned]:
    """Compose and check every job of a grid, before anything is written.

    Raises:
        OptionError: A value is out of range, or a key is unknown, in any of the jobs.
    """
    assert launcher.hydra_context is not None
    assert launcher.config is not None
    setup_globals()
    launcher.composer = launcher.composer or Composer(launcher.hydra_context.config_loader, launcher.config)
    jobs = [launcher.composer.compose(list(one), first + place) for place, one in enumerate(job_overrides)]
    return [Planned(job, parse(job.values)) for job in jobs]


def launch(launcher: "FleetLauncher", planned: list[Planned]) -> list[JobReturn]:
    """Train what has no record yet, and return what each job promises."""
    store, sweep = Store.default(), os.environ[command.SWEEP]
    assert launcher.composer is not None
    hydra_conf = launcher.composer.master.hydra
    for one in planned:
        one.job.write_files(hydra_conf.output_subdir, launcher.composer.hydra_text(one.job))
        _find_data(one, store)
    _note(store, sweep, planned)
    waiting = {one.key: one for one in planned if one.error is None and not store.has(one.key)}
    slices = cut([(one.configuration, one.table, one.plan) for one in waiting.values()], _n_workers(launcher.n_jobs))  # type: ignore[misc]  # both are set where there is no error
    errors = _train(store, slices, _n_workers(launcher.n_jobs), n_done=len(planned) - len(waiting))
    for one in planned:
        one.error = one.error or errors.get(one.key)
    for one in planned:
        if one.error is not None and one.key in errors:
            _note_mistake(store, sweep, one)
    return [_job_return(one, store, hydra_conf.job.name) for one in planned]


def _find_data(one: Planned, store: Store) -> None:
    try:
        one.table, one.plan = tables.load_or_make(one.configuration.dataset, one.configuration.plan)
        training.check_fit(one.configuration, one.table)
        store.write_table(one.table, one.plan)
        one.key = training.record_key(one.configuration, one.table, one.plan)
    except YaynayError as error:
        one.error = error


def _note(store: Store, sweep: str, planned: list[Planned]) -> None:
    notes = []
    for one in planned:
        if one.error is not None:
            _note_mistake(store, sweep, one)
        elif one.table is not None and one.plan is not None:
            about = {"configuration": one.job.values, "overrides": one.job.overrides}
            notes.append(store.job_note(one.key, one.table, one.plan, about))
    store.note_jobs(sweep, notes)


def _note_mistake(store: Store, sweep: str, one: Planned) -> None:
    code = one.error.exit_code if isinstance(one.error, YaynayError) else 1
    store.note_mistake(sweep, {"error": str(one.error), "exit_code": code, "overrides": one.job.overrides})


def _n_workers(n_jobs: int) -> int:
    return (os.cpu_count() or 1) if n_jobs < 1 else n_jobs


def _train(store: Store, slices: list[Slice], n_workers: int, n_done: int) -> dict[str, Exception]:
    """Exceptions by record key; every other job of the slices has a record afterwards."""
    errors: dict[str, Exception] = {}
    n_jobs = sum(len(one.configurations) for one in slices)
    with SweepProgress(n_jobs, n_done) as progress:
        for records, failures in _results(store, slices, min(n_workers, len(slices))):
            errors |= failures
            progress.add(records, len(failures))
    return errors


def _results(store: Store, slices: list[Slice], n_workers: int) -> Iterator[tuple[list[Record], dict[str, Exception]]]:
    if n_workers <= 1:  # a worker process would only start the libraries once more
        yield from (train_slice(str(store.folder), one) for one in slices)
        return
    workers = Parallel(
        n_jobs=n_workers, backend="loky", return_as="generator_unordered", pre_dispatch="all", batch_size=1
    )
    yield from workers(delayed(train_slice)(str(store.folder), one) for one in slices)


def train_slice(folder: str, part: Slice) -> tuple[list[Record], dict[str, Exception]]:
    """Train one slice and write its records; what goes wrong is returned by record key.

    Returns:
        The records without their arrays, which stay on disk, and the exceptions.
    """
    store = Store.at(folder)
    table, plan = store.read_table(part.plan_sha256, part.table_sha256)
    try:
        records = training.train(part.configurations, table, plan)
    except Exception as error:  # any of a library's; the other slices go on, and the sweep lists it
        keys = [training.record_key(one, table, plan) for one in part.configurations]
        return [], dict.fromkeys(keys, error)
    for record in records:
        store.write(record)
    return [record.without_arrays() for record in records], {}


def _job_return(one: Planned, store: Store, task_name: str) -> JobReturn:
    error: Any = one.error
    value = None
    if error is None:
        record = store.read_scores(one.key)
        value = training.objective(record)
    return JobReturn(
        overrides=one.job.overrides,
        cfg=OmegaConf.create(one.job.values),
        working_dir=str(Path.cwd()),
        task_name=task_name,
        status=JobStatus.COMPLETED if error is None else JobStatus.FAILED,
        _return_value=value if error is None else error,
    )
