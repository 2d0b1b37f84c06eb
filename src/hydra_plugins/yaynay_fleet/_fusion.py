"""Jobs -> fleets -> records; each job gets its own record, value or exception."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn, JobStatus, setup_globals
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.yaynay_fleet import _engines
from hydra_plugins.yaynay_fleet._composition import Composer, Job
from yaynay import command, tables, training
from yaynay.backends import base
from yaynay.errors import YaynayError
from yaynay.plan import Plan
from yaynay.progress import SweepProgress
from yaynay.records import Record, Store
from yaynay.schema import Configuration, parse
from yaynay.slices import Slice, cut
from yaynay.table import Table
from yaynay.tracking.writer import Writer

if TYPE_CHECKING:
    from hydra_plugins.yaynay_fleet.launcher import FleetLauncher

Engine = Callable[[Sequence[Slice], Store], Iterator[_engines.Outcome]]


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
        MachineError: A backend is not installed, or a GPU is asked for and is not there.
        OptionError: A value is out of range, or a key is unknown, in any of the jobs.
    """
    assert launcher.hydra_context is not None
    assert launcher.config is not None
    setup_globals()
    launcher.composer = launcher.composer or Composer(launcher.hydra_context.config_loader, launcher.config)
    jobs = [launcher.composer.compose(list(one), first + place) for place, one in enumerate(job_overrides)]
    planned = [Planned(job, parse(job.values)) for job in jobs]
    for backend, accelerator in {
        (one.configuration.backend.name, one.configuration.trainer.accelerator) for one in planned
    }:
        base.check(backend, accelerator)
    return planned


def launch(launcher: "FleetLauncher", planned: list[Planned]) -> list[JobReturn]:
    """Train what has no record yet, and return what each job promises."""
    store, name = Store.default(), os.environ[command.SWEEP]
    assert launcher.composer is not None
    hydra_conf = launcher.composer.master.hydra
    for one in planned:
        one.job.write_files(hydra_conf.output_subdir, launcher.composer.hydra_text(one.job))
        _find_data(one, store)
    notes = [_note(one) for one in planned]
    ready = [one for one in planned if one.error is None]
    if any(not store.has(one.key) for one in ready):
        with _engine(launcher) as (engine, n_workers):  # before anything in MLflow says that a sweep runs
            sweeps = store.write_sweeps([note for note in notes if "key" in note], {"started_at": time.time()})
            with Writer(sweeps, ready[0].configuration.tracking.experiment) as writer:
                errors = _train(engine, n_workers, store, ready, writer)
        for one in ready:
            one.error = errors.get(one.key)
    elif ready:
        print(f"0 configurations trained, {len(ready)} had a record")
    store.note_jobs(name, notes)
    hydra_text = launcher.composer.hydra_text
    return [_job_return(one, store, hydra_conf.job.name, hydra_text) for one in planned]


def _find_data(one: Planned, store: Store) -> None:
    try:
        one.table, one.plan = tables.load_or_make(one.configuration.dataset, one.configuration.plan)
        training.check_fit(one.configuration, one.table)
        store.write_table(one.table, one.plan)
        one.key = training.record_key(one.configuration, one.table, one.plan)
    except YaynayError as error:
        one.error = error


def _note(one: Planned) -> dict[str, Any]:
    """What the end of the command needs to know of a job."""
    if one.error is not None or one.table is None or one.plan is None:
        code = one.error.exit_code if isinstance(one.error, YaynayError) else 1
        return {"error": str(one.error), "exit_code": code, "overrides": one.job.overrides}
    about = {"configuration": one.job.values, "overrides": one.job.overrides}
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
def _engine(launcher: "FleetLauncher") -> Iterator[tuple[Engine, int]]:
    """What trains slices, and how many of them at once."""
    if launcher.engine == "ray":
        from hydra_plugins.yaynay_fleet import _ray

        with _ray.connect(launcher.address, launcher.n_jobs) as cluster:
            yield cluster.run, cluster.n_workers
        return
    n_workers = (os.cpu_count() or 1) if launcher.n_jobs < 1 else launcher.n_jobs
    yield partial(_engines.run, n_workers=n_workers), n_workers


def _write_failure(one: Planned, error: Exception, store: Store) -> Record:
    assert one.table is not None
    assert one.plan is not None
    record = training.failed(one.configuration, one.table, one.plan, error)
    store.write_failure(record)
    return record


class _FusedReturn(JobReturn):
    """A return whose `cfg` and `hydra_cfg` are made when somebody asks: making them takes as long as a job's start."""

    values: dict[str, Any]
    hydra_text: Callable[[], str]

    @property
    def cfg(self) -> DictConfig | None:
        return OmegaConf.create(self.values)

    @cfg.setter
    def cfg(self, value: DictConfig | None) -> None:
        """The base class sets its default."""

    @property
    def hydra_cfg(self) -> DictConfig | None:
        hydra_cfg = OmegaConf.create(self.hydra_text())
        assert isinstance(hydra_cfg, DictConfig)
        return hydra_cfg

    @hydra_cfg.setter
    def hydra_cfg(self, value: DictConfig | None) -> None:
        """As for `cfg`."""


def _job_return(one: Planned, store: Store, task_name: str, hydra_text: Callable[[Job], str]) -> JobReturn:
    value: Any = one.error or training.objective(store.read_scores(one.key))
    made = _FusedReturn(
        overrides=one.job.overrides,
        working_dir=str(Path.cwd()),
        task_name=task_name,
        status=JobStatus.COMPLETED if one.error is None else JobStatus.FAILED,
        _return_value=value,
    )
    made.values, made.hydra_text = one.job.values, partial(hydra_text, one.job)
    return made
