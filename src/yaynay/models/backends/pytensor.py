"""`backend=pytensor`: a fleet over shared variables, symbolic gradients and updates.

PyTensor continues Theano. The graph is written so that Numba has little to compile, because compiling takes
seconds: matrix products and elementwise terms, but no reduction and no reshaping (a bias enters as a column of
ones times the bias, so that its gradient is a product too), and no sizes, so that one graph serves every
table, width and fleet of a structure. What Numba compiled is kept on disk for the next process.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.compile.mode import get_mode

from yaynay.errors import MachineError
from yaynay.models.backends.base import OnEpoch, drive, training_data, validation_data
from yaynay.models.network import Shape, Weights
from yaynay.models.optimizers import N_MOMENTS, Rates, bias_corrections, update
from yaynay.models.training_state import TrainingState

Symbol = Any
"""A variable of a graph; PyTensor's own annotations refuse what its functions take."""


def set_up_process() -> None:
    """Nothing to do: BLAS takes the threads that the process gave it."""


def device(accelerator: str) -> str:
    """What PyTensor would run on: "cpu".

    Raises:
        MachineError: A GPU was asked for; PyTensor compiles for the CPU here.
    """
    if accelerator == "gpu":
        raise MachineError(
            "option 'trainer.accelerator': gpu was asked for, but backend=pytensor runs on the CPU alone; "
            "allowed here: auto, cpu; drop the option or set trainer.accelerator=cpu"
        )
    return "cpu"


def _relu(z: Symbol) -> Symbol:
    return pt.switch(z <= 0, pt.zeros((), dtype=z.dtype), z)  # slope 0 at 0, and NaN stays NaN


_ACTIVATE: dict[str, Callable[[Symbol], Symbol]] = {
    "relu": _relu,
    "silu": lambda z: z * pt.sigmoid(z),
    "tanh": pt.tanh,
}


def forward(shape: Shape, weights: dict[str, Symbol], x: Symbol, ones: Symbol) -> Symbol:
    """Outputs of stacked networks, (n_members, n_rows, 1).

    Args:
        shape: The networks' shape; its sizes do not enter the graph.
        weights: Stacked weights.
        x: Inputs, (n_members, n_rows, n_features).
        ones: A column of ones, (n_members, n_rows, 1).
    """
    activate = _ACTIVATE[shape.activation]
    hidden = x
    for i in range(shape.depth + 1):
        hidden = pt.matmul(hidden, weights[f"layer{i}.weight"]) + pt.matmul(ones, weights[f"layer{i}.bias"])
        if i < shape.depth:
            hidden = activate(hidden)
    if shape.has_skip:
        hidden = hidden + pt.matmul(x, weights["skip.weight"])
    return hidden


def _compile(inputs: list[Symbol], output: Symbol, updates: list | None = None) -> Callable[..., NDArray]:
    """Compile with Numba, which needs no C compiler.

    A batched product is left as one product per member, because what PyTensor makes of it otherwise takes twice
    as long to compile.
    """
    mode = get_mode("NUMBA").excluding("specialize_matmul_to_batched_dot")
    with pytensor.config.change_flags(numba__fastmath=False):
        function = pytensor.function(inputs, output, updates=updates, mode=mode, on_unused_input="ignore")
    function.trust_input = True
    return function


def _structure(shape: Shape) -> Shape:
    """The part of a shape that enters a graph: all but its sizes."""
    return replace(shape, n_features=1, width=1) if shape.depth else Shape(1, 0)


def _stacks(names: Iterable[str], dtype: str) -> list[Symbol]:
    """Inputs (n_members, rows, columns) of any sizes."""
    return [pt.tensor3(name, dtype=dtype) for name in names]


@functools.cache
def _forward_program(structure: Shape, dtype: str) -> Callable[..., NDArray]:
    """Compiled `(x, ones, *weights) -> outputs`."""
    x, ones, *arrays = _stacks(["x", "ones", *structure.weight_shapes], dtype)
    weights = dict(zip(structure.weight_shapes, arrays, strict=True))
    return _compile([x, ones, *arrays], forward(structure, weights, x, ones))


