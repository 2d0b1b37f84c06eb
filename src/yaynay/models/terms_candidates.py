"""The terms that may join a line: squares, logarithms, natural cubic splines and products of features."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from yaynay.models.formula import KNOTS, Floats, Term, standardise

MOST_CURVED = 30
"""Features whose curves are tried: those that go best with what the line leaves."""
MOST_PRODUCTS = 60
"""Pairs that are tried as products, likewise."""
_KNOTS_AT = np.linspace(0.05, 0.95, KNOTS)
"""Quantiles of the training rows."""
_NEAREST = 0.01
"""Two knots that are nearer to each other than this share of their range are no two knots."""
_OF_SQUARE, _OF_CURVE = 3, 6
"""Different values that a feature needs for a square, and for a logarithm or spline; 0/1 columns have products only."""


def find_candidates(x: Floats, residuals: Floats) -> list[Term]:
    """Terms to try on training rows.

    Args:
        x: Features, finite, (n_rows, n_features).
        residuals: What the line leaves, which says what is tried where there is too much, (n_rows,).

    Example:
        >>> x = np.column_stack([np.arange(12.0) % 2, np.arange(12.0)])
        >>> [term.kind for term in find_candidates(x, np.zeros(12))]
        ['square', 'spline', 'product']
    """
    shift, spread = standardise(x)
    z = (x - shift) / spread
    found = [term for feature in _curved(x, z, residuals) for term in _curves(x[:, feature], feature)]
    return found + [Term("product", pair) for pair in _pairs(x, z, residuals)]


def _curved(x: Floats, z: Floats, residuals: Floats) -> list[int]:
    """Features that vary enough for a curve."""
    able = [feature for feature in range(x.shape[1]) if len(np.unique(x[:, feature])) >= _OF_SQUARE]
    if len(able) <= MOST_CURVED:
        return able
    bent = np.concatenate([z[:, able] ** 2, np.abs(z[:, able])], axis=1)
    strength = _strength(residuals @ bent, np.linalg.norm(bent - bent.mean(axis=0), axis=0))
    best = np.argsort(-strength.reshape(2, -1).max(axis=0), kind="stable")[:MOST_CURVED]
    return [able[place] for place in np.sort(best)]


def _curves(column: Floats, feature: int) -> list[Term]:
    """The square, and where they make sense the logarithm and the spline of one feature."""
    found = [Term("square", (feature,))]
    if len(np.unique(column)) < _OF_CURVE:
        return found
    if 0 < column.min() < column.max() / 2:
        found.append(Term("log", (feature,)))
    knots = np.quantile(column, _KNOTS_AT)
    if np.diff(knots).min() > _NEAREST * (knots[-1] - knots[0]):
        found.append(Term("spline", (feature,), tuple(knots.tolist())))
    return found


def _pairs(x: Floats, z: Floats, residuals: Floats) -> list[tuple[int, int]]:
    """Pairs of features whose product is something else than the line's own columns."""
    size = np.sqrt(np.maximum((z**2).T @ z**2 - (z.T @ z) ** 2 / len(z), 0))  # norm of each product less its mean
    is_there = (size > 0) & ~_is_exclusive(x)
    pairs = [pair for pair in combinations(range(z.shape[1]), 2) if is_there[pair]]
    if len(pairs) <= MOST_PRODUCTS:
        return pairs
    strength = _strength((z * residuals[:, None]).T @ z, size)
    return sorted(sorted(pairs, key=lambda pair: -strength[pair])[:MOST_PRODUCTS])


def _is_exclusive(x: Floats) -> NDArray[np.bool_]:
    """Pairs of columns of two values that leave a combination out, as two levels of a category do.

    Their product is a combination of the two.
    """
    low, high = x.min(axis=0), x.max(axis=0)
    is_binary = (low < high) & ((x == low) | (x == high)).all(axis=0)
    ones = (x == high).astype(float)
    zeros = 1 - ones
    fewest = np.minimum.reduce([one.T @ other for one in (ones, zeros) for other in (ones, zeros)])
    return (fewest == 0) & is_binary[:, None] & is_binary


def _strength(along: Floats, size: Floats) -> Floats:
    """How well columns go with the residuals; 0 for a constant one."""
    return np.abs(along) / np.where(size > 0, size, np.inf)
