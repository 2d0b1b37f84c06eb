"""The rule: gate and effect together decide an outcome, by margins that were fixed before the run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from yaynay.config.schema import Rule
from yaynay.verdict import sentences
from yaynay.verdict.effect import Effect
from yaynay.verdict.gate import Gate
from yaynay.verdict.model import Outcome

_MOST_ROWS = 1e9
"""Nobody collects more for one question; a count beyond it means that no number of rows would do."""


@dataclass(frozen=True)
class Decision:
    """What was decided, and why in one sentence.

    Attributes:
        outcome: "yay", "nay" or "undecided".
        sentence: For a reader who knows no statistics.
        rows_needed: Rows that would settle an undecided table; None where there is no such number.
        is_between: Undecided at any number of rows, if the measured gain is the true one.
    """

    outcome: Outcome
    sentence: str
    rows_needed: int | None = None
    is_between: bool = False


def decide(gate: Gate, effect: Effect, n_rows: int, rule: Rule) -> Decision:
    """Apply the rule.

    yay: the gate rejects the line (p <= alpha), and the gain is at least delta and at least one standard
    error. nay: not yay, and the corrected 95 % bound excludes a gain of delta_nay. undecided: otherwise.
    """
    p_value, gain = gate.p_value, effect.gain
    is_curved = p_value <= rule.alpha
    if is_curved and gain >= rule.delta and gain >= effect.standard_error:
        return Decision("yay", sentences.yay(p_value, effect))
    if effect.high < rule.delta_nay:
        return Decision("nay", sentences.nay(p_value, effect, n_rows, rule))
    needed = rows_needed(effect, n_rows, rule, is_curved=is_curved)
    sentence = sentences.undecided(p_value, effect, rule, needed)
    return Decision("undecided", sentence, needed if isinstance(needed, int) else None, needed == "none")


def rows_needed(
    effect: Effect, n_rows: int, rule: Rule, *, is_curved: bool
) -> int | Literal["none", "depends on the gate"]:
    """Rows that would settle an undecided table, if the measured gain g is the true one.

    Both standard errors of g shrink with the square root of the number of rows. So at n' rows instead of n, the one
    over rows is s sqrt(n / n'), and the interval's upper end is g + r sqrt(n / n'), where r = high - g at n rows.
    The margins of the rule then give two numbers, of which the smaller counts:

        yay: behind an open gate, if g >= delta:    g >= s sqrt(n / n')              n' >= n (s / g)^2
        nay: if g < delta_nay:                      g + r sqrt(n / n') < delta_nay   n' >  n (r / (delta_nay - g))^2

    Where neither applies, the gate tells two cases apart. Open: delta_nay <= g < delta, and no number of rows would
    settle it. Closed: g >= delta_nay, and a yay needs the gate, whose p at more rows does not follow from these rows.

    At n' rows a new measurement of g falls on either side of its true value, so about half of such tables would be
    settled; the number is an order of magnitude, and is rounded up to two figures.

    Args:
        effect: Gain and errors at n rows.
        n_rows: n.
        rule: The margins.
        is_curved: Whether the gate is open (p <= alpha).

    Example:
        >>> from types import SimpleNamespace
        >>> effect = SimpleNamespace(gain=0.014, high=0.030, standard_error=0.0056)
        >>> rule = Rule(alpha=0.05, delta=0.02, delta_nay=0.02, n_draws=1999)
        >>> rows_needed(effect, 300, rule, is_curved=True)  # 300 (0.016 / 0.006)^2 = 2133
        2200
        >>> rows_needed(effect, 300, rule.model_copy(update={"delta_nay": 0.01}), is_curved=True)
        'none'
    """
    gain, routes = effect.gain, []
    if is_curved and gain >= rule.delta and gain > 0:
        routes.append(n_rows * (effect.standard_error / gain) ** 2)
    if gain < rule.delta_nay:
        routes.append(n_rows * ((effect.high - gain) / (rule.delta_nay - gain)) ** 2)
    if not routes:
        return "none" if is_curved else "depends on the gate"
    rows = max(min(routes), n_rows + 1)  # a bound that is met exactly excludes nothing yet
    return _round_up(rows) if rows < _MOST_ROWS else "none"


def _round_up(rows: float) -> int:
    """The next number with two figures.

    >>> _round_up(731.2), _round_up(740), _round_up(12.5), _round_up(1001)
    (740, 740, 13, 1100)
    """
    unit = 10 ** max(0, math.floor(math.log10(rows)) - 1)
    return math.ceil(rows / unit) * unit


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
