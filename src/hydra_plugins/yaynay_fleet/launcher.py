"""`hydra/launcher=fleet`: jobs whose networks have one shape train as one fleet."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, configure_log, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from yaynay import extras
from yaynay.errors import OptionError

if TYPE_CHECKING:
    from hydra_plugins.yaynay_fleet.composition import ComposedJob, Composer
    from yaynay.sweep.jobs import Job

ENGINES = ("processes", "ray")
TASK = "yaynay.train"
"""The command whose jobs can share a fleet."""

ConfigStore.instance().store(
    group="hydra/launcher",
    name="fleet",
    provider="yaynay",
    node={
        "_target_": "hydra_plugins.yaynay_fleet.launcher.FleetLauncher",
        "n_jobs": -1,
        "engine": "processes",
        "address": None,
    },
)
_LOG = logging.getLogger(__name__)


class FleetLauncher(Launcher):
    """Composes jobs cheaply, fuses those of one shape, and trains the fleets in worker processes.

    Args:
        n_jobs: Worker processes; -1 is one per processor.
        engine: "processes" on this machine, or "ray".
        address: Of a Ray cluster; None starts one on this machine.

    Raises:
        MachineError: Ray is asked for and not installed.
        OptionError: An argument is out of range.
    """

    composer: "Composer"
    task_function: TaskFunction
    hydra_context: HydraContext

    def __init__(self, n_jobs: int = -1, engine: str = "processes", address: str | None = None) -> None:
        if n_jobs == 0 or n_jobs < -1:
            raise OptionError(
                f"option 'hydra.launcher.n_jobs': {n_jobs}; allowed: 1 or more, or -1 for one per processor"
            )
        if engine not in ENGINES:
            raise OptionError(f"option 'hydra.launcher.engine': '{engine}'; allowed: {', '.join(ENGINES)}")
        if engine == "ray":
            extras.check("ray", "option 'hydra.launcher.engine': 'ray'")
        self.n_jobs, self.engine, self.address = n_jobs, engine, address
        self.prepared: dict[int, list[tuple[ComposedJob, Job]]] = {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra gives.

        Raises:
            OptionError: The task is not training.
        """
        from hydra_plugins.yaynay_fleet.composition import Composer

        if task_function.__module__ != TASK:
            raise OptionError(f"option 'hydra/launcher': 'fleet' trains, as {TASK} does; allowed: basic or joblib here")
        setup_globals()
        self.hydra_context, self.task_function = hydra_context, task_function
        self.composer = Composer(hydra_context.config_loader, config)

    def prepare(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> None:
        """Compose and check a grid before anything is written; `launch` of the same grid uses it."""
        from yaynay.sweep.before import check_jobs
        from yaynay.sweep.jobs import Job

        numbered = enumerate(job_overrides, initial_job_idx)
        composed = [self.composer.compose(overrides, number) for number, overrides in numbered]
        pairs = [(job, Job(job.values, job.overrides)) for job in composed]
        check_jobs(job for _, job in pairs)
        self.prepared[initial_job_idx] = pairs

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs and return each one's value or exception, in order."""
        from yaynay.sweep.run import run_jobs

        if initial_job_idx not in self.prepared:
            self.prepare(job_overrides, initial_job_idx)
        pairs = self.prepared.pop(initial_job_idx)
        hydra = self.composer.master.hydra
        for composed, _ in pairs:
            composed.write_files(hydra.output_subdir)
        wholes = self._start(pairs)
        values = run_jobs([job for _, job in pairs], self.engine, self.n_jobs, self.address)
        common = OmegaConf.masked_copy(self.composer.master, ["hydra"])
        returns = []
        for (composed, _), whole, value in zip(pairs, wholes, values, strict=True):
            returns.append(self._job_return(composed, whole or common, value))
            if whole is not None:
                self._end(whole, returns[-1], value)
        configure_log(hydra.hydra_logging, hydra.verbose)
        return returns

    def _start(self, pairs: "Sequence[tuple[ComposedJob, Job]]") -> list[DictConfig | None]:
        """Start logging and call back; the whole configuration of each job that has a callback or its own log."""
        hydra = self.composer.master.hydra
        has_own_log = "${" in str(OmegaConf.to_container(hydra.job_logging, resolve=False))
        if not has_own_log:
            configure_log(hydra.job_logging, hydra.verbose)
        if not has_own_log and not hydra.callbacks:
            return [None] * len(pairs)
        wholes = [self.composer.load_whole(composed.overrides, composed.number) for composed, _ in pairs]
        for whole in wholes:
            HydraConfig.instance().set_config(whole)
            self.hydra_context.callbacks.on_job_start(config=whole, task_function=self.task_function)
        return [*wholes]

    def _job_return(self, composed: "ComposedJob", hydra_cfg: DictConfig, value: Any) -> JobReturn:
        made = JobReturn(
            overrides=composed.overrides,
            cfg=composed.config,
            hydra_cfg=hydra_cfg,
            working_dir=str(Path.cwd()),
            task_name=self.composer.master.hydra.job.name,
            status=JobStatus.FAILED if isinstance(value, Exception) else JobStatus.COMPLETED,
        )
        made.return_value = value
        return made

    def _end(self, whole: DictConfig, job_return: JobReturn, value: Any) -> None:
        """Log the outcome in the job's own log, and call back."""
        HydraConfig.instance().set_config(whole)
        configure_log(whole.hydra.job_logging, whole.hydra.verbose)
        _LOG.log(logging.ERROR if isinstance(value, Exception) else logging.INFO, "objective: %s", value)
        self.hydra_context.callbacks.on_job_end(config=whole, job_return=job_return)
