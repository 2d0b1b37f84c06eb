"""The gate: a calibrated test of "E[y given x] is linear in x", which trains no network.

An integrated-conditional-moment test. Residuals of the line are compared with what five kernels could still
explain; a wild bootstrap says how much they explain of pure noise of the same spread. Design, kernels and
row weights depend on x alone, so nothing that a sweep does can move the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.spatial.distance import cdist, pdist

from yaynay.errors import DataError

Floats = NDArray[np.float64]
Kernel = Callable[[Floats, Floats], Floats]

MIN_FREEDOM = 8
"""Rows beyond the rank of the design that the bootstrap needs."""
MOST_ROWS = 20_000
"""A larger table is tested on this many of its rows, drawn at random: the cost stays bounded."""
_LANDMARKS = 400
_DIRECTIONS = 60
_CHUNK = 4_000_000


@dataclass(frozen=True)
class Gate:
    """Outcome of the test.

    Attributes:
        p_value: Small where the relation is not linear.
        kernel_p_values: Of each kernel alone; they say what kind of curve was seen, and are no tests of their own.
        statistic: Largest standardised kernel statistic.
        n_rows: Rows that were tested.
        rank: Independent columns of the design, intercept included.
        n_draws: Bootstrap draws.
    """

    p_value: float
    kernel_p_values: dict[str, float]
    statistic: float
    n_rows: int
    rank: int
    n_draws: int


def measure(
    x: Floats, y: Floats, *, seed: int = 0, n_draws: int = 1999, groups: NDArray[np.integer] | None = None
) -> Gate:
    """Test whether y's conditional mean is linear in x.

    Args:
        x: Features without intercept, finite, (n_rows, n_features).
        y: Target, finite, (n_rows,).
        seed: Of the bootstrap's signs; same seed, same p.
        n_draws: Bootstrap draws.
        groups: Rows of one group share a sign, (n_rows,).

    Raises:
        DataError: Too few rows for the design.

    Source:
        Bierens (1982); Lee, White & Granger (1993); Escanciano (2006) for the statistic; Wu (1986) and Liu (1988) for
        the bootstrap.
    """
    rng = np.random.default_rng([seed, 4])
    if len(y) > MOST_ROWS:
        rows = np.sort(rng.choice(len(y), MOST_ROWS, replace=False))
        x, y, groups = x[rows], y[rows], None if groups is None else groups[rows]
    z = _z_scores(x)
    basis = _orthonormal(np.column_stack([np.ones(len(y)), z]))
    rank = basis.shape[1]
    if len(y) < rank + MIN_FREEDOM:
        raise DataError(f"gate: {len(y)} rows for a design of rank {rank}; at least {rank + MIN_FREEDOM} are needed")
    leverage = np.sum(basis**2, axis=1)
    root_weight = np.sqrt(np.minimum(1.0, 2 * rank / (len(y) * leverage)))
    weighted_basis = _orthonormal(root_weight[:, None] * basis)
    target = root_weight * (y - y.mean()) / max(float(np.std(y)), 1e-300)
    residuals = target - weighted_basis @ (weighted_basis.T @ target)
    if np.max(np.abs(residuals)) < 1e-9:  # the line fits to rounding: nothing is left to explain
        return Gate(1.0, dict.fromkeys(_KERNELS, 1.0), 0.0, len(y), rank, n_draws)
    clipped = np.clip(z, -3, 3)
    landmarks = np.sort(rng.permutation(len(y))[:_LANDMARKS])
    directions = [
        _directions(kernel, clipped, clipped[landmarks], root_weight, weighted_basis)
        for kernel in _kernels(clipped[landmarks]).values()
    ]
    observed = _statistics(residuals[:, None], directions)[:, 0]
    inflated = residuals / np.maximum(1 - np.sum(weighted_basis**2, axis=1), 1e-3)
    drawn = _bootstrap(inflated, directions, weighted_basis, n_draws, groups, rng)
    centre, spread = drawn.mean(axis=1), np.maximum(drawn.std(axis=1), 1e-12)
    scores, drawn_scores = (observed - centre) / spread, (drawn - centre[:, None]) / spread[:, None]
    statistic = float(scores.max())
    p_value = (1 + int(np.sum(drawn_scores.max(axis=0) >= statistic))) / (n_draws + 1)
    alone = (1 + np.sum(drawn_scores >= scores[:, None], axis=1)) / (n_draws + 1)
    return Gate(p_value, dict(zip(_KERNELS, map(float, alone), strict=True)), statistic, len(y), rank, n_draws)


def _z_scores(x: Floats) -> Floats:
    """Columns with mean 0 and standard deviation 1; constant ones left out."""
    largest = np.max(np.abs(x), axis=0, initial=0.0)
    scaled = x / np.where(largest > 0, largest, 1.0)
    deviation = scaled.std(axis=0)
    varies = deviation > 1e-12
    return (scaled[:, varies] - scaled[:, varies].mean(axis=0)) / deviation[varies]


def _orthonormal(design: Floats) -> Floats:
    """Basis of the columns' span, by QR with pivoting, (n_rows, rank)."""
    q, triangle, _ = linalg.qr(design, mode="economic", pivoting=True)
    pivots = np.abs(np.diag(triangle))
    return q[:, : int(np.sum(pivots > 1e-10 * pivots[0]))]


