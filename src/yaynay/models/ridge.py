"""Ridge regression: the line with its slopes shrunk, by as much as generalised cross-validation prefers.

All that it needs of the rows is the triangle of their QR factorisation, as in `ols`. One singular value decomposition
of the centred triangle gives the score of every penalty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yaynay.errors import DataError
from yaynay.models import ols

_DEPENDENT = 1e-11
"""A singular value below this share of the largest is rounding: some columns are combinations of others."""
_REACH = 10.0
"""Penalties go this many powers of ten beyond the squared singular values: from no shrinkage to the mean alone."""
_PER_DECADE = 8
_FINE = 65
"""Penalties between the two neighbours of the best one of the grid."""
_EQUAL = 1e-9
"""Scores that differ by a smaller share are equal, and the largest penalty among them is taken."""


@dataclass(frozen=True, eq=False)
class Ridge:
    """A fitted line.

    Attributes:
        intercept: Not shrunk [unit of y].
        slopes: Coefficient of each feature, (n_features,) [unit of y / unit of x].
        penalty: Added to n_rows on the diagonal of the standardised features' cross product; 0 where none varies.
    """

    intercept: float
    slopes: NDArray[np.float64]
    penalty: float

    def predict(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predictions for x (n_rows, n_features), (n_rows,) [unit of y]."""
        return self.intercept + x @ self.slopes


def fit(x: NDArray[np.float64], y: NDArray[np.float64]) -> Ridge:
    """Ridge regression of y on x, with features standardised and the penalty that has the best score.

    Args:
        x: Features, finite, (n_rows, n_features).
        y: Target, finite, (n_rows,).

    Returns:
        The line; a constant feature has slope 0.

    Raises:
        DataError: A coefficient overflows float64.

    Source:
        Golub, Heath & Wahba (1979), Generalized Cross-Validation as a Method for Choosing a Good Ridge Parameter.

    Example:
        >>> line = fit(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.0, 1.0, 1.0, 2.0]))
        >>> bool(0 < line.slopes[0] < 0.6)  # 0.6 is the slope of least squares
        True
    """
    rows = np.column_stack([x, y])
    exponents = np.frexp(np.max(np.abs(rows), axis=0))[1]
    rows = np.column_stack([np.ones(len(y)), np.ldexp(rows, -exponents)])
    scaled, penalty = _solve(ols.triangle(rows))
    unit = exponents[-1]
    with np.errstate(over="ignore"):
        slopes = np.ldexp(scaled[1:], unit - exponents[:-1])
        intercept = float(np.ldexp(scaled[0], unit))
    if not np.isfinite([intercept, *slopes]).all():
        raise DataError("ridge: a coefficient exceeds 1.8e308; rescale that column or the target")
    return Ridge(intercept, slopes, penalty)


def fit_triangles(triangles: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Intercept and slopes on all rows (1, features, target) that triangles were made of, as `ols.fit_triangles`."""
    return _solve(ols.triangle(np.vstack(triangles)))[0]


def score_penalties(
    penalties: NDArray[np.float64],
    singular: NDArray[np.float64],
    along: NDArray[np.float64],
    n_rows: int,
    rest: float,
) -> NDArray[np.float64]:
    """Generalised cross-validation: n RSS / (n - degrees of freedom)^2.

    Args:
        penalties: To score, (n_penalties,).
        singular: Singular values of the standardised features, (rank,).
        along: The centred target along each left singular vector, (rank,).
        n_rows: Rows of the fit.
        rest: Sum of squares of the centred target that no penalty explains.

    Returns:
        The mean squared error that each penalty would have on new rows, (n_penalties,).
    """
    left = penalties[:, None] / (singular**2 + penalties[:, None])  # what is left along each vector
    freedom = n_rows - 1 - len(singular) + left.sum(axis=1)
    return n_rows * (rest + np.sum((left * along) ** 2, axis=1)) / freedom**2


def _solve(triangle: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Intercept and slopes, and the penalty, of the rows (1, features, target) that a triangle was made of."""
    n_rows = round(triangle[0, 0] ** 2)
    centred, target = triangle[1:, 1:-1], triangle[1:, -1]
    norm = np.linalg.norm(centred, axis=0)
    varying = np.flatnonzero(ols.varies(norm, np.linalg.norm(triangle[:, 1:-1], axis=0)))
    deviation = norm[varying] / np.sqrt(n_rows)
    slopes, penalty = np.zeros(len(norm)), 0.0
    if len(varying):
        u, singular, vt = np.linalg.svd(centred[:, varying] / deviation, full_matrices=False)
        rank = int(np.sum(singular > _DEPENDENT * singular[0]))
        u, singular, vt = u[:, :rank], singular[:rank], vt[:rank]
        along = u.T @ target
        penalty = _choose(singular, along, n_rows, float(np.sum((target - u @ along) ** 2)))
        slopes[varying] = vt.T @ (singular / (singular**2 + penalty) * along) / deviation
    intercept = (triangle[0, -1] - triangle[0, 1:-1] @ slopes) / triangle[0, 0]
    return np.append(intercept, slopes), penalty


def _choose(singular: NDArray[np.float64], along: NDArray[np.float64], n_rows: int, rest: float) -> float:
    """The penalty with the best score: of a grid, and then of a finer one around it."""
    low, high = 2 * np.log10(singular[-1]) - _REACH, 2 * np.log10(singular[0]) + _REACH
    exponents = np.linspace(low, high, int(np.ceil((high - low) * _PER_DECADE)) + 1)
    for _ in range(2):
        scores = score_penalties(10**exponents, singular, along, n_rows, rest)
        best = int(np.flatnonzero(scores <= scores.min() * (1 + _EQUAL))[-1])
        chosen = exponents[best]
        exponents = np.linspace(exponents[max(best - 1, 0)], exponents[min(best + 1, len(exponents) - 1)], _FINE)
    return float(10**chosen)
