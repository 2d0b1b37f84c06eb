"""Numbers as people read them; pictures, page and terminal write them in the same way."""

import math
import textwrap
from collections.abc import Mapping
from typing import get_args

from yaynay.config.schema import Rule
from yaynay.verdict import sentences
from yaynay.verdict.model import Outcome, Verdict

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

NONE = "-"
"""Shown where there is no number."""


def number(value: float | None) -> str:
    """A measured value with four significant figures.

    >>> number(0.0123456), number(1234567.8), number(12), number(1e-9), number(None) == NONE
    ('0.01235', '1,234,568', '12', '1e-09', True)
    """
    if value is None or not math.isfinite(value):
        return NONE
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    if not 1e-4 <= abs(value) < 1e9:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.4g}"


def probability(value: float | None) -> str:
    """A p value with three decimals, or four where it is smaller."""
    return NONE if value is None else sentences.probability(value)


def percent(share: float, *, sign: bool = False) -> str:
    """A share in percent; one decimal below 10 %, and no figures beyond 999 %.

    >>> percent(0.0214, sign=True), percent(-0.253), percent(0.0996), percent(-0.0001), percent(-40)
    ('+2.1 %', '-25 %', '10 %', '0.0 %', '<-999 %')
    """
    return f"{_percents(share, '+' if sign else '')} %"


def gain(verdict: Verdict) -> str:
    """The gain with its 90 % interval, in percent of the target's variance: "+2.1 % (-0.3 to 4.5)"."""
    return _with_interval(verdict.gain, verdict.gain_low, verdict.gain_high)


def gain_ridge(verdict: Verdict) -> str:
    """As `gain`, of ridge."""
    return _with_interval(verdict.gain_ridge, verdict.gain_ridge_low, verdict.gain_ridge_high)


def _with_interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return NONE
    return f"{percent(value, sign=True)} ({_percents(low)} to {_percents(high)})"


def rule(made_by: Rule) -> str:
    """The margins of a verdict.

    >>> rule(Rule(alpha=0.05, delta=0.01, delta_nay=0.02, n_draws=1999))
    'alpha 5 %, delta 1 %, delta_nay 2 %, 1,999 draws'
    """
    margins = ", ".join(f"{name} {100 * getattr(made_by, name):g} %" for name in ("alpha", "delta", "delta_nay"))
    return f"{margins}, {made_by.n_draws:,} draws"


def by_rule(verdict: Verdict) -> list[tuple[str, str, str]]:
    """Rule, outcome and gain of a verdict, then of those by other rules on the same folds."""
    return [
        (rule(found.rule), found.outcome, percent(found.gain, sign=True))
        for found in (verdict.by_rule, *verdict.other_rules)
        if found is not None
    ]


def common_rule(verdicts: Mapping[str, Verdict]) -> Rule | None:
    """The rule that all verdicts were made by; None where there are several rules, or no verdict."""
    rules = {verdict.rule for verdict in verdicts.values()}
    return rules.pop() if len(rules) == 1 else None


def _percents(share: float, sign: str = "") -> str:
    if abs(share) > 9.99:
        return ">999" if share > 0 else "<-999"
    decimals = 1 if abs(share) < 0.0995 else 0
    value = round(100 * share, decimals) + 0.0  # not -0.0
    return f"{value:{sign if value else ''}.{decimals}f}"


def seconds(value: float | None) -> str:
    """A duration.

    >>> seconds(0.00042), seconds(0.25), seconds(12.34), seconds(700)
    ('420 us', '250 ms', '12.3 s', '11.7 min')
    """
    if value is None:
        return NONE
    if value < 1e-4:
        return f"{1e6 * value:.1f} us"
    if value < 1e-3:
        return f"{1e6 * value:.0f} us"
    if value < 1:
        return f"{1e3 * value:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"


def in_order(verdicts: Mapping[str, Verdict]) -> list[tuple[str, Verdict]]:
    """Tables with the largest gain first, those without a gain last."""

    def rank(row: tuple[str, Verdict]) -> tuple[bool, float, str]:
        name, verdict = row
        return verdict.gain is None, -(verdict.gain or 0.0), name

    return sorted(verdicts.items(), key=rank)


