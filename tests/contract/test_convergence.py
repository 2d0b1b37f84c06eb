"""A network without hidden layers ends at least squares, with the defaults of the sweep, on every backend."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.config import schema
from yaynay.data import prepare
from yaynay.models.fitting import Fit, fit

CONF = Path(__file__).parents[2] / "conf"
TABLES = ["scatter_10", "theano_points", "tensorflow_line", "longley", "engel"]
"""From ten rows to a few hundred; longley's six features are nearly collinear."""


def train(backend: str, dataset: str, *overrides: str) -> list[Fit]:
    """Depth 0 at the default sweep's learning rates; the table's folds are drawn once."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        words = [f"dataset={dataset}", f"backend={backend}", "model.depth=0", "plan.n_repeats=1", *overrides]
        composed = [compose("config", [*words, f"optimizer.lr={lr}"]) for lr in (0.003, 0.01)]
    values: list[Any] = [OmegaConf.to_container(each, resolve=True) for each in composed]
    configurations = [schema.parse(each) for each in values]
    table, plan = prepare.make(configurations[0].dataset, configurations[0].plan)
    return fit(configurations, table, plan)


@pytest.mark.parametrize("dataset", TABLES)
def test_a_line_by_gradient_descent_is_least_squares(backend: str, dataset: str) -> None:
    for fitted in train(backend, dataset):
        assert fitted.scores["distance_to_least_squares"] < 1e-3


def test_dependent_features_and_given_starting_values_end_there_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 40))
    rows = np.column_stack([a, b, a + b, np.full(40, 7.0), 3 * a - b + rng.normal(size=40)])
    path = tmp_path / "dependent.csv"
    np.savetxt(path, rows, delimiter=",", header="a,b,sum,same,y", comments="")
    for fitted in train(
        "torch", "csv", f"dataset.path={path}", "dataset.target=y", "model.start=[0.5,-0.5,0.2,0.3,0.5]"
    ):
        assert fitted.scores["distance_to_least_squares"] < 1e-3


def test_a_trainer_that_is_told_otherwise_does_as_told() -> None:
    (slow, _) = train("torch", "engel", "trainer.early_stopping=false", "trainer.max_epochs=3")
    assert slow.scores["distance_to_least_squares"] > 0.1
    assert len(slow.arrays["train_loss"]) == 3
