"""Ordinary least squares: the line that every network is measured against.

Columns are scaled by powers of two (which rounds nothing), factored by QR with column pivoting, and the
solution is refined with residuals in extended precision. The normal equations are never formed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.special import stdtr, stdtrit

from yaynay.errors import DataError

_REFINEMENTS = 4
_DEPENDENT = 1e-11
"""A pivot below this share of the first one marks a column as a combination of the others. Filip's tenth
power, which carries information, has 3e-10."""
_CONSTANT = 1e-12
"""A column that deviates from its mean by at most this share of its size is constant. A factorisation's rounding alone
leaves 3e-14 of a constant in a million rows."""


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """A fitted line.

    Attributes:
        intercept: [unit of y]; 0 where the fit has none.
        slopes: Coefficient of each feature, 0 for a dependent one, (n_features,) [unit of y / unit of x].
        rank: Independent columns of the design, the intercept among them.
        dependent: Features that are combinations of others (or constant) and were left out.
        n_rows: Rows of the fit.
        residual_sd: sqrt(sum of squared residuals / degrees of freedom) [unit of y]; NaN without degrees of freedom.
    """

    intercept: float
    slopes: NDArray[np.float64]
    rank: int
    dependent: tuple[int, ...]
    n_rows: int
    residual_sd: float
    _design: NDArray[np.float64]
    _has_intercept: bool

    @property
    def degrees_of_freedom(self) -> int:
        return self.n_rows - self.rank

    def predict(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Predictions for x (n_rows, n_features), (n_rows,) [unit of y]."""
        return self.intercept + x @ self.slopes

    @cached_property
    def coefficients(self) -> NDArray[np.float64]:
        """Intercept (where there is one) and slopes."""
        return np.append(self.intercept, self.slopes) if self._has_intercept else self.slopes

    @cached_property
    def standard_errors(self) -> NDArray[np.float64]:
        """Standard error of each of `coefficients`; all NaN where columns depend on each other.

        A coefficient of a dependent column is not determined, and a small standard error would claim that
        it is.
        """
        if self.dependent or self.degrees_of_freedom < 1:
            return np.full(len(self.coefficients), np.nan)
        exponents = _exponents(self._design)
        inverse = _inverse_triangle(np.ldexp(self._design, -exponents))
        spread = np.sqrt(np.sum(inverse**2, axis=1)) * np.ldexp(np.longdouble(1), -exponents)
        return (self.residual_sd * spread).astype(np.float64)

    @property
    def t_values(self) -> NDArray[np.float64]:
        """Coefficients over their standard errors; +-inf where the fit is exact."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.coefficients / self.standard_errors

    @property
    def p_values(self) -> NDArray[np.float64]:
        """Two-sided p of "this coefficient is 0", from Student's t."""
        if self.degrees_of_freedom < 1:
            return np.full(len(self.coefficients), np.nan)
        return 2 * stdtr(self.degrees_of_freedom, -np.abs(self.t_values))

    def intervals(self, level: float = 0.95) -> NDArray[np.float64]:
        """Confidence interval of each coefficient, (n_coefficients, 2)."""
        if self.degrees_of_freedom < 1:
            return np.full((len(self.coefficients), 2), np.nan)
        reach = stdtrit(self.degrees_of_freedom, (1 + level) / 2) * self.standard_errors
        return np.column_stack([self.coefficients - reach, self.coefficients + reach])


def fit(x: NDArray[np.float64], y: NDArray[np.float64], *, intercept: bool = True) -> LeastSquares:
    """Least-squares line of y on x.

    Args:
        x: Features, finite, (n_rows, n_features).
        y: Target, finite, (n_rows,).
        intercept: Whether the line may miss the origin.

    Returns:
        The line; a feature that depends on others gets slope 0, which leaves predictions as they are.

    Raises:
        DataError: A value is not finite, or coefficients overflow float64.

    Source:
        Bjoerck (1967), Iterative refinement of linear least squares solutions I.

    Example:
        >>> line = fit(np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0]))
        >>> line.intercept, line.slopes.tolist()
        (1.0, [2.0])
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("least squares: a value is not finite; allowed: finite numbers; drop or impute such rows")
    design = np.column_stack([np.ones(len(y)), x]) if intercept else np.asarray(x, dtype=np.float64)
    exponents = _exponents(design)
    y_exponent = int(_exponents(y[:, None])[0])
    scaled, target = np.ldexp(design, -exponents), np.ldexp(y, -y_exponent)
    kept = _independent(scaled, first=intercept)
    solution, residuals = _solve(scaled[:, kept], target)
    coefficients = np.zeros(design.shape[1])
    with np.errstate(over="ignore"):
        coefficients[kept] = np.ldexp(solution, y_exponent - exponents[kept]).astype(np.float64)
    if not np.isfinite(coefficients).all():
        raise DataError("least squares: a coefficient exceeds 1.8e308; rescale that column or the target")
    freedom = len(y) - len(kept)
    sum_of_squares = np.sum(residuals**2)
    deviation = float(np.ldexp(np.sqrt(sum_of_squares / freedom), y_exponent)) if freedom > 0 else float("nan")
    offset = 1 if intercept else 0
    return LeastSquares(
        intercept=float(coefficients[0]) if intercept else 0.0,
        slopes=coefficients[offset:],
        rank=len(kept),
        dependent=tuple(sorted(set(range(x.shape[1])) - {int(place) - offset for place in kept})),
        n_rows=len(y),
        residual_sd=deviation,
        _design=design,
        _has_intercept=intercept,
    )


def triangle(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """What least squares needs to know of some rows (1, features, target): the triangle of their QR factorisation."""
    return linalg.qr(rows, mode="r", check_finite=False, overwrite_a=True)[0][: rows.shape[1]]


def fit_triangles(triangles: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Intercept and slopes of the line on all rows that triangles were made of; 0 for a dependent feature.

    Source:
        Demmel et al. (2012), Communication-optimal parallel and sequential QR and LU factorizations.

    Example:
        >>> rows = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 3.0], [1.0, 2.0, 5.0], [1.0, 3.0, 7.0]])
        >>> fit_triangles([triangle(rows[:3].copy()), triangle(rows[3:].copy())]).round(12).tolist()
        [1.0, 2.0]
    """
    joined = triangle(np.vstack(triangles))
    design, target = joined[:, :-1], joined[:, -1]
    centred = design[1:, 1:]  # below the intercept's row is what it leaves unexplained
    deviation = np.linalg.norm(centred, axis=0)
    columns = np.flatnonzero(varies(deviation, np.linalg.norm(design[:, 1:], axis=0)))
    kept = np.append(0, np.sort(1 + columns[_pivots(centred[:, columns] / deviation[columns])])).astype(np.intp)
    solution, _ = _solve(design[:, kept], target)
    coefficients = np.zeros(design.shape[1])
    coefficients[kept] = solution.astype(np.float64)
    return coefficients


