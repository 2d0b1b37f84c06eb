"""Jobs from the launcher's cached composition are those that Hydra itself composes."""

from collections.abc import Iterator
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.yaynay_fleet.composition import Composer
from hydra_plugins.yaynay_fleet.grid import expand
from yaynay.cli.app import conf_folder


@pytest.fixture
def loader() -> Iterator[ConfigLoader]:
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def own(config: DictConfig) -> dict[str, Any]:
    OmegaConf.set_struct(config, False)
    config.pop("hydra")
    values: Any = OmegaConf.to_container(config, resolve=True)
    return values


def test_experiments_are_swept_over_backends(loader: ConfigLoader) -> None:
    """An experiment overrides groups that a job overrides again."""
    master = loader.load_configuration("config", ["sweep=worked"], RunMode.MULTIRUN)
    params = {str(key): value for key, value in master.hydra.sweeper.params.items()}
    parser = OverridesParser.create(config_loader=loader)
    grid = expand(parser.parse_overrides([f"{key}={value}" for key, value in params.items()]))
    composer, seen = Composer(loader, master), set()
    for number, overrides in enumerate(grid):
        values = composer.compose(overrides, number).values
        assert values == own(loader.load_sweep_config(master, overrides))
        seen.add((values["dataset"]["name"], values["backend"]["name"]))
        assert values["published"]
    examples, backends = (params[key].split(",") for key in ("experiment", "backend"))
    assert seen == {(example, backend) for example in examples for backend in backends}
    assert len(grid) == len(seen) == 12


def test_values_beside_an_experiment_are_set_on_top_of_it(loader: ConfigLoader) -> None:
    master = loader.load_configuration("config", [], RunMode.MULTIRUN)
    composer = Composer(loader, master)
    for overrides in (
        ["experiment=theano_points", "trainer.max_epochs=3"],
        ["experiment=theano_points", "published.slope.value=2.5", "optimizer.lr=0.5"],
        ["experiment=pytorch_line", "published=null"],
        ["experiment=pytorch_line", "optimizer=adam"],
    ):
        assert composer.compose(overrides, 0).values == own(loader.load_sweep_config(master, overrides)), overrides
