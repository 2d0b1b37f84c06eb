"""The gate: a calibrated test of "E[y given x] is linear in x", which trains no network.

An integrated-conditional-moment test. Residuals of the line are compared with what five kernels could still
explain; a wild bootstrap says how much they explain of pure noise of the same spread. Design, kernels and row
weights depend on x alone, so nothing that a sweep does can change the answer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from yaynay.errors import DataError
from yaynay.verdict import bootstrap, kernels
from yaynay.verdict.kernels import Floats, Kernel
from yaynay.verdict.serial import Rows, follow

MIN_FREEDOM = 12
"""Rows (or groups) beyond the rank of the design that the bootstrap needs; docs/gate.md says why."""
MOST_ROWS = 10_000
"""A larger table is tested on this many rows, drawn at random or the last ones in time; this bounds the cost."""
_LANDMARKS = 400
_DIRECTIONS = 60
_JITTER = 1e-8
"""Share of a kernel's mean diagonal that is added to its diagonal, so that it stays invertible with equal rows."""
_NOTHING = 1e-12
"""A kernel that keeps less than this share of its square once the line is projected out sees only rounding."""
_BLOCK = 256
"""Rows of a kernel computed at once: what fits a core's cache."""


@dataclass(frozen=True)
class Gate:
    """Outcome of the test.

    Attributes:
        p_value: Small where the relation is not linear.
        kernel_p_values: Of each kernel alone: what kind of curve was seen. Five comparisons, so not tests.
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
    x: Floats,
    y: Floats,
    *,
    seed: int = 0,
    n_draws: int = 1999,
    groups: NDArray[np.integer] | None = None,
    times: NDArray[np.integer] | None = None,
) -> Gate:
    """Test whether y's conditional mean is linear in x.

    Args:
        x: Features without intercept, finite, (n_rows, n_features); the units do not matter.
        y: Target, finite, (n_rows,); the unit does not matter.
        seed: Of the bootstrap's signs; same seed, same p.
        n_draws: Bootstrap draws.
        groups: Rows of one group share a sign, (n_rows,).
        times: Place of each row in time, counted from 0, (n_rows,). Without groups, quasi-differences of the rows are
            tested, and blocks of them share a sign; where rows have equal times, longer blocks of the rows do.

    Returns:
        The test; p is 1 where the line fits to rounding, or no feature varies.

    Raises:
        DataError: A value is not finite, or too few rows, groups or blocks for the design.

    Source:
        Bierens (1982), Lee, White & Granger (1993) and Escanciano (2006) for the statistic; Wu (1986) and
        Liu (1988) for the bootstrap; Cochrane & Orcutt (1949) for quasi-differences; Shao (2010) for blocks.

    Example:
        >>> x = np.linspace(-1, 1, 40)[:, None]
        >>> noise = np.random.default_rng(1).normal(scale=0.1, size=40)
        >>> measure(x, x[:, 0] ** 2 + noise).p_value, measure(x, x[:, 0] + noise).p_value > 0.05
        (0.0005, True)
    """
    rng = np.random.default_rng([seed, 4])
    x, y, group, times = _sample(x, y, groups, times, rng)
    z = _z_scores(x)
    whole, tested, what = np.column_stack([np.ones(len(y)), z]), Rows(np.arange(len(y))), "groups"
    if times is not None and group is None:
        left = _residuals(y, np.ones(len(y)), _orthonormal(whole))
        (tested, group), what = follow(times, left), "blocks of rows in time"
        y = tested.of(y.__getitem__) if left.any() else np.zeros(len(group))
    design = _orthonormal(tested.of(whole.__getitem__))
    rank = design.shape[1]
    _require_freedom(len(y), rank, "rows")
    if group is not None:
        _require_freedom(int(group.max()) + 1, rank, what)
    root_weight = _root_weights(np.sum(design**2, axis=1), rank / len(y))
    basis = _orthonormal(root_weight[:, None] * design)
    residuals = _residuals(y, root_weight, basis)
    if rank == 1 or not residuals.any():
        return Gate(1.0, dict.fromkeys(kernels.NAMES, 1.0), 0.0, len(y), rank, n_draws)
    directions = _all_directions(np.clip(z, -3, 3), tested, root_weight, basis, rng)
    drawn = bootstrap.draw(residuals, directions, basis, n_draws, group, rng)
    statistic, p_value, alone = bootstrap.compare(bootstrap.statistics(residuals[:, None], directions), drawn)
    return Gate(p_value, dict(zip(kernels.NAMES, alone, strict=True)), statistic, len(y), rank, n_draws)


def _sample(
    x: Floats,
    y: Floats,
    groups: NDArray[np.integer] | None,
    times: NDArray[np.integer] | None,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, NDArray[np.integer] | None, NDArray[np.integer] | None]:
    """The rows, or `MOST_ROWS` of them, in their order, and their groups counted from 0; all must be finite.

    Those that follow each other in time, one by one, are the last ones.
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("gate: a value is not finite; allowed: finite numbers; drop or impute such rows")
    if len(y) > MOST_ROWS:
        if times is not None and groups is None and len(np.unique(times)) == len(times):
            rows = np.sort(np.argsort(times)[-MOST_ROWS:])
        else:
            rows = np.sort(rng.choice(len(y), MOST_ROWS, replace=False))
        x, y = x[rows], y[rows]
        groups, times = (None if codes is None else codes[rows] for codes in (groups, times))
    return x, y, None if groups is None else np.unique(groups, return_inverse=True)[1], times


