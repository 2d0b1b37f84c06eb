"""Small fleets to hold the backends to, and plain NumPy to hold them against."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from yaynay.data.plan import make_plan
from yaynay.models.backends import base
from yaynay.models.fleet import Draw, Fitted, Fleet, Regime
from yaynay.models.network import Shape, Weights, forward
from yaynay.models.units import make_units

N_UNITS = 8
"""Three outer folds of two inner folds, and two folds of the whole table."""


def make_fleet(
    *draws: Draw, shape: Shape | None = None, precision: int = 64, hold_out: bool = True, **regime: Any
) -> Fleet:
    """Networks on 80 rows of a bent surface with noise, `N_UNITS` a draw; four minibatches an epoch."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(80, 3)) * [1.0, 20.0, 0.1] + [0.0, 5.0, 1.0]
    y = np.sin(2 * x[:, 0]) + 0.05 * x[:, 1] + 0.2 * rng.normal(size=80)
    plan = make_plan(np.arange(80), "0" * 64, n_features=3, n_folds=3, n_repeats=1, n_inner=2)
    return Fleet(
        shape=shape or Shape(n_features=3, depth=1, width=8),
        regime=Regime(**{"batch_size": 10, "max_epochs": 20, "precision": precision} | regime),
        x=x,
        y=y,
        units=make_units(x, y, plan, hold_out=hold_out),
        draws=draws or (Draw(lr=0.01, weight_decay=0.01, seed=0), Draw(lr=0.003, weight_decay=0.0, seed=1)),
    )


def fit(fleet: Fleet, backend: str, on_epoch: base.OnEpoch | None = None) -> Fitted:
    return base.fit(fleet, backend, "cpu", on_epoch)


def inputs(fleet: Fleet) -> NDArray[np.floating]:
    """All rows of the table as each member sees them, (n_members, n_rows, n_features)."""
    rows = [fleet.units.standardise(fleet.x, unit) for unit in fleet.unit]
    return np.array(rows, dtype=fleet.regime.dtype)


def validation_loss(fleet: Fleet, weights: Weights) -> NDArray[np.float64]:
    """Mean squared error on each member's held-out rows, in plain NumPy, (n_members,)."""
    outputs, units = forward(fleet.shape, weights, inputs(fleet)), fleet.units
    losses = []
    for member, unit in enumerate(fleet.unit):
        rows = units.validation_rows[unit, : units.n_validation[unit]]
        y = (fleet.y[rows] - units.y_mean[unit]) / units.y_scale[unit]
        losses.append(np.mean((outputs[member, rows] - y) ** 2))
    return np.array(losses)


def assert_close(ours: Fitted, theirs: Fitted, tolerance: float) -> None:
    """Weights and curves agree, relative to the largest value of each array."""
    pairs = [(ours.train_curve, theirs.train_curve), (ours.validation_curve, theirs.validation_curve)]
    pairs += [(ours.weights[name], theirs.weights[name]) for name in theirs.weights]
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * np.abs(other).max())
