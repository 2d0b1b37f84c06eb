"""Frameworks agree to rounding error: after 200 minibatches of 16 members, at every depth."""

import functools

import numpy as np
import pytest
from contract.conftest import require
from contract.fleets import fit, inputs, make_fleet
from numpy.typing import NDArray

from yaynay.models.backends import base
from yaynay.models.network import Shape
from yaynay.models.training_state import TrainedFleet

TOLERANCE = {64: 1e-9, 32: 1e-4}
MISSES = {("tensorflow", 1, "adamw", 32): 5e-4}
"""One case of sixteen misses the goal for 32 bits: validation curves differ by 1.6e-4, predictions by 2.1e-4. It
is TensorFlow's rounding: its 32-bit results differ from 64 bits by that much, those of the other two by a fortieth."""


@functools.cache
def train(backend: str, shape: Shape, optimizer: str, loss: str, precision: int) -> tuple[TrainedFleet, NDArray]:
    """A fleet after 200 steps, and its predictions on all rows."""
    fleet = make_fleet(shape=shape, optimizer=optimizer, loss=loss, precision=precision, max_epochs=50)
    assert fleet.n_batches * fleet.trainer.max_epochs == 200
    assert fleet.n_members == 16
    fitted = fit(fleet, require(backend))
    weights = {name: array.astype(fleet.dtype) for name, array in fitted.weights.items()}
    return fitted, base.predict(backend, shape, weights, inputs(fleet))


def compare(backend: str, shape: Shape, optimizer: str, precision: int, loss: str = "mean") -> None:
    tolerance = MISSES.get((backend, shape.depth, optimizer, precision), TOLERANCE[precision])
    ours, predicted = train(backend, shape, optimizer, loss, precision)
    theirs, expected = train("torch", shape, optimizer, loss, precision)
    np.testing.assert_allclose(ours.train_curve, theirs.train_curve, rtol=tolerance)
    np.testing.assert_allclose(ours.validation_curve, theirs.validation_curve, rtol=tolerance)
    np.testing.assert_allclose(predicted, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("precision", [64, 32])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("other", ["tensorflow", "pytensor"])
def test_backends_agree(request: pytest.FixtureRequest, other: str, depth: int, optimizer: str, precision: int) -> None:
    if (depth % 2 == 0) != (optimizer == "sgd"):  # each depth and each optimizer is there without --faults
        request.getfixturevalue("only_with_faults")
    compare(require(other), Shape(3, depth, 8), optimizer, precision)


@pytest.mark.parametrize("other", ["tensorflow", "pytensor"])
def test_backends_agree_with_a_skip_and_smooth_units(other: str) -> None:
    compare(require(other), Shape(3, 2, 8, activation="silu", skip=True), "adam", 64, loss="half_mean")


def test_another_optimizer_is_told_apart() -> None:
    ours, _ = train("torch", Shape(3, 1, 8), "adamw", "mean", 64)
    theirs, _ = train("torch", Shape(3, 1, 8), "sgd", "mean", 64)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(ours.train_curve, theirs.train_curve, rtol=1e-2)