def _require_freedom(n_free: int, rank: int, what: str) -> None:
    needed = rank + MIN_FREEDOM
    if n_free < needed:
        raise DataError(
            f"gate: {n_free} {what} for a line with {rank} coefficients; allowed: {needed} {what} or more; "
            f"add {needed - n_free} or leave features out"
        )


def _root_weights(leverage: Floats, mean_leverage: float) -> Floats:
    """Square roots of the rows' weights, 1 for an ordinary row, 0 for one that the line must pass through.

    A row loses weight beyond twice the mean leverage, so that outlying rows cannot dominate the test, and where
    the line's freedom hides its noise: what remains of the noise there says too little about its spread.
    """
    pull = np.minimum(1.0, 2 * mean_leverage / leverage)
    return pull * np.clip((1 - leverage) / (1 - mean_leverage), 0.0, 1.0)


def _residuals(y: Floats, root_weight: Floats, basis: Floats) -> Floats:
    """Weighted residuals of the line [standard deviations of y]; exactly 0 where it fits to rounding."""
    target = _z_scores(y[:, None])
    if target.shape[1] == 0:  # a constant
        return np.zeros(len(y))
    weighted = root_weight * target[:, 0]
    residuals = weighted - basis @ (basis.T @ weighted)
    largest = np.max(np.abs(y))
    rounding = max(1e-9, 4 * np.finfo(np.float64).eps / float(np.std(y / largest)))
    return residuals if np.max(np.abs(residuals)) > rounding else np.zeros(len(y))


def _z_scores(columns: Floats) -> Floats:
    """Columns with mean 0 and standard deviation 1, constant ones left out.

    They are first scaled by powers of two, which rounds nothing and keeps squares within range.
    """
    exponents = np.frexp(np.max(np.abs(columns), axis=0, initial=0.0))[1]
    scaled = np.ldexp(columns, -exponents)
    centred = scaled - scaled.mean(axis=0)
    deviation = np.sqrt(np.mean(centred**2, axis=0))
    varies = deviation > 1e-12
    return centred[:, varies] / deviation[varies]


def _orthonormal(design: Floats) -> Floats:
    """Basis of the columns' span, by QR with pivoting, (n_rows, rank)."""
    q, triangle, _ = linalg.qr(design, mode="economic", pivoting=True)
    pivots = np.abs(np.diag(triangle))
    return q[:, : int(np.sum(pivots > 1e-10 * pivots[0]))]


def _all_directions(
    z: Floats, tested: Rows, root_weight: Floats, basis: Floats, rng: np.random.Generator
) -> list[Floats]:
    """Directions of each kernel, from landmarks drawn among the rows."""
    landmarks = z[np.sort(rng.permutation(len(z))[:_LANDMARKS])]
    made = kernels.make(landmarks).values()
    return [_directions(kernel, z, landmarks, tested, root_weight, basis) for kernel in made]


def _directions(
    kernel: Kernel, z: Floats, landmarks: Floats, tested: Rows, root_weight: Floats, basis: Floats
) -> Floats:
    """Leading directions of the kernel with the line projected out, (n_rows, <= 60).

    The kernel is approximated from its landmarks (Nystroem); with all rows as landmarks it is exact.
    """
    small = kernel(landmarks, landmarks)
    small[np.diag_indices_from(small)] += _JITTER * np.trace(small) / len(small)
    triangle = linalg.cholesky(small)
    factor = np.empty((len(basis), len(landmarks)))
    for start in range(0, len(basis), _BLOCK):
        block = slice(start, start + _BLOCK)
        factor[block] = root_weight[block, None] * tested.of(lambda rows: kernel(z[rows], landmarks), block)
    factor = linalg.solve_triangular(triangle, factor.T, trans="T", overwrite_b=True, check_finite=False).T
    size = np.vdot(factor, factor)
    inner = basis.T @ factor
    for start in range(0, len(basis), _BLOCK):
        factor[start : start + _BLOCK] -= basis[start : start + _BLOCK] @ inner
    if np.vdot(factor, factor) < _NOTHING * size:  # as with a single dummy: there is no curve to see
        return np.zeros((len(basis), 1))
    n_columns = factor.shape[1]
    kept = (max(0, n_columns - _DIRECTIONS), n_columns - 1)
    return factor @ linalg.eigh(factor.T @ factor, subset_by_index=kept)[1]
