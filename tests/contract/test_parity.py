"""Frameworks agree to rounding error: after 200 minibatches of 16 members, at every depth."""

import numpy as np
import pytest
from contract.conftest import require
from contract.fleets import assert_close, fit, inputs, make_fleet

from yaynay.backends import base
from yaynay.fleet import Draw
from yaynay.network import Shape

TOLERANCE = {64: 1e-9, 32: 1e-4}


def compare(backend: str, shape: Shape, precision: int, **regime: str) -> None:
    fleet = make_fleet(shape=shape, precision=precision, max_epochs=50, **regime)
    assert fleet.n_batches * fleet.regime.max_epochs == 200
    assert fleet.n_members == 16
    ours, theirs = fit(fleet, backend), fit(fleet, require("torch"))
    for one, other in ((ours.train_curve, theirs.train_curve), (ours.validation_curve, theirs.validation_curve)):
        np.testing.assert_allclose(one, other, rtol=TOLERANCE[precision])
    predictions = []
    for fitted, name in ((ours, backend), (theirs, "torch")):
        weights = {key: array.astype(fleet.regime.dtype) for key, array in fitted.weights.items()}
        predictions.append(base.predict(name, fleet.shape, weights, inputs(fleet)))
    scale = np.abs(predictions[1]).max()
    np.testing.assert_allclose(*predictions, rtol=TOLERANCE[precision], atol=TOLERANCE[precision] * scale)


@pytest.mark.parametrize("precision", [64, 32])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("other", ["tensorflow", "pytensor"])
def test_backends_agree(other: str, depth: int, optimizer: str, precision: int) -> None:
    compare(require(other), Shape(3, depth, 8), precision, optimizer=optimizer)


@pytest.mark.parametrize("other", ["tensorflow", "pytensor"])
def test_backends_agree_with_a_skip_and_smooth_units(other: str) -> None:
    shape = Shape(3, 2, 8, activation="silu", skip=True)
    compare(require(other), shape, 64, optimizer="adam", loss="half_mean")


def _descend(name: str, weights: np.ndarray, slope: np.ndarray, draw: Draw, step: int, state: list) -> np.ndarray:
    """One step as PyTorch's documentation writes it, on (slopes..., intercept); the intercept does not decay."""
    pull = draw.weight_decay * weights * (np.arange(len(weights)) < len(weights) - 1)
    if name == "adamw":
        weights = weights - draw.lr * pull
    else:
        slope = slope + pull
    if name == "sgd":
        return weights - draw.lr * slope
    state[0] = 0.9 * state[0] + 0.1 * slope
    state[1] = 0.999 * state[1] + 0.001 * slope**2
    first, second = state[0] / (1 - 0.9**step), state[1] / (1 - 0.999**step)
    return weights - draw.lr * first / (np.sqrt(second) + 1e-8)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_an_optimizer_follows_its_formula(backend: str, optimizer: str) -> None:
    draw = Draw(lr=0.05, weight_decay=0.3, seed=0)
    fleet = make_fleet(draw, shape=Shape(3, 0), optimizer=optimizer, batch_size=None, max_epochs=5)
    fitted, start = fit(fleet, backend), fleet.weights()
    for unit in range(len(fleet.units)):
        rows = fleet.units.train_rows[unit, : fleet.units.n_train[unit]]
        x = np.column_stack([fleet.units.standardise(fleet.x[rows], unit), np.ones(len(rows))])
        y = (fleet.y[rows] - fleet.units.y_mean[unit]) / fleet.units.y_scale[unit]
        weights = np.append(start["layer0.weight"][unit], start["layer0.bias"][unit])
        state = [np.zeros(4), np.zeros(4)]
        for step in range(1, 6):
            slope = 2 * x.T @ (x @ weights - y) / len(y)
            weights = _descend(optimizer, weights, slope, draw, step, state)
        ours = np.append(fitted.weights["layer0.weight"][unit], fitted.weights["layer0.bias"][unit])
        np.testing.assert_allclose(ours, weights, rtol=1e-10)


def test_curves_are_those_of_the_same_members() -> None:
    require("torch")
    fleet = make_fleet(max_epochs=3)
    with pytest.raises(AssertionError):
        assert_close(
            fit(fleet, "torch"), fit(make_fleet(Draw(0.1, 0, 0), Draw(0.1, 0, 1), max_epochs=3), "torch"), 1e-4
        )