def varies(deviation: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which columns are not constant, by the norms of what the intercept leaves of them and of all of them."""
    return deviation > _CONSTANT * size


def name_dependent(line: LeastSquares, features: Sequence[str]) -> list[str]:
    """Names of the features that the line left out."""
    return [features[column] for column in line.dependent]


def _exponents(design: NDArray[np.float64]) -> NDArray[np.intp]:
    """Power of two just above each column's largest absolute value; 0 for a column of zeros."""
    return np.frexp(np.max(np.abs(design), axis=0, initial=0.0))[1].astype(np.intp)


def _independent(scaled: NDArray[np.float64], *, first: bool) -> NDArray[np.intp]:
    """Columns that a pivoted QR finds independent, in their own order; the intercept always among them."""
    if first:  # what is left of each column once the intercept has its share
        centred = scaled[:, 1:] - scaled[:, 1:].mean(axis=0)
        centred -= centred.mean(axis=0)  # the mean of many rows is off by rounding
        deviation = np.linalg.norm(centred, axis=0)
        columns = np.flatnonzero(varies(deviation, np.linalg.norm(scaled[:, 1:], axis=0)))
        return np.append(0, np.sort(1 + columns[_pivots(centred[:, columns] / deviation[columns])])).astype(np.intp)
    size = np.linalg.norm(scaled, axis=0)
    columns = np.flatnonzero(size > 0)
    return np.sort(columns[_pivots(scaled[:, columns] / size[columns])])


def _pivots(columns: NDArray[np.float64]) -> NDArray[np.intp]:
    if columns.shape[1] == 0:
        return np.empty(0, dtype=np.intp)
    triangle, order = linalg.qr(columns, mode="r", pivoting=True)
    pivots = np.abs(np.diag(triangle))
    return order[: len(pivots)][pivots > _DEPENDENT * pivots[0]]


def _solve(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.longdouble], NDArray[np.longdouble]]:
    """Solution and residuals of a full-rank problem, refined as one augmented system.

    Solution x and residual r satisfy r + a x = b and a' r = 0; both equations' defects are taken in
    extended precision and corrected with the float64 factors.
    """
    q, triangle = linalg.qr(a, mode="economic")
    exact = a.astype(np.longdouble)
    solution = np.zeros(a.shape[1], dtype=np.longdouble)
    residuals = b.astype(np.longdouble)
    for _ in range(_REFINEMENTS):
        defect = (b - residuals - exact @ solution).astype(np.float64)
        gradient = (-(exact.T @ residuals)).astype(np.float64)
        across = linalg.solve_triangular(triangle, gradient, trans="T")
        along = q.T @ defect
        solution += linalg.solve_triangular(triangle, along - across)
        residuals += defect - q @ (along - across)
    return solution, residuals


def _inverse_triangle(scaled: NDArray[np.float64]) -> NDArray[np.longdouble]:
    """Inverse of R of scaled = QR, in extended precision, by Gram-Schmidt done twice."""
    q = scaled.astype(np.longdouble)
    n_columns = q.shape[1]
    triangle = np.zeros((n_columns, n_columns), dtype=np.longdouble)
    for j in range(n_columns):
        for _ in range(2):  # twice is enough: Giraud, Langou & Rozloznik (2005)
            share = q[:, :j].T @ q[:, j]
            q[:, j] -= q[:, :j] @ share
            triangle[:j, j] += share
        triangle[j, j] = np.sqrt(np.sum(q[:, j] ** 2))
        q[:, j] /= triangle[j, j]
    inverse = np.zeros_like(triangle)
    for j in range(n_columns):
        inverse[j, j] = 1 / triangle[j, j]
        for i in range(j - 1, -1, -1):
            inverse[i, j] = -(triangle[i, i + 1 : j + 1] @ inverse[i + 1 : j + 1, j]) / triangle[i, i]
    return inverse