def count(verdicts: Mapping[str, Verdict]) -> str:
    """How many tables have each outcome: "2 tables: 0 yay, 2 nay, 0 undecided"."""
    outcomes = [verdict.outcome for verdict in verdicts.values()]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in OUTCOMES)
    return f"{len(outcomes)} table{'' if len(outcomes) == 1 else 's'}: {counts}"


def p_value(value: float, n_draws: int) -> str:
    """A p value with its sign; the smallest that so many draws can give is a bound.

    >>> p_value(0.0005, 1999), p_value(0.0321, 1999)
    ('p <= 0.0005', 'p = 0.032')
    """
    return f"p {'<=' if is_smallest(value, n_draws) else '='} {sentences.probability(value)}"


def is_smallest(value: float, n_draws: int) -> bool:
    """Whether no smaller p value can come from so many draws of a bootstrap."""
    return value * (n_draws + 1) < 1.5


def points(share: float, *, sign: bool = False) -> str:
    """A share of the variance in percentage points, without their name; no figures beyond 999.

    >>> points(0.12344, sign=True), points(-0.0001), points(-40)
    ('+12.3', '0.0', '<-999')
    """
    if abs(share) > 9.99:
        return ">999" if share > 0 else "<-999"
    value = round(100 * share, 1) + 0.0  # not -0.0
    return f"{value:{'+' if sign and value else ''}.1f}"


def r2(value: float | None) -> str:
    """A share of explained variance, with more decimals near 1.

    >>> r2(0.9214), r2(0.99987), r2(-0.04), r2(-2000.0), r2(None) == NONE
    ('0.921', '0.99987', '-0.040', '<-9.99', True)
    """
    if value is None or not math.isfinite(value):
        return NONE
    return "<-9.99" if value < -9.99 else f"{value:.5f}" if value >= 0.9985 else f"{value:z.3f}"


def interval(low: float | None, high: float | None) -> str:
    """The bounds of an interval.

    >>> interval(46.181, 55.56), interval(None, None)
    ('46.18 to 55.56', '')
    """
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def with_error(value: float, error: float | None) -> tuple[str, str]:
    """A value to the second figure of its standard error, and that error; "" where there is none.

    >>> with_error(1.04784, 0.08095), with_error(-43.3, 170.2), with_error(3.2e-9, 1.1e-10), with_error(2.5, None)
    (('1.048', '0.081'), ('-43', '170'), ('3.2e-09', '1.1e-10'), ('2.500', ''))
    """
    if error is None or not math.isfinite(error) or error <= 0:
        return number(value), ""
    decimals = 1 - math.floor(math.log10(error))
    if decimals > 6 or abs(value) >= 1e9 or error >= 1e9:
        return f"{value:.4g}", f"{error:.2g}"
    decimals = max(0, decimals)
    return f"{value:,.{decimals}f}", f"{error:,.{decimals}f}"


def printable(text: str) -> str:
    """Text on one line that moves no cursor.

    >>> printable("a\\x1b[2Jb\\nc")
    'a?[2Jb c'
    """
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))


def columns(text: str) -> int:
    """Columns of a terminal that a text takes; some characters take two."""
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int, *, at_end: bool = False) -> str:
    """Text of at most this many columns of a terminal.

    A name is cut in its middle, for what tells it from others is at its end; a sentence is cut at its end.

    >>> cut("sales_of_2023", 9), cut("Twelve rows were dropped", 11, at_end=True)
    ('sale…2023', 'Twelve row…')
    """
    from rich.cells import set_cell_size

    if columns(text) <= width:
        return text
    n_last = 0 if at_end else (width - 1) // 2
    first, last = set_cell_size(text, width - 1 - n_last), set_cell_size(text[::-1], n_last)[::-1]
    return f"{first}\u2026{last}"


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most so many columns of a terminal; a word that is longer is broken."""
    if text.isascii():
        return textwrap.wrap(text, width, break_on_hyphens=False)
    return textwrap.wrap(text, width // 2, break_on_hyphens=False)  # a sign takes two columns at most
