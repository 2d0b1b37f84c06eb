"""`hydra/launcher=fleet`: jobs whose networks have one shape train as one fleet."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from yaynay.errors import OptionError

if TYPE_CHECKING:
    from hydra_plugins.yaynay_fleet.composition import Composer, Job
    from yaynay.sweep.run import Planned

ENGINES = ("processes", "ray")

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


class FleetLauncher(Launcher):
    """Composes jobs cheaply, fuses those of one shape, and trains the fleets in worker processes.

    Args:
        n_jobs: Worker processes; -1 is one a core.
        engine: "processes" on this machine, or "ray".
        address: Of a Ray cluster; None starts one on this machine.

    Raises:
        OptionError: One of them is out of range.
    """

    def __init__(self, n_jobs: int = -1, engine: str = "processes", address: str | None = None) -> None:
        if n_jobs == 0 or n_jobs < -1:
            raise OptionError(f"option 'hydra.launcher.n_jobs': {n_jobs}; allowed: 1 or more, or -1 for one a core")
        if engine not in ENGINES:
            raise OptionError(f"option 'hydra.launcher.engine': '{engine}'; allowed: {', '.join(ENGINES)}")
        self.n_jobs, self.engine, self.address = n_jobs, engine, address
        self.config: DictConfig | None = None
        self.task_function: TaskFunction | None = None
        self.hydra_context: HydraContext | None = None
        self.composer: Composer | None = None
        self.planned: dict[int, tuple[list[Job], list[Planned]]] = {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra gives."""
        self.hydra_context, self.task_function, self.config = hydra_context, task_function, config

    def prepare(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> None:
        """Compose and check a grid before anything is written; `launch` of the same grid uses it."""
        from hydra.core.utils import setup_globals

        from hydra_plugins.yaynay_fleet.composition import Composer
        from yaynay.sweep.run import plan_jobs

        assert self.hydra_context is not None
        assert self.config is not None
        setup_globals()
        self.composer = self.composer or Composer(self.hydra_context.config_loader, self.config)
        jobs = [self.composer.compose(list(one), initial_job_idx + place) for place, one in enumerate(job_overrides)]
        self.planned[initial_job_idx] = jobs, plan_jobs([(job.values, job.overrides) for job in jobs])

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs and return each one's value or exception, in order."""
        from hydra_plugins.yaynay_fleet.composition import job_return
        from yaynay.sweep.run import run_jobs

        if initial_job_idx not in self.planned:
            self.prepare(job_overrides, initial_job_idx)
        jobs, planned = self.planned.pop(initial_job_idx)
        assert self.composer is not None
        for job in jobs:
            job.write_files(self.composer.master.hydra.output_subdir, self.composer.hydra_text(job))
        values = run_jobs(planned, self.engine, self.n_jobs, self.address)
        return [job_return(job, value, self.composer) for job, value in zip(jobs, values, strict=True)]
