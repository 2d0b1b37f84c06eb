"""SGD, Adam and AdamW as PyTorch defines them, in plain operators: for frameworks that have no such optimizer.

Source:
    Kingma & Ba (2015), Adam; Loshchilov & Hutter (2019), Decoupled Weight Decay Regularization.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yaynay.models.network import is_decayed

Array = Any
"""An array of NumPy, TensorFlow or PyTensor: anything with + - * /."""

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
N_MOMENTS = {"sgd": 0, "adam": 2, "adamw": 2}


class Rates(NamedTuple):
    """What a step multiplies by; all broadcast over a stack (n_members, fan_in, fan_out).

    Attributes:
        lr, decay: Learning rate and weight decay of each member.
        correction1, root_correction2: As `bias_corrections` gives them for this step.
    """

    lr: Array
    decay: Array
    correction1: Array
    root_correction2: Array


def bias_corrections(n_steps: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """What Adam divides its moments by after so many steps: 1 - beta1^n, and the root of 1 - beta2^n."""
    return 1 - BETA1**n_steps, np.sqrt(1 - BETA2**n_steps)


def update(
    optimizer: str,
    name: str,
    weight: Array,
    gradient: Array,
    moments: list[Array],
    rates: Rates,
    sqrt: Callable[[Array], Array],
    real: Callable[[float], Any],
) -> tuple[Array, list[Array]]:
    """One step of one stacked array.

    Args:
        optimizer: "sgd", "adam" or "adamw".
        name: The array's name; decay applies to layer weights only (`network.is_decayed`).
        weight: The array, (n_members, fan_in, fan_out).
        gradient: Its gradient.
        moments: Running means of the gradient and of its square; none for SGD.
        rates: Rates of this step.
        sqrt: The framework's square root.
        real: Converts a Python number to the array's precision.

    Returns:
        The new array and its new moments.
    """
    if is_decayed(name):
        if optimizer == "adamw":
            weight = weight * (real(1) - rates.lr * rates.decay)
        else:
            gradient = gradient + rates.decay * weight
    if optimizer == "sgd":
        return weight - rates.lr * gradient, []
    first = moments[0] + real(1 - BETA1) * (gradient - moments[0])
    second = real(BETA2) * moments[1] + real(1 - BETA2) * gradient * gradient
    size = sqrt(second) / rates.root_correction2 + real(EPSILON)
    return weight - rates.lr / rates.correction1 * first / size, [first, second]
