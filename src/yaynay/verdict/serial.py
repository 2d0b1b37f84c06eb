"""Rows that follow each other in time: how much residuals carry over, and blocks of rows that hang together.

Residuals of a line on such rows are alike for a while. If they follow u_t = rho u_(t-1) + e_t, then quasi-differences,
each row less rho times the row before, leave e_t; what else carries over stays within blocks of consecutive rows.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST = 0.99
"""Of 1 itself, a random walk, the intercept would vanish in quasi-differences."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Which rows are tested, as they are or as quasi-differences.

    Attributes:
        rows: Their numbers, (n_tested,).
        before: The row before each, (n_tested,); None for rows as they are.
        rho: What is taken of the row before.
    """

    rows: NDArray[np.intp]
    before: NDArray[np.intp] | None = None
    rho: float = 0.0

    def of(self, values: Callable[[NDArray[np.intp]], Floats], some: slice = slice(None)) -> Floats:
        """Values of these rows, or of some of them, (n_some, ...).

        Args:
            values: Gives the values of rows by their numbers.
            some: Which of them.
        """
        found = values(self.rows[some])
        return found if self.before is None else found - self.rho * values(self.before[some])


def follow(times: NDArray[np.integer], residuals: Floats) -> tuple[Rows, NDArray[np.int64]]:
    """How rows are tested that follow each other in time, and the block of each.

    Args:
        times: When each row was observed, (n_rows,). Where some are equal, rows stay as they are, in longer blocks.
        residuals: Of the line, (n_rows,).
    """
    codes = np.unique(times, return_inverse=True)[1]
    n_before = len(codes) - 1
    if codes.max() < n_before:
        return Rows(np.arange(len(codes))), make_blocks(codes, residuals)
    order = np.argsort(codes)
    blocks = np.arange(n_before, dtype=np.int64) // short_length(n_before)
    return Rows(order[1:], order[:-1], autocorrelation(residuals[order])), blocks


def autocorrelation(residuals: Floats) -> float:
    """Correlation of each residual with the one before, corrected for its bias, from 0 to 0.99.

    Source:
        Marriott & Pope (1954) for the bias, -(1 + 3 rho) / n.

    Example:
        >>> autocorrelation(np.array([1.0, -1.0] * 20)), round(autocorrelation(np.repeat([1.0, -1.0], 20)), 2)
        (0.0, 0.99)
    """
    centred = residuals - residuals.mean()
    rho = float(centred[1:] @ centred[:-1]) / max(float(centred @ centred), 1e-300)
    return min(max(rho + (1 + 3 * rho) / len(residuals), 0.0), _MOST) if rho > 0 else 0.0


def short_length(n_rows: int) -> int:
    """Rows of a block where little carries over: the cube root of their number.

    >>> short_length(200), short_length(1000)
    (6, 10)
    """
    return math.ceil(round(n_rows ** (1 / 3), 9))


def rows_of_blocks(n_blocks: int) -> int:
    """The fewest rows that make so many short blocks of quasi-differences.

    >>> rows_of_blocks(34), rows_of_blocks(14)
    (200, 54)
    """
    n_rows = n_blocks
    while -(-n_rows // short_length(n_rows)) < n_blocks:
        n_rows += 1
    return n_rows + 1


def long_length(rho: float, n_rows: int) -> int:
    """Rows of a block where residuals carry over by rho; never fewer than `short_length`.

    Source:
        Andrews (1991), Heteroskedasticity and Autocorrelation Consistent Covariance Matrix Estimation, eq. 6.2 and 6.4.

    Example:
        >>> long_length(0.0, 200), long_length(0.5, 200), long_length(0.9, 200)
        (6, 9, 30)
    """
    alpha = 4 * rho**2 / ((1 - rho) ** 2 * (1 + rho) ** 2)
    return max(short_length(n_rows), math.ceil(1.1447 * (alpha * n_rows) ** (1 / 3)))


def make_blocks(times: NDArray[np.integer], residuals: Floats) -> NDArray[np.int64]:
    """Blocks of consecutive times, as long as residuals carry over, (n_rows,).

    Args:
        times: Place of each row in time, counted from 0, (n_rows,).
        residuals: Of the line, (n_rows,); of rows of one time the mean counts.
    """
    means = np.bincount(times, weights=residuals) / np.bincount(times)
    return (times // long_length(autocorrelation(means), len(means))).astype(np.int64)
