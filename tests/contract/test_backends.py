"""What every backend must do, whatever its framework."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from contract.fleets import N_UNITS, Rates, assert_close, fit, inputs, make_fleet, validation_loss
from numpy.typing import NDArray

from yaynay.errors import MachineError
from yaynay.models.backends import base
from yaynay.models.network import Shape, forward, initial_weights
from yaynay.models.training_state import TrainingState

STEADY = Rates(lr=0.01, weight_decay=0.01, seed=0)
HASTY = Rates(lr=0.1, weight_decay=0.0, seed=0)
WILD = Rates(lr=1e20, weight_decay=0.0, seed=0)


def test_known_weights_give_known_predictions(backend: str) -> None:
    shape = Shape(n_features=1, depth=1, width=2, skip=True)
    weights = {
        "layer0.weight": np.array([[[1.0, -1.0]]]),
        "layer0.bias": np.array([[[0.0, 0.5]]]),
        "layer1.weight": np.array([[[2.0], [3.0]]]),
        "layer1.bias": np.array([[[0.1]]]),
        "skip.weight": np.array([[[0.25]]]),
    }
    outputs = base.predict(backend, shape, weights, np.array([[[-1.0], [0.0], [2.0]]]))
    np.testing.assert_allclose(outputs, [[4.35, 1.6, 4.6]], rtol=1e-14)


@pytest.mark.parametrize("activation", ["silu", "tanh"])
def test_an_activation_is_the_shared_one(backend: str, activation: str) -> None:
    shape = Shape(n_features=3, depth=1, width=4, activation=activation)
    weights = initial_weights(shape, 5, seed=0)
    x = np.random.default_rng(0).normal(size=(5, 6, 3)) * 3
    outputs = base.predict(backend, shape, weights, x)
    np.testing.assert_allclose(outputs, forward(shape, weights, x), rtol=1e-12, atol=1e-14)


def test_predictions_come_in_the_precision_of_the_weights(backend: str) -> None:
    shape = Shape(n_features=3, depth=0)
    weights = {name: array.astype(np.float32) for name, array in initial_weights(shape, 2, seed=0).items()}
    x = np.broadcast_to(np.ones((4, 3)), (2, 4, 3))  # read-only and of another precision
    outputs = base.predict(backend, shape, weights, x)
    assert outputs.shape == (2, 4)
    assert outputs.dtype == np.float32


def test_the_same_seed_gives_the_same_bits(backend: str) -> None:
    first, second = (fit(make_fleet(precision=32), backend) for _ in range(2))
    assert np.array_equal(first.train_curve, second.train_curve)
    assert np.array_equal(first.validation_curve, second.validation_curve)
    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)


def test_another_seed_gives_another_network(backend: str) -> None:
    fitted = fit(make_fleet(STEADY, dataclasses.replace(STEADY, seed=1)), backend)
    first, second = np.split(fitted.weights["layer0.weight"], 2)
    assert np.abs(first - second).max() > 0.1


def test_depth_zero_reaches_least_squares(backend: str) -> None:
    fleet = make_fleet(
        Rates(lr=0.3, weight_decay=0.0, seed=0), shape=Shape(3, 0), optimizer="sgd", batch_size="full", max_epochs=200
    )
    fitted = fit(fleet, backend)
    for unit in range(N_UNITS):
        rows = fleet.units.train_rows[unit, : fleet.units.n_train[unit]]
        x = np.column_stack([fleet.units.standardise(fleet.x[rows], unit), np.ones(len(rows))])
        y = (fleet.y[rows] - fleet.units.y_mean[unit]) / fleet.units.y_scale[unit]
        line = np.linalg.lstsq(x, y)[0]
        ours = np.append(fitted.weights["layer0.weight"][unit], fitted.weights["layer0.bias"][unit])
        np.testing.assert_allclose(ours, line, rtol=1e-4, atol=1e-6)


def test_with_early_stopping_depth_zero_reaches_least_squares_in_each_fold(backend: str) -> None:
    rates = (Rates(lr=0.01, weight_decay=5.0, seed=0), Rates(lr=0.003, weight_decay=0.0, seed=1))
    fleet = make_fleet(*rates, shape=Shape(3, 0), patience=10, max_epochs=100)
    fitted = fit(fleet, backend)
    assert len(fitted.train_curve) < 100
    outputs = forward(fleet.shape, fitted.weights, inputs(fleet))
    for member, unit in enumerate(fleet.unit):
        rows = fleet.units.train_rows[unit, : fleet.units.n_train[unit]]
        x = np.column_stack([inputs(fleet)[member], np.ones(len(fleet.x))])
        y = (fleet.y[rows] - fleet.units.y_mean[unit]) / fleet.units.y_scale[unit]
        np.testing.assert_allclose(outputs[member], x @ np.linalg.lstsq(x[rows], y)[0], atol=1e-5)


@pytest.mark.parametrize("batch_size", [10, "full"])
def test_long_epochs_take_the_steps_of_short_ones(backend: str, batch_size: int | str) -> None:
    options = {"batch_size": batch_size, "precision": 64}
    long = fit(make_fleet(**options, max_epochs=5, min_steps=12), backend)
    short = fit(make_fleet(**options, max_epochs=15 if batch_size == 10 else 60), backend)
    for name, array in short.weights.items():
        np.testing.assert_allclose(long.weights[name], array, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(long.train_curve, short.train_curve.reshape(5, -1, 16).mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(long.validation_curve[-1], short.validation_curve[-1], rtol=1e-9)


def test_early_stopping_keeps_the_best_weights(backend: str) -> None:
    fleet = make_fleet(HASTY, dataclasses.replace(HASTY, seed=1), patience=5, max_epochs=60)
    fitted = fit(fleet, backend)
    best = fitted.validation_curve[fitted.best_epoch, np.arange(fleet.n_members)]
    assert len(fitted.train_curve) < 60, "nothing stopped early: the test shows nothing"
    assert (fitted.best_epoch < len(fitted.train_curve) - 1).all()
    np.testing.assert_allclose(best, fitted.validation_curve.min(axis=0), rtol=0)
    np.testing.assert_allclose(validation_loss(fleet, fitted.weights), best, rtol=1e-10)


def test_without_patience_the_last_weights_are_kept(backend: str) -> None:
    fleet = make_fleet(HASTY, STEADY)
    fitted = fit(fleet, backend)
    assert (fitted.best_epoch == 19).all()
    np.testing.assert_allclose(validation_loss(fleet, fitted.weights), fitted.validation_curve[-1], rtol=1e-10)


def test_a_member_does_not_depend_on_its_company(backend: str) -> None:
    draws = (STEADY, Rates(lr=0.003, weight_decay=0.1, seed=1))
    together = fit(make_fleet(*draws), backend)
    for number, rates in enumerate(draws):
        members = np.arange(number * N_UNITS, (number + 1) * N_UNITS)
        assert_close(together.members(members), fit(make_fleet(rates), backend), 1e-11)


def test_a_diverging_member_is_noted_and_leaves_the_others_alone(backend: str) -> None:
    fitted = fit(make_fleet(WILD, STEADY, optimizer="sgd"), backend)
    wild, steady = np.split(np.arange(2 * N_UNITS), 2)
    assert (fitted.diverged_at[wild] >= 0).all()
    assert (fitted.diverged_at[steady] == -1).all()
    assert all(np.isfinite(array[steady]).all() for array in fitted.weights.values())
    in_peace = fit(make_fleet(HASTY, STEADY, optimizer="sgd"), backend)
    assert_close(fitted.members(steady), in_peace.members(steady), 1e-11)


class _Together(TrainingState):
    """No member is ever dropped."""

    def end_epoch(self, train_loss: NDArray, validation_loss: NDArray) -> tuple[NDArray, NDArray | None]:
        present = self.present
        improved, _ = super().end_epoch(train_loss, validation_loss)
        self.present = present
        return improved, None


def test_dropping_members_changes_nothing_for_the_rest(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = [dataclasses.replace(HASTY, seed=seed) for seed in range(6)]
    fleet = make_fleet(STEADY, *stopping, dataclasses.replace(STEADY, lr=0.003), patience=5, max_epochs=60)
    n_present: list[int] = []
    dropped = fit(fleet, backend, lambda state: n_present.append(len(state.present)))
    monkeypatch.setattr(base, "TrainingState", _Together)
    together = fit(fleet, backend)
    assert n_present[0] == 64
    assert 0 < n_present[-1] <= 16, "too few were dropped: the test shows nothing"
    assert_close(dropped, together, 1e-9)
    assert np.array_equal(dropped.best_epoch, together.best_epoch)


def test_weight_decay_pulls_on_layer_weights_and_spares_biases(backend: str) -> None:
    fitted = fit(make_fleet(STEADY, dataclasses.replace(STEADY, weight_decay=20.0)), backend)
    free, pulled = (fitted.members(members).weights for members in np.split(np.arange(2 * N_UNITS), 2))
    assert np.abs(pulled["layer0.weight"]).max() < 0.1 < 1 < np.abs(free["layer0.weight"]).max()
    assert np.abs(pulled["layer0.bias"]).max() > 1


def test_a_gpu_that_is_not_there_is_refused(backend: str) -> None:
    module = base.load(backend)
    if module.device("auto") == "gpu":
        pytest.skip("this machine has a GPU")
    with pytest.raises(MachineError, match=r"'trainer.accelerator': gpu was asked for, .*allowed here: auto, cpu; "):
        base.fit(make_fleet(), backend, "gpu")
    assert module.device("cpu") == "cpu"


_ALONE = """
import os
import sys
sys.path.insert(0, sys.argv[2])
from contract.fleets import fit, make_fleet
from yaynay.models.backends import base
fit(make_fleet(max_epochs=1), sys.argv[1])
print(*sorted(name for name in base.MODULES if name in sys.modules), os.environ.get("TF_ENABLE_ONEDNN_OPTS"))
"""


def test_a_backend_loads_its_own_framework_alone_and_in_silence(backend: str) -> None:
    """On any processor: TensorFlow announces oneDNN where it turns it on, so yaynay leaves the choice to none."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = [sys.executable, "-W", "error", "-c", _ALONE, backend, str(Path(__file__).parents[1])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.stdout.split(), done.stderr) == ([backend, "0" if backend == "tensorflow" else "None"], "")
