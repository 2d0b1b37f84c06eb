"""What a backend is, and the loop that drives an engine.

A backend is a module with four functions: `device(accelerator)` says what it would run on or raises
`MachineError`; `set_up_process()` is called once per process that uses it; `train(state, device, on_epoch)` trains a
fleet and returns its best weights; `predict(shape, weights, x)` is a forward pass. Modules are loaded by name when a
run needs them, so that nothing imports a framework that the chosen backend does not need.
"""

import functools
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from yaynay.errors import MachineError
from yaynay.models.fleet import Fleet
from yaynay.models.network import Shape, Weights
from yaynay.models.training_state import TrainedFleet, TrainingState
from yaynay.models.units import condense

MODULES = {"torch": "lightning", "tensorflow": "tensorflow", "pytensor": "pytensor"}
"""Backends that train by gradient descent, and the module that holds each."""

_NEEDS = {
    "torch": ("yaynay", ("torch", "pytorch_lightning")),
    "tensorflow": ("yaynay[tensorflow]", ("tensorflow",)),
    "pytensor": ("yaynay[pytensor]", ("pytensor", "numba")),
}
"""What to install for a backend, and the packages that it imports."""

OnEpoch = Callable[[TrainingState], None]


class Engine(Protocol):
    """Stacked members in a framework: weights, optimizer state, and the best weights so far.

    Members are counted from 0 in the order of the fleet; `drop` renumbers those that stay.
    """

    def train_epoch(self, positions: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray:
        """One update per minibatch.

        Args:
            positions: Positions among each member's training rows, (n_batches, n_present, batch_size).
            weights: Each row's weight in the loss, of the same shape.

        Returns:
            Mean over minibatches of the loss before the update, (n_present,).
        """

    def validate(self) -> NDArray:
        """Mean squared error on each member's held-out rows; 0 where there are none, (n_present,)."""

    def keep_best(self, improved: NDArray[np.bool_]) -> None:
        """Make the current weights of these members the ones to return, (n_present,) bool."""

    def drop(self, kept: NDArray[np.intp]) -> None:
        """Continue with these members only; the best weights of the others are kept."""

    def best(self) -> Weights:
        """Best weights of all members, in the fleet's order."""


@dataclass(frozen=True, eq=False)
class Padded:
    """Data of every unit as its members see it, in the fleet's precision.

    Attributes:
        x: (n_units, longest, n_features).
        y: (n_units, longest).
        weight: 1 / n_rows of the unit where a row is real, 0 where it is padding, (n_units, longest).
    """

    x: NDArray
    y: NDArray
    weight: NDArray


def padded(fleet: Fleet, rows: NDArray[np.intp], n_rows: NDArray[np.intp]) -> Padded:
    """Gather, standardise and, where the fleet asks for it, whiten rows of every unit.

    Args:
        fleet: The fleet.
        rows: Row numbers, padded, (n_units, longest).
        n_rows: Real rows of each unit, (n_units,).
    """
    dtype, units = fleet.dtype, fleet.units
    x = np.empty((*rows.shape, fleet.x.shape[1]), dtype=dtype)
    for unit in range(len(units)):
        standardised = units.standardise(fleet.x[rows[unit]], unit)
        x[unit] = standardised if fleet.whitening is None else standardised @ fleet.whitening[unit]
    y = (fleet.y[rows] - units.y_mean[:, None]) / units.y_scale[:, None]
    is_real = np.arange(rows.shape[1]) < n_rows[:, None]
    weight = is_real / np.maximum(n_rows, 1)[:, None]
    return Padded(x, y.astype(dtype), weight.astype(dtype))


def training_data(fleet: Fleet) -> Padded:
    """Training rows of every unit; on the way to convergence, the few rows that stand for them."""
    units, whitening = fleet.units, fleet.whitening
    if whitening is None:
        return padded(fleet, units.train_rows, units.n_train)
    condensed = []
    for unit, n_train in enumerate(units.n_train):
        rows = units.train_rows[unit, :n_train]
        y = (fleet.y[rows] - units.y_mean[unit]) / units.y_scale[unit]
        condensed.append(condense(units.standardise(fleet.x[rows], unit) @ whitening[unit], y))
    x, y = (np.array(arrays, dtype=fleet.dtype) for arrays in zip(*condensed, strict=True))
    return Padded(x, y, np.full_like(y, 1 / y.shape[1]))


def validation_data(fleet: Fleet) -> Padded:
    """Held-out rows of every unit."""
    return padded(fleet, fleet.units.validation_rows, fleet.units.n_validation)


def drive(engine: Engine, state: TrainingState, on_epoch: OnEpoch | None = None) -> Weights:
    """Train to the end, for backends without a loop of their own; best weights of all members."""
    while not state.is_over:
        train_loss = engine.train_epoch(*state.batches())
        improved, kept = state.end_epoch(train_loss, engine.validate())
        engine.keep_best(improved)
        if kept is not None:
            engine.drop(kept)
        if on_epoch is not None:
            on_epoch(state)
    return engine.best()


def fit(fleet: Fleet, backend: str, accelerator: str = "auto", on_epoch: OnEpoch | None = None) -> TrainedFleet:
    """Train a fleet on a backend.

    Args:
        fleet: What to train.
        backend: A key of `MODULES`.
        accelerator: "auto", "cpu" or "gpu".
        on_epoch: Called after each epoch, for progress.

    Raises:
        MachineError: The backend is not installed, or a GPU was asked for and there is none.
    """
    module = load(backend)
    device = module.device(accelerator)
    state = TrainingState(fleet)
    weights = module.train(state, device, on_epoch)
    weights = {name: array.astype(np.float64) for name, array in weights.items()}
    if fleet.whitening is not None:
        weights["layer0.weight"] = fleet.whitening[fleet.unit] @ weights["layer0.weight"]
    train_curve, validation_curve = state.curves()
    return TrainedFleet(
        weights=weights,
        train_curve=train_curve,
        validation_curve=validation_curve,
        best_epoch=state.best_epoch,
        diverged_at=state.diverged_at,
        n_epochs=state.n_epochs,
        was_halved=state.was_halved,
        device=device,
    )


def predict(backend: str, shape: Shape, weights: Weights, x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Forward pass in the backend's own framework, in the precision of `weights`.

    Args:
        backend: A key of `MODULES`.
        shape: The members' network.
        weights: Stacked weights.
        x: Standardised inputs, (n_members, n_rows, n_features).

    Returns:
        Standardised outputs, (n_members, n_rows).
    """
    return load(backend).predict(shape, weights, x)


def check(backend: str, accelerator: str) -> None:
    """Check that a backend is installed, and that there is a GPU if one is asked for; the closed forms need neither.

    Raises:
        MachineError: One of them is missing.
    """
    if backend not in MODULES:
        return
    _check_installed(backend)
    if accelerator == "gpu":
        load(backend).device(accelerator)


def load(backend: str) -> ModuleType:
    """A backend's module; the first time, this process is set up for it.

    Raises:
        MachineError: Its framework is not installed; the message says what to install.
    """
    _check_installed(backend)
    return _load(backend)


@functools.cache
def _load(backend: str) -> ModuleType:
    module = importlib.import_module(f"yaynay.models.backends.{MODULES[backend]}")
    module.set_up_process()
    return module


def _check_installed(backend: str) -> None:
    extra, packages = _NEEDS[backend]
    if any(importlib.util.find_spec(package) is None for package in packages):
        raise MachineError(f"option 'backend': {backend} is not installed here; install it with: pip install '{extra}'")
