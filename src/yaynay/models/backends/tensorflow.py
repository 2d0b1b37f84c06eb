"""`backend=tensorflow`: a fleet as one XLA program (TensorFlow 2) that takes a whole epoch in a call."""

import functools
import os
from collections.abc import Callable
from typing import Any

# TensorFlow reads these once, when it loads: no start-up notices; no oneDNN, which it turns on by the processor, and
# which then says so on standard error whatever the log level is; one thread, because small stacked products gain little
# from a second one and sweeps use processes.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from yaynay.errors import MachineError
from yaynay.models.backends.base import OnEpoch, drive, starting_weights, training_data, validation_data
from yaynay.models.fleet import Course, Fleet
from yaynay.models.network import Shape, Weights, is_decayed

Tensors = dict[str, tf.Tensor]

_ACTIVATE = {"relu": tf.nn.relu, "silu": tf.nn.silu, "tanh": tf.tanh}
_FEWEST_SEATS = 16
"""Going on with fewer members than this saves its own compilation only after a hundred epochs or more."""

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


def device(accelerator: str) -> str:
    """What TensorFlow would run on: "cpu" or "gpu".

    Raises:
        MachineError: A GPU was asked for and TensorFlow finds none; left alone it takes the CPU in silence.
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


def _update(
    optimizer: str, weights: Tensors, moments: list[Tensors], slopes: Tensors, rates: Tensors
) -> tuple[Tensors, list[Tensors]]:
    """One step of SGD, Adam or AdamW as PyTorch defines them; decay pulls on layer weights alone.

    `rates` holds "lr" and "decay" of each member, (n_members, 1, 1), and the bias corrections of this step.

    Source:
        Kingma & Ba (2015), Adam; Loshchilov & Hutter (2019), Decoupled Weight Decay Regularization.
    """
    lr, decay = rates["lr"], rates["decay"]
    first, second = {}, {}
    updated = {}
    for name, weight in weights.items():
        slope = slopes[name]
        if is_decayed(name):
            if optimizer == "adamw":
                weight = weight * (1 - lr * decay)
            else:
                slope = slope + decay * weight
        if optimizer == "sgd":
            updated[name] = weight - lr * slope
            continue
        first[name] = moments[0][name] + (1 - _BETA1) * (slope - moments[0][name])
        second[name] = _BETA2 * moments[1][name] + (1 - _BETA2) * slope * slope
        size = tf.sqrt(second[name]) / rates["root_correction2"] + _EPSILON
        updated[name] = weight - lr / rates["correction1"] * first[name] / size
    return updated, [] if optimizer == "sgd" else [first, second]


@functools.cache
def _epoch_program(shape: Shape, optimizer: str, precision: int) -> Callable[..., Any]:
    """Compiled pass over the data and over the held-out rows.

    Traced once a structure; XLA compiles it anew for each number of members, rows and batches.
    """
    dtype = tf.float64 if precision == 64 else tf.float32

    def real(*dims: int | None) -> tf.TensorSpec:
        return tf.TensorSpec(dims, dtype)

    def whole(*dims: int | None) -> tf.TensorSpec:
        return tf.TensorSpec(dims, tf.int32)

    stack = {name: real(None, *dims) for name, dims in shape.weight_shapes.items()}
    state = (stack, [stack] * (0 if optimizer == "sgd" else 2))
    rows = {"x": real(None, None, shape.n_features), "y": real(None, None)}
    data = {"train": rows, "held": rows | {"weight": real(None, None)}}
    members = {"unit": whole(None), "lr": real(None, 1, 1), "decay": real(None, 1, 1)}
    batches = {"place": whole(None, None, None), "share": real(None, None, None)}
    corrections = {"correction1": real(None), "root_correction2": real(None)}

    def run_epoch(state: Any, data: Any, members: Any, batches: Any, corrections: Any) -> Any:
        n_batches, n_members = tf.shape(batches["share"])[0], tf.shape(batches["share"])[1]
        rates = {name: members[name] for name in ("lr", "decay")}

        def step(i: tf.Tensor, total: tf.Tensor, weights: Tensors, moments: list[Tensors]) -> tuple:
            x, y = _batch(data["train"], members["unit"], batches["place"][i])
            with tf.GradientTape() as tape:
                tape.watch(weights)
                loss = tf.reduce_sum(batches["share"][i] * (forward(shape, weights, x) - y) ** 2, axis=1)
                loss_of_all = tf.reduce_sum(loss)
            slopes = tape.gradient(loss_of_all, weights)
            now = rates | {name: values[i] for name, values in corrections.items()}
            return i + 1, total + loss, *_update(optimizer, weights, moments, slopes, now)

        start = (tf.constant(0), tf.zeros([n_members], dtype), *state)
        _, total, weights, moments = tf.while_loop(lambda i, *_: i < n_batches, step, start)
        held = {name: tf.gather(array, members["unit"]) for name, array in data["held"].items()}
        error = forward(shape, weights, held["x"]) - held["y"]
        validation_loss = tf.reduce_sum(held["weight"] * error**2, axis=1)
        return (weights, moments), total / tf.cast(n_batches, dtype), validation_loss

    signature = (state, data, members, batches, corrections)
    program = tf.function(run_epoch, input_signature=signature, jit_compile=True, autograph=False)
    return program.get_concrete_function()  # a call of it checks less, and small epochs are calls above all


def _batch(rows: Tensors, unit: tf.Tensor, place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Rows of a minibatch, x (n_members, batch_size, n_features) and y (n_members, batch_size)."""
    n_units, longest = tf.unstack(tf.shape(rows["y"]))
    flat = unit[:, None] * longest + place
    x = tf.reshape(rows["x"], (n_units * longest, rows["x"].shape[-1]))
    return tf.gather(x, flat), tf.gather(tf.reshape(rows["y"], [-1]), flat)


