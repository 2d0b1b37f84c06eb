"""Where a relation bends: what a reader is told once the gate has found that it is not linear.

A description and not a test: it says where to look, and no outcome depends on it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from yaynay.data.table import Table
from yaynay.models import least_squares
from yaynay.verdict.gate import MOST_ROWS, Gate

Floats = NDArray[np.float64]

SHAPES = {
    "additive_wide": "a broad curve along a feature",
    "additive_narrow": "steps or waves along a feature",
    "relu_1": "changes of slope",
    "relu_4": "many changes of slope",
    "gaussian": "a smooth surface over the features together",
}
"""What each kernel of the gate sees, simplest first."""

_LOOKED_AT = 20
"""Features whose curves are fitted beside the whole line; of more, those that promise most beside their own slope."""
_INDEPENDENT = 1e-8
"""Share of the largest eigenvalue below which a column of a curve is given by the line."""


@dataclass(frozen=True)
class Bend:
    """Where a relation that is not linear bends.

    Attributes:
        shapes: What the gate's kernels with a p up to alpha see, in words; each is one of five comparisons.
        feature: Where a curve along one feature, added to the line, explains most of the line's squared error; None
            where no such curve is beyond chance, unless there is one feature alone.
        share: How much that is, on the rows that it was fitted to [share of the line's squared error]; None where it is
            not beyond chance.
    """

    shapes: tuple[str, ...]
    feature: str | None
    share: float | None


def find_bend(table: Table, gate: Gate | None, alpha: float) -> Bend | None:
    """Where the relation bends; None where the gate does not say that it does.

    To the line is added, for one feature at a time, a curve of three columns: its square, and hinges at the thirds of
    its values. The feature whose curve explains most is named if a score test of its three columns, robust to unequal
    noise and to rows of one group, is below alpha after Bonferroni's correction for the number of features.

    Args:
        table: The data.
        gate: The test on it.
        alpha: What its p is held against.

    Source:
        Wooldridge (1990), A Unified Approach to Robust, Regression-Based Specification Tests, for the score test.
    """
    if gate is None or gate.p_value > alpha:
        return None
    shapes = tuple(words for name, words in SHAPES.items() if gate.kernel_p_values.get(name, 1.0) <= alpha)
    x, y, groups = _sample(table)
    z = _z_scores(x)
    curved = [place for place in range(z.shape[1]) if len(np.unique(z[:, place])) > 2]
    basis = _orthonormal(np.column_stack([np.ones(len(y)), z]))
    residuals = _z_scores(y[:, None])[:, 0]
    residuals = residuals - basis @ (basis.T @ residuals)
    total = float(residuals @ residuals)
    if not curved or total == 0:
        return Bend(shapes, None, None)
    found = []
    for place in _promising(z, residuals, curved):
        curve = _curve(z[:, place])
        curve -= basis @ (basis.T @ curve)
        explained, p_value = _score(curve, residuals, groups)
        if p_value * len(curved) <= alpha:
            found.append((explained / total, place))
    if not found:
        return Bend(shapes, table.features[0] if table.n_features == 1 else None, None)
    share, place = max(found)
    return Bend(shapes, table.features[place], share)


def _sample(table: Table) -> tuple[Floats, Floats, NDArray[np.int64] | None]:
    """Features with missing cells filled, target and groups, on as many rows as the gate looks at."""
    x, y, groups = least_squares.impute(table.x, np.arange(table.n_rows)), table.y, table.groups
    if len(y) <= MOST_ROWS:
        return x, y, groups
    rows = np.sort(np.random.default_rng(5).choice(len(y), MOST_ROWS, replace=False))
    return x[rows], y[rows], None if groups is None else groups[rows]


def _z_scores(columns: Floats) -> Floats:
    """Columns with mean 0 and standard deviation 1; constant ones are 0."""
    exponents = np.frexp(np.max(np.abs(columns), axis=0, initial=0.0))[1]
    scaled = np.ldexp(columns, -exponents)
    centred = scaled - scaled.mean(axis=0)
    deviation = np.std(centred, axis=0)
    return np.where(deviation > 1e-12, centred / np.maximum(deviation, 1e-12), 0.0)


def _orthonormal(design: Floats) -> Floats:
    left, sizes, _ = np.linalg.svd(design, full_matrices=False)
    return left[:, sizes > 1e-10 * sizes[0]]


def _curve(z: Floats) -> Floats:
    """Square and hinges of a feature, outlying values held at three standard deviations, (n_rows, 3)."""
    z = np.clip(z, -3, 3)
    low, high = np.quantile(z, [1 / 3, 2 / 3])
    return np.column_stack([z**2, np.maximum(z - low, 0), np.maximum(z - high, 0)])


def _promising(z: Floats, residuals: Floats, places: list[int]) -> list[int]:
    """Features to look at: those whose curve, beside their own slope alone, explains most."""
    if len(places) <= _LOOKED_AT:
        return places
    gains = {}
    for place in places:
        own = _orthonormal(np.column_stack([np.ones(len(z)), z[:, place]]))
        curve = _curve(z[:, place])
        gains[place] = _score(curve - own @ (own.T @ curve), residuals, None)[0]
    return sorted(gains, key=lambda place: -gains[place])[:_LOOKED_AT]


def _score(curve: Floats, residuals: Floats, groups: NDArray[np.int64] | None) -> tuple[float, float]:
    """What a curve with the line projected out explains of the residuals' squares, and the p of its score test."""
    sizes, axes = np.linalg.eigh(curve.T @ curve)
    kept = sizes > _INDEPENDENT * max(float(sizes[-1]), len(curve) * _INDEPENDENT)
    if not kept.any():
        return 0.0, 1.0
    columns = curve @ (axes[:, kept] / np.sqrt(sizes[kept]))
    slopes = columns.T @ residuals
    scores = columns * residuals[:, None]
    if groups is not None:
        scores = np.column_stack([np.bincount(groups, weights=column) for column in scores.T])
    statistic = float(slopes @ np.linalg.lstsq(scores.T @ scores, slopes, rcond=None)[0])
    return float(slopes @ slopes), float(gammaincc(kept.sum() / 2, statistic / 2))  # chi-squared's upper tail
