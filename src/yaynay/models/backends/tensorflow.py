"""`backend=tensorflow`: a fleet as one XLA program (TensorFlow 2) that runs a whole epoch per call."""

import functools
import os
from collections.abc import Callable
from typing import Any

# TensorFlow reads these when it loads, so `set_up_process` would be too late: no start-up notices; no oneDNN, which it
# turns on by the processor and then says so on standard error, whatever the log level is; one thread, because small
# stacked products gain little from a second one and sweeps use processes.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from yaynay.errors import MachineError
from yaynay.models.backends.base import OnEpoch, drive, training_data, validation_data
from yaynay.models.minibatches import count_repeats
from yaynay.models.network import Shape, Weights
from yaynay.models.optimizers import N_MOMENTS, Rates, bias_corrections, update
from yaynay.models.training_state import TrainingState

Tensors = dict[str, tf.Tensor]

_ACTIVATE = {"relu": tf.nn.relu, "silu": tf.nn.silu, "tanh": tf.tanh}
_FEWEST_SLOTS = 16
"""Shrinking below this many members pays for its compilation only after a hundred epochs or more."""


def set_up_process() -> None:
    """Nothing to do: the environment that TensorFlow reads is set before it is imported."""


def device(accelerator: str) -> str:
    """What TensorFlow would run on: "cpu" or "gpu".

    Raises:
        MachineError: A GPU was asked for and TensorFlow finds none; by itself it would silently use the CPU.
    """
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    if accelerator == "gpu" and not has_gpu:
        raise MachineError(
            "option 'trainer.accelerator': gpu was asked for, but TensorFlow finds no GPU here; "
            "allowed here: auto, cpu; drop the option or set trainer.accelerator=cpu"
        )
    return "gpu" if has_gpu and accelerator != "cpu" else "cpu"


def forward(shape: Shape, weights: Tensors, x: tf.Tensor) -> tf.Tensor:
    """Outputs of stacked networks, (n_members, n_rows), for x (n_members, n_rows, n_features)."""
    activate = _ACTIVATE[shape.activation]
    hidden = x
    for i in range(shape.depth + 1):
        hidden = tf.matmul(hidden, weights[f"layer{i}.weight"]) + weights[f"layer{i}.bias"]
        if i < shape.depth:
            hidden = activate(hidden)
    if shape.has_skip:
        hidden = hidden + tf.matmul(x, weights["skip.weight"])
    return hidden[..., 0]


