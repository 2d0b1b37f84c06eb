"""`hydra/sweeper=fleet`: a grid expanded without composing each job to see whether it composes."""

from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.yaynay_fleet.grid import expand

ConfigStore.instance().store(
    group="hydra/sweeper",
    name="fleet",
    provider="yaynay",
    node={
        "_target_": "hydra_plugins.yaynay_fleet.sweeper.FleetSweeper",
        "max_batch_size": None,
        "params": None,
    },
)


class FleetSweeper(Sweeper):
    """Expands `key=a,b` as Hydra's basic sweeper does; the launcher checks the jobs.

    A job's exception stays in its `JobReturn`, so that one failure hides no other.

    Args:
        max_batch_size: Jobs launched together; None is all.
        params: What is swept unless the command line says otherwise.
    """

    def __init__(self, max_batch_size: int | None = None, params: dict[str, str] | None = None) -> None:
        self.max_batch_size, self.params = max_batch_size, params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Make the launcher."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Launch every combination and return what the jobs returned, batch by batch."""
        assert self.config is not None
        assert self.hydra_context is not None
        assert self.launcher is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        params = [f"{key}={value}" for key, value in self.params.items()]
        jobs = expand(parser.parse_overrides([*params, *arguments]))
        size = self.max_batch_size or len(jobs)
        batches = {first: jobs[first : first + size] for first in range(0, len(jobs), size)}
        if hasattr(self.launcher, "prepare"):  # the fleet launcher checks the whole grid first
            for first, batch in batches.items():
                self.launcher.prepare(batch, initial_job_idx=first)
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, folder / "multirun.yaml")
        return [self.launcher.launch(batch, initial_job_idx=first) for first, batch in batches.items()]
