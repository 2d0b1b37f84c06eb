"""Small fleets to test the backends with, and plain NumPy to compare them with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yaynay.config.schema import Optimizer, Trainer
from yaynay.data.plan import make_plan
from yaynay.models.backends import base
from yaynay.models.fleet import Fleet
from yaynay.models.network import Shape, Weights, forward
from yaynay.models.training_state import TrainedFleet
from yaynay.models.units import Units, make_units

N_UNITS = 8
"""Three outer folds of two inner folds, and two folds of the whole table."""


@dataclass(frozen=True)
class Rates:
    """What distinguishes one configuration of a fleet from the others."""

    lr: float
    weight_decay: float
    seed: int


def assemble(
    shape: Shape,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    units: Units,
    *rates: Rates,
    optimizer: str = "adamw",
    start: Sequence[float] | None = None,
    patience: int | None = None,
    **options: Any,
) -> Fleet:
    """A fleet of one configuration per `rates`; without `patience` nothing stops early."""
    values = {
        "max_epochs": 100,
        "min_steps": 1,
        "batch_size": "full",
        "early_stopping": patience is not None,
        "patience": patience or 1,
        "loss": "mean",
        "shuffle": True,
        "standardise": True,
        "precision": 32,
        "accelerator": "cpu",
    }
    return Fleet(
        shape=shape,
        trainer=Trainer.model_validate(values | options),
        optimizers=tuple(
            Optimizer.model_validate({"name": optimizer, "lr": each.lr, "weight_decay": each.weight_decay})
            for each in rates
        ),
        seeds=tuple(each.seed for each in rates),
        x=x,
        y=y,
        units=units,
        start=start,
    )


def make_fleet(*rates: Rates, shape: Shape | None = None, hold_out: bool = True, **options: Any) -> Fleet:
    """Networks on 80 rows of a bent surface with noise, `N_UNITS` per `rates`; four minibatches per epoch."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(80, 3)) * [1.0, 20.0, 0.1] + [0.0, 5.0, 1.0]
    y = np.sin(2 * x[:, 0]) + 0.05 * x[:, 1] + 0.2 * rng.normal(size=80)
    plan = make_plan(np.arange(80), "0" * 64, n_features=3, n_folds=3, n_repeats=1, n_inner=2)
    return assemble(
        shape or Shape(n_features=3, depth=1, width=8),
        x,
        y,
        make_units(x, y, plan, hold_out=hold_out),
        *(rates or (Rates(lr=0.01, weight_decay=0.01, seed=0), Rates(lr=0.003, weight_decay=0.0, seed=1))),
        **{"batch_size": 10, "max_epochs": 20, "precision": 64} | options,
    )


def fit(fleet: Fleet, backend: str, on_epoch: base.OnEpoch | None = None) -> TrainedFleet:
    return base.fit(fleet, backend, "cpu", on_epoch)


def inputs(fleet: Fleet) -> NDArray[np.floating]:
    """All rows of the table as each member sees them, (n_members, n_rows, n_features)."""
    rows = [fleet.units.standardise(fleet.x, unit) for unit in fleet.unit]
    return np.array(rows, dtype=fleet.dtype)


def validation_loss(fleet: Fleet, weights: Weights) -> NDArray[np.float64]:
    """Mean squared error on each member's held-out rows, in plain NumPy, (n_members,)."""
    outputs, units = forward(fleet.shape, weights, inputs(fleet)), fleet.units
    losses = []
    for member, unit in enumerate(fleet.unit):
        rows = units.validation_rows[unit, : units.n_validation[unit]]
        y = (fleet.y[rows] - units.y_mean[unit]) / units.y_scale[unit]
        losses.append(np.mean((outputs[member, rows] - y) ** 2))
    return np.array(losses)


def assert_close(ours: TrainedFleet, theirs: TrainedFleet, tolerance: float) -> None:
    """Weights and curves agree, relative to the largest value of each array."""
    pairs = [(ours.train_curve, theirs.train_curve), (ours.validation_curve, theirs.validation_curve)]
    pairs += [(ours.weights[name], theirs.weights[name]) for name in theirs.weights]
    for ours_here, theirs_here in pairs:
        atol = tolerance * np.abs(theirs_here).max()
        np.testing.assert_allclose(ours_here, theirs_here, rtol=tolerance, atol=atol)
