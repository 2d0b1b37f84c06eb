"""The five kernels of the gate: what kinds of curves it looks for."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist

Floats = NDArray[np.float64]
Kernel = Callable[[Floats, Floats], Floats]

NAMES = ("relu_1", "relu_4", "gaussian", "additive_wide", "additive_narrow")


def make(landmarks: Floats) -> dict[str, Kernel]:
    """The five kernels; widths come from the landmarks' median distance [standard deviations]."""
    distances = pdist(landmarks)
    median = float(np.median(distances[distances > 0])) if (distances > 0).any() else 1.0
    wide, narrow = (median / 8, median / 32) if landmarks.shape[1] == 1 else (1.0, 0.1)
    return {
        "relu_1": lambda a, b: tangent(a, b, depth=1),
        "relu_4": lambda a, b: tangent(a, b, depth=4),
        "gaussian": lambda a, b: np.exp(-cdist(a, b, "sqeuclidean") / (2 * median**2)),
        "additive_wide": lambda a, b: additive(a, b, wide),
        "additive_narrow": lambda a, b: additive(a, b, narrow),
    }


def tangent(a: Floats, b: Floats, depth: int) -> Floats:
    """Neural tangent kernel of a ReLU network with biases.

    Source:
        Cho & Saul (2009), Kernel Methods for Deep Learning; Jacot et al. (2018), Neural Tangent Kernel.
    """
    covariance = (a @ b.T) / a.shape[1] + 1
    size_a, size_b = (np.sum(c**2, axis=1) / a.shape[1] + 1 for c in (a, b))
    tangent = covariance
    for layer in range(depth):
        scale = np.sqrt(np.outer(size_a + layer, size_b + layer))
        cosine = np.clip(covariance / scale, -1, 1)
        share = 1 - np.arccos(cosine) / np.pi
        covariance = scale * (np.sqrt(1 - cosine * cosine) / np.pi + share * cosine) + 1
        tangent = tangent * share + covariance
    return tangent


def additive(a: Floats, b: Floats, width: float) -> Floats:
    """Mean over features of Gaussian kernels of one feature each."""
    total = np.zeros((len(a), len(b)))
    for j in range(a.shape[1]):
        gap = (a[:, j, None] - b[None, :, j]) / (np.sqrt(2) * width)
        gap *= -gap
        total += np.exp(gap, out=gap)
    return total / a.shape[1]
