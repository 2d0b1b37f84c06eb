"""`hydra/sweeper=fleet`: Hydra's basic sweeper without composing each job to see whether it composes."""

from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

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


class FleetSweeper(BasicSweeper):
    """Expands `key=a,b` as the basic sweeper does; the launcher checks what came out.

    A job's exception stays in its `JobReturn`, so that one failure hides no other.
    """

    def sweep(self, arguments: list[str]) -> Any:
        """Launch every combination and return what the jobs returned."""
        assert self.config is not None
        assert self.hydra_context is not None
        assert self.launcher is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides([*self._parse_config(), *arguments])
        batches = self.split_arguments(overrides, self.max_batch_size)
        prepare = getattr(self.launcher, "prepare", None)  # the fleet launcher checks the whole grid first
        if prepare is not None:
            first = 0
            for batch in batches:
                prepare(batch, initial_job_idx=first)
                first += len(batch)
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, folder / "multirun.yaml")
        returns, first = [], 0
        for batch in batches:
            returns.append(self.launcher.launch(batch, initial_job_idx=first))
            first += len(batch)
        return returns