def predict(shape: Shape, weights: Weights, x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Forward pass on the CPU, in the precision of `weights`."""
    arrays = [np.require(weights[name], requirements=["C", "W"]) for name in shape.weight_shapes]
    x = np.require(x, arrays[0].dtype, ["C", "W"])  # Numba compiles anew for another layout
    program = _forward_program(_structure(shape), arrays[0].dtype.name)
    return program(x, np.ones((*x.shape[:2], 1), x.dtype), *arrays)[..., 0]


class _Program:
    """One gradient step, compiled: shared weights and moments, the loss's gradient, and the updates.

    Attributes:
        weights: Shared weights by name.
        moments: Shared first and second moments by name; none for SGD.
        step: `(x, y, share, ones, upstream, lr, decay, correction1, root_correction2) -> loss`, and the updates.
    """

    def __init__(self, structure: Shape, optimizer: str, dtype: str) -> None:
        self.weights = self._shared(structure, dtype)
        self.moments = [self._shared(structure, dtype) for _ in range(N_MOMENTS[optimizer])]
        x, y, share, ones, upstream = _stacks(["x", "y", "share", "ones", "upstream"], dtype)
        lr, decay = (pt.tensor(name, dtype=dtype, shape=(None, 1, 1)) for name in ("lr", "decay"))
        corrections = [pt.tensor(name, dtype=dtype, shape=(1, 1, 1)) for name in ("first", "second")]
        error = forward(structure, self.weights, x, ones) - y
        loss = pt.matmul(share, error * error)
        rates = Rates(lr, decay, *corrections)
        names, arrays = list(self.weights), list(self.weights.values())
        gradients: Symbol = pytensor.grad(None, arrays, known_grads={loss: upstream})
        updates: list[tuple[Symbol, Symbol]] = []
        for name, gradient in zip(names, gradients, strict=True):
            moments = [moment[name] for moment in self.moments]
            new, new_moments = update(
                optimizer, name, self.weights[name], gradient, moments, rates, pt.sqrt, np.dtype(dtype).type
            )
            updates += [(self.weights[name], new), *zip(moments, new_moments, strict=True)]
        inputs = [x, y, share, ones, upstream, lr, decay, *corrections]
        self.step = _compile(inputs, loss, updates)

    @staticmethod
    def _shared(structure: Shape, dtype: str) -> dict[str, Symbol]:
        empty = np.zeros((1, 1, 1), dtype)
        return {name: pytensor.shared(empty, name, shape=(None,) * 3) for name in structure.weight_shapes}


_program = functools.cache(_Program)


class FleetEngine:
    """Stacked networks and their optimizer's state in NumPy, lent to the compiled step for an epoch.

    The shared variables belong to the step, which all fleets of its structure use.
    """

    def __init__(self, state: TrainingState) -> None:
        fleet = state.fleet
        self.shape, self.dtype = fleet.shape, fleet.dtype
        self.program = _program(_structure(fleet.shape), fleet.optimizer, np.dtype(self.dtype).name)
        self.train, self.held = training_data(fleet), validation_data(fleet)
        self.weights = fleet.weights()
        self.kept = {name: array.copy() for name, array in self.weights.items()}
        self.moments = [
            {name: np.zeros_like(array) for name, array in self.weights.items()} for _ in self.program.moments
        ]
        self.present, self.unit = state.present, fleet.unit
        self.lr = fleet.lr[:, None, None].astype(self.dtype)
        self.decay = fleet.weight_decay[:, None, None].astype(self.dtype)
        self.n_steps = 0

    def train_epoch(self, positions: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray:
        n_batches, n_present, batch_size = positions.shape
        x, y, step = self.train.x, self.train.y[..., None], self.program.step
        ones = np.ones((n_present, batch_size, 1), self.dtype)
        upstream = np.ones((n_present, 1, 1), self.dtype)
        steps = self.n_steps + 1.0 + np.arange(n_batches)[:, None, None, None]
        first, second = (values.astype(self.dtype) for values in bias_corrections(steps))
        unit, total = self.unit[:, None], np.zeros((n_present, 1, 1))
        self._lend()
        for i, position in enumerate(positions):
            share = weights[i, :, None].astype(self.dtype)
            data = (x[unit, position], y[unit, position], share, ones, upstream)
            total += step(*data, self.lr, self.decay, first[i], second[i])
        self._take_back()
        self.n_steps += n_batches
        return total[:, 0, 0] / n_batches

    def _pairs(self) -> list[tuple[dict[str, Symbol], Weights]]:
        shared = [self.program.weights, *self.program.moments]
        return list(zip(shared, [self.weights, *self.moments], strict=True))

    def _lend(self) -> None:
        for shared, arrays in self._pairs():
            for name, array in arrays.items():
                shared[name].set_value(array, borrow=True)

    def _take_back(self) -> None:
        for shared, arrays in self._pairs():
            for name in arrays:
                arrays[name] = shared[name].get_value(borrow=True)

    def validate(self) -> NDArray:
        if self.held.x.shape[1] == 0:
            return np.zeros(len(self.unit))
        with np.errstate(over="ignore", invalid="ignore"):  # a diverging member's error, which `TrainingState` notes
            error = predict(self.shape, self.weights, self.held.x[self.unit]) - self.held.y[self.unit]
            return np.sum(self.held.weight[self.unit] * error**2, axis=1).astype(np.float64)

    def keep_best(self, improved: NDArray[np.bool_]) -> None:
        for name, array in self.weights.items():
            self.kept[name][self.present[improved]] = array[improved]

    def drop(self, kept: NDArray[np.intp]) -> None:
        for arrays in (self.weights, *self.moments):
            arrays |= {name: array[kept] for name, array in arrays.items()}
        self.present, self.unit, self.lr, self.decay = (
            array[kept] for array in (self.present, self.unit, self.lr, self.decay)
        )

    def best(self) -> Weights:
        return self.kept


def train(state: TrainingState, device: str, on_epoch: OnEpoch | None) -> Weights:
    """Train a fleet, one minibatch per call."""
    return drive(FleetEngine(state), state, on_epoch)