_KERNELS = ("relu_1", "relu_4", "gaussian", "additive_wide", "additive_narrow")


def _kernels(landmarks: Floats) -> dict[str, Kernel]:
    """The five kernels; widths come from the landmarks' median distance [standard deviations]."""
    distances = pdist(landmarks)
    median = float(np.median(distances[distances > 0])) if (distances > 0).any() else 1.0
    wide, narrow = (median / 8, median / 32) if landmarks.shape[1] == 1 else (1.0, 0.1)
    return {
        "relu_1": lambda a, b: _tangent_kernel(a, b, depth=1),
        "relu_4": lambda a, b: _tangent_kernel(a, b, depth=4),
        "gaussian": lambda a, b: np.exp(-cdist(a, b, "sqeuclidean") / (2 * median**2)),
        "additive_wide": lambda a, b: _additive(a, b, wide),
        "additive_narrow": lambda a, b: _additive(a, b, narrow),
    }


def _tangent_kernel(a: Floats, b: Floats, depth: int) -> Floats:
    """Neural tangent kernel of a ReLU network with biases.

    Source:
        Cho & Saul (2009), Kernel Methods for Deep Learning; Jacot et al. (2018), Neural Tangent Kernel.
    """
    covariance = (a @ b.T) / a.shape[1] + 1
    size_a, size_b = (np.sum(c**2, axis=1) / a.shape[1] + 1 for c in (a, b))
    tangent = covariance
    for _ in range(depth):
        size = np.sqrt(np.outer(size_a, size_b))
        cosine = np.clip(covariance / size, -1, 1)
        angle = np.arccos(cosine)
        slope = (np.pi - angle) / np.pi
        covariance = size * (np.sqrt(1 - cosine**2) + (np.pi - angle) * cosine) / np.pi + 1
        tangent = tangent * slope + covariance
        size_a, size_b = size_a + 1, size_b + 1
    return tangent


def _additive(a: Floats, b: Floats, width: float) -> Floats:
    """Mean over features of Gaussian kernels of one feature each."""
    total = np.zeros((len(a), len(b)))
    for j in range(a.shape[1]):
        total += np.exp(-((a[:, j, None] - b[None, :, j]) ** 2) / (2 * width**2))
    return total / a.shape[1]


def _directions(kernel: Kernel, z: Floats, landmarks: Floats, root_weight: Floats, basis: Floats) -> Floats:
    """Leading directions of the kernel with the line projected out, (n_rows, <= 60).

    The kernel is approximated from its landmarks (Nystroem); with all rows as landmarks it is exact.
    """
    values, vectors = linalg.eigh(kernel(landmarks, landmarks))
    kept = values > 1e-10 * values[-1]
    factor = kernel(z, landmarks) @ (vectors[:, kept] / np.sqrt(values[kept]))
    factor *= root_weight[:, None]
    factor -= basis @ (basis.T @ factor)
    left = linalg.eigh(factor.T @ factor)[1][:, ::-1][:, :_DIRECTIONS]
    return factor @ left


def _statistics(residuals: Floats, directions: list[Floats]) -> Floats:
    """||G'e||^2 / sum_i ||G_i||^2 e_i^2 of each kernel and column of residuals, (n_kernels, n_columns)."""
    squared = residuals**2
    rows = []
    for factor in directions:
        explained = np.sum((factor.T @ residuals) ** 2, axis=0)
        expected = np.sum(factor**2, axis=1) @ squared
        rows.append(explained / np.maximum(expected, 1e-300))
    return np.array(rows)


def _bootstrap(
    inflated: Floats,
    directions: list[Floats],
    basis: Floats,
    n_draws: int,
    groups: NDArray[np.integer] | None,
    rng: np.random.Generator,
) -> Floats:
    """Statistics of residuals with random signs, the line projected out again, (n_kernels, n_draws)."""
    n_rows = len(inflated)
    group, n_groups = np.arange(n_rows), n_rows
    if groups is not None:
        group = np.unique(groups, return_inverse=True)[1]
        n_groups = int(group.max()) + 1
    chunk = max(1, _CHUNK // n_rows)
    parts = []
    for start in range(0, n_draws, chunk):
        size = (n_groups, min(chunk, n_draws - start))
        signs = 2.0 * rng.integers(0, 2, size=size, dtype=np.int8) - 1.0
        drawn = signs[group] * inflated[:, None]
        drawn -= basis @ (basis.T @ drawn)
        parts.append(_statistics(drawn, directions))
    return np.concatenate(parts, axis=1)
