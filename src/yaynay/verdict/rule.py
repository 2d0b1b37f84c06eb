"""The rule: gate and effect together decide an outcome, by margins that were fixed before the run."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from yaynay.config.schema import Rule
from yaynay.verdict import sentences
from yaynay.verdict.effect import Effect
from yaynay.verdict.gate import Gate
from yaynay.verdict.model import Outcome

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

    outcome: Outcome
    sentence: str
    rows_needed: int | None = None


def decide(gate: Gate, effect: Effect, n_rows: int, rule: Rule) -> Decision:
    """Apply the rule.

    yay: the gate rejects the line (p <= alpha), and the gain is at least delta and at least one standard
    error. nay: not yay, and the corrected 95 % bound excludes a gain of delta_nay. undecided: otherwise.
    """
    p_value, gain = gate.p_value, effect.gain
    if p_value <= rule.alpha and gain >= rule.delta and gain >= effect.standard_error:
        return Decision("yay", sentences.yay(p_value, effect))
    if effect.high < rule.delta_nay:
        return Decision("nay", sentences.nay(p_value, effect, n_rows, rule))
    rows_needed = _rows_needed(effect, n_rows)
    return Decision("undecided", sentences.undecided(p_value, effect, n_rows, rule, rows_needed), rows_needed)


def _rows_needed(effect: Effect, n_rows: int) -> int | None:
    """n (2.49 SE / gain)^2; None for a gain of zero or less, which no number of rows would confirm."""
    if effect.gain <= 0:
        return None
    rows = n_rows * (_POWER_80 * effect.standard_error / effect.gain) ** 2
    return int(np.ceil(rows)) if rows < 1e9 else None


def adjust_p_values(p_values: Mapping[str, float]) -> dict[str, float]:
    """p values adjusted to control the false discovery rate over several tables, smallest first.

    Source:
        Benjamini & Hochberg (1995), Controlling the False Discovery Rate.

    Example:
        >>> adjust_p_values({"a": 0.03, "b": 0.04, "c": 0.01})
        {'c': 0.03, 'a': 0.04, 'b': 0.04}
    """
    from scipy.stats import false_discovery_control

    names = sorted(p_values, key=lambda name: (p_values[name], name))
    if not names:
        return {}
    adjusted = false_discovery_control([p_values[name] for name in names])
    return dict(zip(names, adjusted.tolist(), strict=True))
