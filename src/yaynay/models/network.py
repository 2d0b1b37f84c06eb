"""What a network is, outside any framework: layer shapes, initial weights, and the forward pass in NumPy.

Weights of many networks of one shape are stacked: a dict of arrays whose first axis counts members. Every
backend starts from the weights made here, so that backends can be compared to rounding error. This module goes
with each logged model, so it imports nothing of yaynay but such modules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yaynay.models.formula import Formula

if TYPE_CHECKING:  # a logged model carries this module, but no configuration
    from yaynay.config.schema import Model

Weights = dict[str, NDArray[np.floating]]
Forward = Callable[[Weights, NDArray[np.float64]], NDArray]
"""Stacked weights and standardised inputs (n_members, n_rows, n_features) to outputs (n_members, n_rows)."""

STANDARDISATION = ("x_mean", "x_factor", "y_mean", "y_scale")
"""What a bag keeps beside its networks; features enter as (x - x_mean) * x_factor, the target as
(y - y_mean) / y_scale, each member's its own."""
_CELLS = 4_000_000
"""Hidden values that one forward pass may hold (32 MB)."""

_GAIN_SQUARED = {"relu": 2.0, "silu": 2.0, "tanh": 1.0}
ACTIVATIONS = tuple(_GAIN_SQUARED)


@dataclass(frozen=True)
class Shape:
    """Layers of a multilayer perceptron with one output.

    `depth` counts hidden layers: 0 is the line in->1; 1 is in->width->1; 2 is in->width->width->1. With `skip`
    a linear path in->1 is added to the output, and the output layer starts at zero: the network starts as
    the line and learns what the line misses.
    """

    n_features: int
    depth: int
    width: int = 1
    activation: str = "relu"
    skip: bool = False

    @classmethod
    def of(cls, model: "Model", n_features: int) -> "Shape":
        """The shape that a configuration's `model` has on a table."""
        return cls(n_features, model.depth, model.width, model.activation, model.skip)

    @property
    def has_skip(self) -> bool:
        """Whether a separate linear path exists; at depth 0 the network is that path already."""
        return self.skip and self.depth > 0

    @property
    def layers(self) -> list[tuple[int, int]]:
        """(fan_in, fan_out) of each layer, from input to output.

        >>> Shape(n_features=3, depth=2, width=8).layers
        [(3, 8), (8, 8), (8, 1)]
        """
        sizes = [self.n_features, *[self.width] * self.depth, 1]
        return list(pairwise(sizes))

    @property
    def weight_shapes(self) -> dict[str, tuple[int, int]]:
        """Shape of each array of one member, in the order in which every backend keeps them."""
        shapes: dict[str, tuple[int, int]] = {}
        for i, (fan_in, fan_out) in enumerate(self.layers):
            shapes[f"layer{i}.weight"] = (fan_in, fan_out)
            shapes[f"layer{i}.bias"] = (1, fan_out)
        if self.has_skip:
            shapes["skip.weight"] = (self.n_features, 1)
        return shapes

    @property
    def n_parameters(self) -> int:
        """Trained numbers of one network.

        >>> Shape(n_features=1, depth=1, width=4).n_parameters
        13
        """
        return sum(rows * columns for rows, columns in self.weight_shapes.values())


def is_decayed(name: str) -> bool:
    """Whether weight decay applies to this array: layer weights, but neither biases nor the linear path.

    Decay therefore pulls a network with a skip towards the line, not towards zero.
    """
    return name.startswith("layer") and name.endswith(".weight")


def initial_weights(shape: Shape, n_members: int, seed: int) -> Weights:
    """Random starting weights of `n_members` networks, float64.

    Hidden weights are normal with variance gain^2 / fan_in (He et al. 2015). A first-layer bias is the length
    of its unit's weights times a standard normal, so that the kinks spread over standardised data instead of
    meeting at its mean; later biases are zero. With a skip the output layer and the linear path start at zero
    (a fleet then fills in each unit's least-squares line).

    Args:
        shape: The networks' shape.
        n_members: How many networks.
        seed: Same seed, same weights; 0 is a seed like any other.

    Returns:
        Arrays (n_members, rows, columns) keyed as in `Shape.weight_shapes`.

    Source:
        He et al. (2015), Delving Deep into Rectifiers; kinks placed on the data as in Holzmueller et al. (2024),
        Better by Default.
    """
    rng = np.random.default_rng([seed, 1])
    gain_squared = _GAIN_SQUARED[shape.activation]
    last = shape.depth
    weights: Weights = {}
    for i, (fan_in, fan_out) in enumerate(shape.layers):
        scale = np.sqrt((1.0 if i == last else gain_squared) / fan_in)
        weight = rng.standard_normal((n_members, fan_in, fan_out)) * scale
        bias = np.zeros((n_members, 1, fan_out))
        if i == 0 and shape.depth > 0:
            length = np.sqrt(np.sum(weight**2, axis=1, keepdims=True))
            bias = length * rng.standard_normal(bias.shape)
        if i == last and shape.has_skip:
            weight = np.zeros_like(weight)
        weights[f"layer{i}.weight"], weights[f"layer{i}.bias"] = weight, bias
    if shape.has_skip:
        weights["skip.weight"] = np.zeros((n_members, shape.n_features, 1))
    return weights


