"""`hydra/sweeper=fleet`: a grid or a search, made without composing each job to see whether it composes."""

from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.yaynay_fleet.grid import read

ConfigStore.instance().store(
    group="hydra/sweeper",
    name="fleet",
    provider="yaynay",
    node={
        "_target_": "hydra_plugins.yaynay_fleet.sweeper.FleetSweeper",
        "max_batch_size": None,
        "params": None,
        "also": None,
        "n_trials": None,
        "seed": 0,
    },
)


class FleetSweeper(Sweeper):
    """Expands `key=a,b` as Hydra's basic sweeper does, or draws trials at random; the launcher checks the jobs.

    A job's exception stays in its `JobReturn`, so that one failure hides no other.

    Args:
        max_batch_size: Jobs launched together; None is all.
        params: What is swept unless the command line says otherwise.
        also: What replaces keys of `params` in a second grid, whose jobs are added; a key of it on the command line
            drops the second grid.
        n_trials: Draw this many jobs at random, also from intervals; None takes every combination.
        seed: Same seed, same trials; a longer search begins with the trials of a shorter one.
    """

    def __init__(
        self,
        max_batch_size: int | None = None,
        params: dict[str, str] | None = None,
        also: dict[str, str] | None = None,
        n_trials: int | None = None,
        seed: int = 0,
    ) -> None:
        self.max_batch_size = max_batch_size
        self.options = {"params": params, "also": also, "n_trials": n_trials, "seed": seed}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Make the launcher."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Launch every job and return what the jobs returned, batch by batch."""
        assert self.config is not None
        assert self.hydra_context is not None
        assert self.launcher is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        given: Any = OmegaConf.to_container(self.config.hydra.overrides.hydra, resolve=False)
        jobs = read(parser, self.options, arguments, given).jobs()
        size = self.max_batch_size or len(jobs)
        batches = {first: jobs[first : first + size] for first in range(0, len(jobs), size)}
        if hasattr(self.launcher, "prepare"):  # the fleet launcher checks all jobs first
            for first, batch in batches.items():
                self.launcher.prepare(batch, initial_job_idx=first)
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, folder / "multirun.yaml")
        return [self.launcher.launch(batch, initial_job_idx=first) for first, batch in batches.items()]