class FleetEngine:
    """Stacked networks and their optimizer's state, all on the device.

    A program is compiled for a number of members, so members that leave make room only when an eighth or less
    of those held is left: their number goes through n, n / 8, n / 64, ... and empty seats count for nothing.
    """

    def __init__(self, fleet: Fleet, course: Course) -> None:
        self.regime, self.n_seats = fleet.regime, fleet.n_members
        self.seated = course.present
        self.n_steps = 0
        self.program = _epoch_program(fleet.shape, fleet.regime.optimizer, fleet.regime.precision)
        self.result = starting_weights(fleet)
        train, held = training_data(fleet), validation_data(fleet)
        self.data = {
            "train": {"x": tf.constant(train.x), "y": tf.constant(train.y)},
            "held": {name: tf.constant(getattr(held, name)) for name in ("x", "y", "weight")},
        }
        self.members = {
            "unit": tf.constant(fleet.unit, tf.int32),
            "lr": tf.constant(fleet.lr[:, None, None], self.regime.dtype),
            "decay": tf.constant(fleet.weight_decay[:, None, None], self.regime.dtype),
        }
        self.weights = {name: tf.constant(array) for name, array in self.result.items()}
        n_moments = 0 if self.regime.optimizer == "sgd" else 2
        self.moments = [{name: tf.zeros_like(array) for name, array in self.weights.items()} for _ in range(n_moments)]
        self.kept = self.weights

    def train_epoch(self, positions: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray:
        n_batches, n_present, _ = positions.shape
        steps = self.n_steps + 1.0 + np.arange(n_batches)
        self.n_steps += n_batches
        if n_present < self.n_seats:
            empty = ((0, 0), (0, self.n_seats - n_present), (0, 0))
            positions, weights = np.pad(positions, empty), np.pad(weights, empty)
        batches = {
            "place": tf.constant(positions, tf.int32),
            "share": tf.constant(weights, self.regime.dtype),
        }
        corrections = {
            "correction1": tf.constant(1 - _BETA1**steps, self.regime.dtype),
            "root_correction2": tf.constant(np.sqrt(1 - _BETA2**steps), self.regime.dtype),
        }
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
            here = np.pad(improved, (0, self.n_seats - len(improved)))[:, None, None]
            self.kept = {name: tf.where(here, array, self.kept[name]) for name, array in self.weights.items()}

    def drop(self, kept: NDArray[np.intp]) -> None:
        self._book()
        self.seated = self.seated[kept]
        while self.n_seats // 8 >= max(len(kept), _FEWEST_SEATS):
            self.n_seats //= 8
        seats = np.pad(kept, (0, self.n_seats - len(kept)), mode="edge")
        everything = (self.members, self.weights, self.moments, self.kept)
        everything = tf.nest.map_structure(lambda array: tf.gather(array, seats), everything)
        self.members, self.weights, self.moments, self.kept = everything

    def _book(self) -> None:
        for name, array in self.kept.items():
            self.result[name][self.seated] = array.numpy()[: len(self.seated)]

    def best(self) -> Weights:
        self._book()
        return self.result


def train(fleet: Fleet, course: Course, device: str, on_epoch: OnEpoch | None) -> FleetEngine:
    """Train a fleet, an epoch a call."""
    with tf.device(device):
        engine = FleetEngine(fleet, course)
        drive(engine, course, on_epoch)
    return engine
