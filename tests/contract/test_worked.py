"""The tutorials' own fits, each in the framework that the tutorial used (PyTensor for Theano)."""

from typing import Any

import numpy as np
import pytest
from contract.conftest import require
from contract.fleets import Rates, assemble, fit

from yaynay.data.plan import make_plan
from yaynay.data.sources import worked
from yaynay.data.table import Table
from yaynay.models.fleet import Fleet
from yaynay.models.network import Shape
from yaynay.models.training_state import TrainedFleet
from yaynay.models.units import make_units


def whole_table(table: Table, start: tuple[float, float] | None, **options: Any) -> Fleet:
    """One line on all rows, in the table's own units."""
    plan = make_plan(np.zeros(table.n_rows, dtype=int), table.sha256, n_features=1)  # one block: nothing to fold
    units = make_units(table.x, table.y, plan, hold_out=False, standardise=False)
    return assemble(Shape(1, 0), table.x, table.y, units, Rates(0.01, 0.0, 0), optimizer="sgd", start=start, **options)


def line(fitted: TrainedFleet) -> tuple[float, float]:
    return fitted.weights["layer0.weight"].item(), fitted.weights["layer0.bias"].item()


def theano_points(n_steps: int) -> Fleet:
    options = {"loss": "half_mean", "max_epochs": n_steps, "precision": 64}
    return whole_table(worked.theano_points(), (0.0, 0.0), **options)


def test_theano_points_descend_as_plain_numpy_does(backend: str) -> None:
    fleet = theano_points(100)
    x, y, slope, intercept, costs = fleet.x[:, 0], fleet.y, 0.0, 0.0, []
    for _ in range(100):
        error = slope * x + intercept - y
        costs.append(error @ error / (2 * len(y)))
        slope, intercept = slope - 0.01 * (error @ x) / len(y), intercept - 0.01 * error.mean()
    fitted = fit(fleet, backend)
    np.testing.assert_allclose(fitted.train_curve[:, 0], costs, rtol=1e-12)
    assert line(fitted) == pytest.approx((slope, intercept), rel=1e-12)


def test_theano_points_give_the_published_line() -> None:
    fitted = fit(theano_points(10_000), require("pytensor"))
    assert line(fitted) == pytest.approx((0.28268078, 0.45053638), abs=5e-9)


def test_tensorflow_line_gives_the_published_fit() -> None:
    table = worked.tensorflow_line()
    options = {"loss": "half_mean", "batch_size": 1, "shuffle": False, "max_epochs": 1000}
    fitted = fit(whole_table(table, worked.tensorflow_line_start(), **options), require("tensorflow"))
    slope, intercept = line(fitted)
    assert slope == pytest.approx(1.0199214, abs=5e-7)
    assert intercept == pytest.approx(0.0256166, abs=1e-6)
    assert np.sum((slope * table.x[:, 0] + intercept - table.y) ** 2) / 100 == pytest.approx(5.311033, abs=5e-6)


def test_pytorch_line_predicts_close_to_eight() -> None:
    fleet = whole_table(worked.pytorch_line(), None, loss="sum", max_epochs=500)
    slope, intercept = line(fit(fleet, require("torch")))
    assert abs(4 * slope + intercept - 8) < 0.05
