"""Columns that may name subjects with several rows each."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import fdtrc

from yaynay.config.quoting import override
from yaynay.data.columns import quote
from yaynay.data.raw import Floats

FEWEST_LEVELS = 10
_FARTHEST = 4.0
"""Standard errors by which the products of residuals within levels must exceed 0, whatever the noise of each level."""


def find_fixed(features: pd.DataFrame) -> tuple[str, ...]:
    """A column whose equal cells come with equal cells in two others or more, and what to say; or nothing."""
    codes = {str(name): pd.factorize(values.to_numpy(), use_na_sentinel=False)[0] for name, values in features.items()}
    n_levels = {name: int(code.max()) + 1 for name, code in codes.items()}
    best: tuple[int, str, list[str]] | None = None
    for name, code in codes.items():
        n = n_levels[name]
        if not 5 <= n <= len(features) / 2 or len(codes) > 200:
            continue
        fixed = [
            other
            for other, level in codes.items()
            if other != name and n_levels[other] >= 5 and len(np.unique(code * n_levels[other] + level)) == n
        ]
        if len(fixed) >= 2 and (best is None or n > best[0]):
            best = (n, name, fixed)
    if best is None:
        return ()
    n, name, fixed = best
    listed = ", ".join(map(quote, fixed[:3])) + ", ..." * (len(fixed) > 3)
    return name, (
        f"equal cells of {quote(name)} always come with equal cells of {listed}: its {n} values may be subjects with "
        f"several rows each, which are not independent; if they are, set {override('dataset.groups', name)}"
    )


def find_levels(left: Floats, columns: Mapping[str, Floats], n_coefficients: int, alpha: float) -> tuple[str, ...]:
    """The column of whole numbers or texts within whose levels residuals are most alike, and what to say; or nothing.

    Args:
        left: Residuals of the line, (n_rows,).
        columns: Cells as numbers, NaN where missing, each (n_rows,).
        n_coefficients: Of the line.
        alpha: Level of the F test, over all columns.

    Source:
        Fisher (1925) for the intraclass correlation; Wooldridge (2002), Econometric Analysis of Cross Section and Panel
        Data, 10.4.4, for the products within levels, which noise that differs between levels does not mislead.
    """
    tried = {name: codes for name, cells in columns.items() if (codes := _levels(cells)) is not None}
    best: tuple[float, str, int] | None = None
    for name, codes in tried.items():
        curve = _curve(columns[name], codes)
        rest = left - curve @ (curve.T @ left)
        correlation, p_value = intraclass(rest, codes, n_coefficients, curve.shape[1])
        if p_value <= alpha / len(tried) and (best is None or correlation > best[0]):
            best = (correlation, name, int(codes.max()) + 1)
    if best is None:
        return ()
    correlation, name, n = best
    return name, (
        f"rows with equal cells of {quote(name)} lie on the same side of the line too often (intraclass correlation "
        f"{correlation:.2f}), as rows of one subject, place or batch do: if its {n} values are such, set "
        f"{override('dataset.groups', name)}"
    )


def _levels(cells: Floats) -> NDArray[np.intp] | None:
    """Number of each row's level; None where the cells are no whole numbers, or hardly one comes back."""
    present = cells[~np.isnan(cells)]
    if len(present) < len(cells) or not np.array_equal(present, np.floor(present)):
        return None
    levels, codes = np.unique(cells, return_inverse=True)
    return codes if FEWEST_LEVELS <= len(levels) <= len(cells) / 2 else None


def _curve(cells: Floats, codes: NDArray[np.intp]) -> Floats:
    """Basis of smooth curves in the cells, (n_rows, n_curves): they make equal values of a quantity alike."""
    n_levels = int(codes.max()) + 1
    place, value = codes / (n_levels - 1), (cells - cells.min()) / np.ptp(cells)
    knots = np.linspace(0, 1, min(6, n_levels // 12) + 2)[1:-1]
    curves = [np.ones(len(cells)), *(place**power for power in (1, 2, 3)), *(value**power for power in (1, 2, 3))]
    curves += [np.maximum(place - knot, 0) ** 3 for knot in knots]
    directions, lengths, _ = np.linalg.svd(np.column_stack(curves), full_matrices=False)
    return directions[:, lengths > 1e-6 * lengths.max()]


def intraclass(left: Floats, codes: NDArray[np.intp], n_coefficients: int, n_curves: int = 1) -> tuple[float, float]:
    """Intraclass correlation of residuals, and the p value of its F test; 1 where noise of unequal size may explain it.

    Args:
        left: Residuals, (n_rows,).
        codes: Level of each row, (n_rows,).
        n_coefficients: Of the line that left them.
        n_curves: Functions of the level that were taken out of them, a constant included.

    Example:
        >>> codes = np.repeat(np.arange(30), 4)
        >>> dice = np.random.default_rng(0)
        >>> alike = intraclass(2 * dice.normal(size=30)[codes] + dice.normal(size=120), codes, 1)
        >>> alone = intraclass(dice.normal(size=120), codes, 1)
        >>> bool(alike[0] > 0.5 and alike[1] < 1e-4 and alone[1] > 0.01)
        True
    """
    sizes, sums = np.bincount(codes), np.bincount(codes, weights=left)
    squares, fourths = np.bincount(codes, weights=left**2), np.bincount(codes, weights=left**4)
    between, total = float(np.sum(sums**2 / sizes)), float(squares.sum())
    freedom = len(sizes) - n_curves, len(left) - len(sizes) - n_coefficients
    if min(freedom) < 1 or total <= between:
        return 0.0, 1.0
    mean_between, mean_within = between / freedom[0], (total - between) / freedom[1]
    size = (len(left) - np.sum(sizes**2) / len(left)) / freedom[0]
    correlation = float((mean_between - mean_within) / (mean_between + (size - 1) * mean_within))
    products, variance = np.sum(sums**2 - squares) / 2, np.sum(squares**2 - fourths) / 2
    if products <= _FARTHEST * np.sqrt(max(variance, 0.0)):
        return correlation, 1.0
    return correlation, float(fdtrc(*freedom, mean_between / mean_within))