def predict(shape: Shape, weights: Weights, x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Forward pass on the CPU, in the precision of `weights`."""
    with tf.device("cpu"):
        tensors = {name: tf.constant(array) for name, array in weights.items()}
        dtype = next(iter(tensors.values())).dtype
        return forward(shape, tensors, tf.cast(tf.constant(x), dtype)).numpy()


@functools.cache
def _epoch_program(shape: Shape, optimizer: str, precision: int) -> Callable[..., Any]:
    """Compiled epoch: all its minibatches and the held-out rows; fewer minibatches than updates are taken in turn.

    Traced once per structure; XLA compiles it anew for each number of members, rows and batches.
    """
    dtype = tf.float64 if precision == 64 else tf.float32
    real = dtype.as_numpy_dtype

    def run_epoch(state: Any, data: Any, members: Any, batches: Any, corrections: Any) -> Any:
        n_batches, (n_distinct, n_members, _) = tf.shape(corrections[0])[0], tf.unstack(tf.shape(batches["share"]))

        def step(i: tf.Tensor, total: tf.Tensor, weights: Tensors, moments: list[Tensors]) -> tuple:
            x, y = _batch(data["train"], members["unit"], batches["position"][i % n_distinct])
            with tf.GradientTape() as tape:
                tape.watch(weights)
                loss = tf.reduce_sum(batches["share"][i % n_distinct] * (forward(shape, weights, x) - y) ** 2, axis=1)
                loss_of_all = tf.reduce_sum(loss)
            gradients = tape.gradient(loss_of_all, weights)
            rates = Rates(members["lr"], members["decay"], *(values[i] for values in corrections))
            updated: Tensors = {}
            new_moments: list[Tensors] = [{} for _ in moments]
            for name, weight in weights.items():
                of_name = [moment[name] for moment in moments]
                updated[name], of_name = update(optimizer, name, weight, gradients[name], of_name, rates, tf.sqrt, real)
                for new, moment in zip(new_moments, of_name, strict=True):
                    new[name] = moment
            return i + 1, total + loss, updated, new_moments

        start = (tf.constant(0), tf.zeros([n_members], dtype), *state)
        _, total, weights, moments = tf.while_loop(lambda i, *_: i < n_batches, step, start)
        held = {name: tf.gather(array, members["unit"]) for name, array in data["held"].items()}
        error = forward(shape, weights, held["x"]) - held["y"]
        validation_loss = tf.reduce_sum(held["weight"] * error**2, axis=1)
        return (weights, moments), total / tf.cast(n_batches, dtype), validation_loss

    signature = _signature(shape, N_MOMENTS[optimizer], dtype)
    program = tf.function(run_epoch, input_signature=signature, jit_compile=True, autograph=False)
    return program.get_concrete_function()  # calling it checks less, and small epochs are mostly call overhead


def _signature(shape: Shape, n_moments: int, dtype: tf.DType) -> tuple:
    """Kinds of what an epoch takes: state, data, members, batches and bias corrections."""

    def floats(*dims: int | None) -> tf.TensorSpec:
        return tf.TensorSpec(dims, dtype)

    def integers(*dims: int | None) -> tf.TensorSpec:
        return tf.TensorSpec(dims, tf.int32)

    stack = {name: floats(None, *dims) for name, dims in shape.weight_shapes.items()}
    rows = {"x": floats(None, None, shape.n_features), "y": floats(None, None)}
    return (
        (stack, [stack] * n_moments),
        {"train": rows, "held": rows | {"weight": floats(None, None)}},
        {"unit": integers(None), "lr": floats(None, 1, 1), "decay": floats(None, 1, 1)},
        {"position": integers(None, None, None), "share": floats(None, None, None)},
        (floats(None), floats(None)),
    )


def _batch(rows: Tensors, unit: tf.Tensor, position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Rows of a minibatch, x (n_members, batch_size, n_features) and y (n_members, batch_size)."""
    n_units, longest = tf.unstack(tf.shape(rows["y"]))
    flat = unit[:, None] * longest + position
    x = tf.reshape(rows["x"], (n_units * longest, rows["x"].shape[-1]))
    return tf.gather(x, flat), tf.gather(tf.reshape(rows["y"], [-1]), flat)


class FleetEngine:
    """Stacked networks and their optimizer's state, all on the device.

    A program is compiled for a fixed number of members, so the stack shrinks only when an eighth or less of its
    slots is in use: their number goes through n, n / 8, n / 64, ... and empty slots count for nothing.
    """

    def __init__(self, state: TrainingState) -> None:
        fleet = state.fleet
        self.dtype, self.n_slots = fleet.dtype, fleet.n_members
        self.present = state.present
        self.n_steps = 0
        self.program = _epoch_program(fleet.shape, fleet.optimizer, fleet.trainer.precision)
        self.result = fleet.weights()
        train, held = training_data(fleet), validation_data(fleet)
        self.data = {
            "train": {"x": tf.constant(train.x), "y": tf.constant(train.y)},
            "held": {name: tf.constant(getattr(held, name)) for name in ("x", "y", "weight")},
        }
        self.members = {
            "unit": tf.constant(fleet.unit, tf.int32),
            "lr": tf.constant(fleet.lr[:, None, None], self.dtype),
            "decay": tf.constant(fleet.weight_decay[:, None, None], self.dtype),
        }
        self.weights = {name: tf.constant(array) for name, array in self.result.items()}
        self.moments = [
            {name: tf.zeros_like(array) for name, array in self.weights.items()}
            for _ in range(N_MOMENTS[fleet.optimizer])
        ]
        self.kept = self.weights

    def train_epoch(self, positions: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray:
        n_batches, n_present, _ = positions.shape
        steps = self.n_steps + 1.0 + np.arange(n_batches)
        self.n_steps += n_batches
        n_repeats = count_repeats(positions)
        positions, weights = positions[::n_repeats], weights[::n_repeats]
        if n_present < self.n_slots:
            empty = ((0, 0), (0, self.n_slots - n_present), (0, 0))
            positions, weights = np.pad(positions, empty), np.pad(weights, empty)
        batches = {
            "position": tf.constant(positions, tf.int32),
            "share": tf.constant(weights, self.dtype),
        }
        corrections = tuple(tf.constant(values, self.dtype) for values in bias_corrections(steps))
        state, train_loss, validation_loss = self.program(
            (self.weights, self.moments), self.data, self.members, batches, corrections
        )
        self.weights, self.moments = state
        self.validation_loss = validation_loss.numpy()[:n_present].astype(np.float64)
        return train_loss.numpy()[:n_present].astype(np.float64)

    def validate(self) -> NDArray:
        return self.validation_loss

    def keep_best(self, improved: NDArray[np.bool_]) -> None:
        if improved.all():
            self.kept = self.weights
        elif improved.any():
            here = np.pad(improved, (0, self.n_slots - len(improved)))[:, None, None]
            self.kept = {name: tf.where(here, array, self.kept[name]) for name, array in self.weights.items()}

    def drop(self, kept: NDArray[np.intp]) -> None:
        self._save_kept()
        self.present = self.present[kept]
        while self.n_slots // 8 >= max(len(kept), _FEWEST_SLOTS):
            self.n_slots //= 8
        slots = np.pad(kept, (0, self.n_slots - len(kept)), mode="edge")
        everything = (self.members, self.weights, self.moments, self.kept)
        everything = tf.nest.map_structure(lambda array: tf.gather(array, slots), everything)
        self.members, self.weights, self.moments, self.kept = everything

    def _save_kept(self) -> None:
        for name, array in self.kept.items():
            self.result[name][self.present] = array.numpy()[: len(self.present)]

    def best(self) -> Weights:
        self._save_kept()
        return self.result


def train(state: TrainingState, device: str, on_epoch: OnEpoch | None) -> Weights:
    """Train a fleet, one epoch per call."""
    with tf.device(device):
        return drive(FleetEngine(state), state, on_epoch)
