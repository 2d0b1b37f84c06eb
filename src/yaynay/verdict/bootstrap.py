"""The gate's wild bootstrap: what kernels explain of the residuals, and of the same residuals with random signs."""

import numpy as np
from numpy.typing import NDArray

from yaynay.verdict.kernels import Floats

_CHUNK = 1_000_000
"""Signs drawn at once: bounds the memory."""


def statistics(residuals: Floats, directions: list[Floats]) -> Floats:
    """||G'e||^2 / sum_i ||G_i||^2 e_i^2 of each kernel and column of residuals, (n_kernels, n_columns)."""
    squared = residuals**2
    rows = []
    for factor in directions:
        explained = np.sum((factor.T @ residuals) ** 2, axis=0)
        expected = np.sum(factor**2, axis=1) @ squared
        rows.append(explained / np.maximum(expected, 1e-300))
    return np.array(rows)


def draw(
    residuals: Floats,
    directions: list[Floats],
    basis: Floats,
    n_draws: int,
    group: NDArray[np.integer] | None,
    rng: np.random.Generator,
) -> Floats:
    """Statistics of residuals with random signs, the line projected out again, (n_kernels, n_draws)."""
    inflated = residuals / np.sqrt(np.maximum(1 - np.sum(basis**2, axis=1), 1e-12))
    n_signs = len(inflated) if group is None else int(group.max()) + 1
    chunk = max(1, _CHUNK // len(inflated))
    parts = []
    for start in range(0, n_draws, chunk):
        size = (n_signs, min(chunk, n_draws - start))
        signs = 2.0 * rng.integers(0, 2, size=size, dtype=np.int8) - 1.0
        drawn = (signs if group is None else signs[group]) * inflated[:, None]
        drawn -= basis @ (basis.T @ drawn)
        parts.append(statistics(drawn, directions))
    return np.concatenate(parts, axis=1)


def compare(observed: Floats, drawn: Floats) -> tuple[float, float, list[float]]:
    """Statistic, its p, and each kernel's p, from observed (n_kernels, 1) and bootstrap (n_kernels, n_draws).

    Kernels are put on one scale by the bootstrap's mean and standard deviation; the largest counts.
    """
    n_draws = drawn.shape[1]
    centre, spread = drawn.mean(axis=1, keepdims=True), np.maximum(drawn.std(axis=1, keepdims=True), 1e-12)
    score, drawn_scores = (observed - centre) / spread, (drawn - centre) / spread
    statistic = float(score.max())
    p_value = (1 + int(np.sum(drawn_scores.max(axis=0) >= statistic))) / (n_draws + 1)
    alone = (1 + np.sum(drawn_scores >= score, axis=1)) / (n_draws + 1)
    return statistic, p_value, [float(p) for p in alone]
