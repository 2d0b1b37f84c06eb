"""The verdict: gate and effect together, as an outcome and a sentence that a manager can read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from yaynay.config.schema import Verdict as Options
from yaynay.verdict.effect import Effect
from yaynay.verdict.gate import Gate

YAY, NAY, UNDECIDED = "yay", "nay", "undecided"
_POWER_80 = 2.49
"""Standard errors that a gain must measure to be seen by a one-sided 5 % test with 80 % power: 1.645 + 0.842."""


@dataclass(frozen=True)
class Decision:
    """What was decided, and why in one sentence.

    Attributes:
        outcome: "yay", "nay" or "undecided".
        sentence: For a reader who knows no statistics.
        rows_needed: Rows that would settle an undecided gain with 80 % power; None where that cannot be said.
    """

    outcome: str
    sentence: str
    rows_needed: int | None = None


def decide(gate: Gate, effect: Effect, n_rows: int, options: Options) -> Decision:
    """Apply the rule that was fixed before the run.

    yay: the gate rejects the line (p <= alpha), and the gain is at least delta and at least one standard
    error. nay: not yay, and the corrected 95 % bound excludes a gain of delta_nay. undecided: the rest.
    """
    rejects = gate.p_value <= options.alpha
    gain, error = effect.gain, effect.standard_error
    percent = f"{100 * gain:z.1f} %"
    if rejects and gain >= options.delta and gain >= error:
        saved = 1 - effect.rmse_network / effect.rmse_linear
        low, high = 100 * effect.low, 100 * effect.high
        edge = f"; but it is a narrow yay, for its 90 % interval, {low:z.1f} to {high:z.1f} %, reaches zero"
        return Decision(
            YAY,
            f"The network is worth it: the relation is not linear (p = {_p(gate.p_value)}), and the network explains "
            f"{percent} more of the variance than the line ({100 * saved:.0f} % less error)"
            f"{edge if effect.low <= 0 else ''}.",
        )
    bound = gain + float(stdtrit(effect.n_splits - 1, 0.95)) * effect.corrected_error
    if bound < options.delta_nay:
        if rejects:
            return Decision(
                NAY,
                f"The relation is not linear (p = {_p(gate.p_value)}), but this network gains nothing material at "
                f"{n_rows} rows ({percent}): keep the line, or try trees, a GAM or more rows.",
            )
        return Decision(
            NAY,
            f"Keep the line: a network would gain less than {100 * options.delta_nay:g} % of the variance "
            f"(measured {percent}), and nothing speaks against a straight line (p = {_p(gate.p_value)}).",
        )
    rows_needed = _rows_needed(effect, n_rows)
    return Decision(UNDECIDED, _lean(gate, effect, rejects, rows_needed, n_rows), rows_needed)


def _lean(gate: Gate, effect: Effect, rejects: bool, rows_needed: int | None, n_rows: int) -> str:
    low, high = 100 * effect.low, 100 * effect.high
    interval = f"{100 * effect.gain:z.1f} % of the variance (90 % interval {low:z.1f} to {high:z.1f} %)"
    if rejects:
        why = f"the relation is not linear (p = {_p(gate.p_value)}), but the network's gain is unclear: {interval}"
    else:
        why = f"nothing speaks against a straight line (p = {_p(gate.p_value)}), but a gain is not excluded: {interval}"
    more = f"; about {rows_needed:,} rows would settle it" if rows_needed and rows_needed > n_rows else ""
    lean = "a network" if effect.gain > 0 and rejects else "the line"
    return f"Keep the line for now: {why}; leaning to {lean}{more}."


def _rows_needed(effect: Effect, n_rows: int) -> int | None:
    """n (2.49 SE / gain)^2; None for a gain of zero or less, which no number of rows would confirm."""
    if effect.gain <= 0:
        return None
    rows = n_rows * (_POWER_80 * effect.standard_error / effect.gain) ** 2
    return int(np.ceil(rows)) if rows < 1e9 else None


def too_small(n_free: str, n_needed: int, p_value: float | None, r2_line: float | None) -> Decision:
    """The verdict on a table with too few rows or groups for folds or for the gate.

    Args:
        n_free: What there is, such as "15 rows".
        n_needed: How many of them would do.
        p_value: The gate's, where there are enough for it.
        r2_line: None where no freedom is left to the line.
    """
    shape = ""
    if p_value is not None:
        shape = (
            f" A test of the shape alone gives p = {_p(p_value)}, which says nothing about what a network would gain."
        )
    fit = "The line has as many coefficients as rows: that it passes through all of them says nothing"
    if r2_line is not None:
        fit = (
            f"On these rows the line explains {100 * r2_line:.1f} % of the variance; a network that fits them "
            "better may only remember them"
        )
    return Decision(
        UNDECIDED,
        f"Keep the line: {n_free} cannot show what a network would gain on new rows (at least {n_needed} are "
        f"needed). {fit}.{shape}",
        rows_needed=n_needed,
    )


def no_network(p_value: float) -> Decision:
    """The verdict on a sweep without a network that has hidden layers."""
    return Decision(
        UNDECIDED,
        "No network with hidden layers ended in this sweep, so nothing is compared "
        f"(p of a straight line: {_p(p_value)}); "
        "sweep model.depth=1,2,3.",
    )


def _p(value: float) -> str:
    """A p value as it is read: three decimals, and a bound for the smallest.

    >>> _p(0.0005), _p(0.0321)
    ('0.0005', '0.032')
    """
    return f"{value:.4f}" if value < 0.001 else f"{value:.3f}"


def benjamini_hochberg(p_values: list[float]) -> list[float]:
    """Adjusted p values that control the false discovery rate over a suite of tables, in the order given.

    Source:
        Benjamini & Hochberg (1995), Controlling the False Discovery Rate.

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.03])
        [0.03, 0.04, 0.04]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values)[::-1]
    ranks = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(values[order] * len(values) / ranks))
    return [float(value) for value in adjusted]


def as_json(value: Any) -> Any:
    """NumPy scalars and non-finite numbers as JSON can hold them (null)."""
    if isinstance(value, dict):
        return {key: as_json(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    if isinstance(value, np.generic):
        return as_json(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value
