"""The few figures of each table that people compare, for `dvc metrics diff` and `dvc exp show`."""

import math

from yaynay.verdict.model import Verdict


def figures(verdict: Verdict, spread: float) -> dict[str, str | float | int]:
    """Outcome, gain with its interval, p, errors and rows; a figure that a table does not have is left out.

    Figures are rounded to about a ten-thousandth of the target's spread, so that the same code lists no difference on
    another machine: gains of the default sweep made again differed by 1e-8, and a gain of 1e-2 decides. Errors on
    training rows are left out, because an exact fit's are rounding alone.

    Args:
        verdict: The verdict on the table.
        spread: Standard deviation of the target [unit of the target].

    Example:
        >>> _round_to(3.7634567, spread=4.7), _round_to(1.2e-15, spread=4.7), _round_to(56.7412, spread=352.0)
        (3.7635, 0.0, 56.74)
    """
    found: dict[str, str | float | int | None] = {
        "outcome": verdict.outcome,
        "p_value": None if verdict.p_value is None else float(f"{verdict.p_value:.4g}"),
        "n_rows": verdict.n_rows,
    }
    for name in ("gain", "gain_low", "gain_high"):
        found[name] = _round_to(getattr(verdict, name), 1.0)
    if verdict.is_cross_validated:
        for name in ("rmse_linear", "rmse_ridge", "rmse_network"):
            found[name] = _round_to(getattr(verdict, name), spread)
    return {name: value for name, value in found.items() if value is not None}


def _round_to(value: float | None, spread: float) -> float | None:
    """A value to four decimals of the power of ten at or below the spread; never -0.0."""
    return None if value is None else round(value, 4 - math.floor(math.log10(spread))) + 0.0