def weights_from_values(shape: Shape, n_members: int, values: list[float]) -> Weights:
    """Every member starts from the same given numbers, in the order of `Shape.weight_shapes`.

    Raises:
        ValueError: The list's length is not the number of parameters; the message shows both.

    Example:
        >>> weights_from_values(Shape(n_features=1, depth=0), 1, [2.0, 0.5])["layer0.bias"].item()
        0.5
    """
    if len(values) != shape.n_parameters:
        raise ValueError(f"{len(values)} starting values for {shape.n_parameters} parameters")
    flat, weights, start = np.asarray(values, dtype=float), {}, 0
    for name, (rows, columns) in shape.weight_shapes.items():
        block = flat[start : start + rows * columns].reshape(1, rows, columns)
        weights[name] = np.repeat(block, n_members, axis=0)
        start += rows * columns
    return weights


def forward(shape: Shape, weights: Weights, x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Outputs of stacked networks.

    Args:
        shape: The networks' shape.
        weights: Stacked weights.
        x: Standardised inputs, (n_members, n_rows, n_features), or (n_rows, n_features) shared by all members.

    Returns:
        Standardised outputs, (n_members, n_rows).
    """
    activate = _ACTIVATE[shape.activation]
    hidden = x
    for i in range(shape.depth + 1):
        hidden = hidden @ weights[f"layer{i}.weight"] + weights[f"layer{i}.bias"]
        if i < shape.depth:
            hidden = activate(hidden)
    if shape.has_skip:
        hidden = hidden + x @ weights["skip.weight"]
    return hidden[..., 0]


def predict(
    shape: Shape | None, weights: Mapping[str, NDArray[np.floating]], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Predictions of what a record keeps: the mean of its networks, or its line, with or without terms.

    Args:
        shape: The networks' shape; None for the line.
        weights: The record's weights: networks with their `STANDARDISATION`; or column means, with slopes and intercept
            or with what `Formula.arrays` gives.
        x: Encoded features, (n_rows, n_features); NaN where a number is missing.

    Returns:
        (n_rows,) [unit of the target]
    """
    if shape is None:
        filled = np.where(np.isnan(x), weights["mean"], x)
        if "slopes" not in weights:
            return Formula.of(weights).predict(filled)
        return float(weights["intercept"][0]) + filled @ weights["slopes"]
    width = shape.width if shape.depth else 1
    return predict_members(weights, x, partial(forward, shape), width).mean(axis=0)


def predict_members(
    weights: Mapping[str, NDArray[np.floating]], x: NDArray[np.float64], forward: Forward, width: int
) -> NDArray[np.float64]:
    """Each network's own predictions; a missing cell counts as the mean of the network's training rows.

    Args:
        weights: Stacked networks of one shape, and their `STANDARDISATION`.
        x: Encoded features, (n_rows, n_features).
        forward: The forward pass, of any framework.
        width: Widest layer, which bounds the memory of a pass.

    Returns:
        (n_members, n_rows) [unit of the target]
    """
    networks = {name: array for name, array in weights.items() if name not in STANDARDISATION}
    mean, factor = weights["x_mean"][:, None], weights["x_factor"][:, None]
    outputs = np.empty((len(mean), len(x)))
    step = max(1, _CELLS // (len(mean) * max(width, x.shape[1])))
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        outputs[:, rows] = forward(networks, np.nan_to_num((x[rows] - mean) * factor))
    return outputs * weights["y_scale"][:, None] + weights["y_mean"][:, None]


def _relu(z: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.maximum(z, 0)


def _silu(z: NDArray[np.floating]) -> NDArray[np.floating]:
    with np.errstate(over="ignore"):  # exp(-z) of a very negative z is inf, and z / inf is the right 0
        return z / (1 + np.exp(-z))


_ACTIVATE: dict[str, Callable[[NDArray[np.floating]], NDArray[np.floating]]] = {
    "relu": _relu,
    "silu": _silu,
    "tanh": np.tanh,
}
