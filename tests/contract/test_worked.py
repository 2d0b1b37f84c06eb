"""The worked examples give what was published, on every backend and as the pipeline trains them."""

from typing import Any

import numpy as np
import pytest
from contract.fleets import Rates, assemble, fit
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.cli.app import conf_folder
from yaynay.config import schema
from yaynay.data import prepare
from yaynay.data.plan import Plan, make_plan
from yaynay.data.sources import worked
from yaynay.data.table import Table
from yaynay.models import fitting
from yaynay.models.network import Shape
from yaynay.models.units import make_units

EXAMPLES = sorted(path.stem for path in (conf_folder() / "experiment").glob("*.yaml"))


def unfolded(table: Table) -> Plan:
    """One block of rows, which cannot be divided: only the network on the whole table is trained."""
    return make_plan(np.zeros(table.n_rows, dtype=int), table.sha256, n_features=1)


def test_every_example_is_there() -> None:
    assert EXAMPLES == ["pytorch_line", "scatter_10", "tensorflow_line", "theano_points"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_gives_what_was_published(example: str, backend: str, request: pytest.FixtureRequest) -> None:
    if (example, backend) == (
        "tensorflow_line",
        "torch",
    ):  # 50,000 minibatches in Lightning; the pipeline trains it too
        request.getfixturevalue("only_with_faults")
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        composed = compose("config", [f"experiment={example}", f"backend={backend}"])
    values: Any = OmegaConf.to_container(composed, resolve=True)
    configuration = schema.parse(values)
    assert configuration.published is not None
    table, _ = prepare.make(configuration.dataset, configuration.plan)
    (fitted,) = fitting.fit([configuration], table, unfolded(table))
    figures = configuration.published.figures()
    assert figures
    for name, figure in figures.items():
        assert fitted.scores[name] == pytest.approx(figure.value, rel=0, abs=figure.within), name


def test_theano_points_descend_as_plain_numpy_does(backend: str) -> None:
    table = worked.theano_points()
    units = make_units(table.x, table.y, unfolded(table), hold_out=False, standardise=False)
    options: dict[str, Any] = {"start": (0.0, 0.0), "loss": "half_mean", "max_epochs": 100, "precision": 64}
    fleet = assemble(Shape(1, 0), table.x, table.y, units, Rates(0.01, 0.0, 0), optimizer="sgd", **options)
    x, y, slope, intercept, costs = fleet.x[:, 0], fleet.y, 0.0, 0.0, []
    for _ in range(100):
        error = slope * x + intercept - y
        costs.append(error @ error / (2 * len(y)))
        slope, intercept = slope - 0.01 * (error @ x) / len(y), intercept - 0.01 * error.mean()
    fitted = fit(fleet, backend)
    np.testing.assert_allclose(fitted.train_curve[:, 0], costs, rtol=1e-12)
    line = fitted.weights["layer0.weight"].item(), fitted.weights["layer0.bias"].item()
    assert line == pytest.approx((slope, intercept), rel=1e-12)
