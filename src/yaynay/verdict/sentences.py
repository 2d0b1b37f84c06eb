"""The verdict's sentence, for a reader who knows no statistics."""

from collections.abc import Sequence

from yaynay.config.schema import Rule
from yaynay.verdict.effect import Effect
from yaynay.verdict.model import Verdict


def advice(verdict: Verdict) -> str:
    """What to do, in one line without a full stop; the verdict's sentence says why."""
    is_curved = verdict.p_value is not None and verdict.p_value <= verdict.rule.alpha
    if verdict.outcome == "yay":
        narrowly = ", narrowly" if (verdict.gain_low or 0.0) <= 0 else ""
        saved = 1 - (verdict.rmse_network or 0.0) / verdict.rmse_linear
        return f"use the network{narrowly}: {100 * saved:.0f} % less error than the line on new rows"
    if verdict.outcome == "nay":
        if is_curved:
            return "keep the line: this network gains nothing material; trees or a GAM may"
        return "keep the line: a network gains nothing material on new rows"
    if not verdict.is_cross_validated or verdict.p_value is None:
        needed = "" if verdict.rows_needed is None else f" (at least {verdict.rows_needed:,} are needed)"
        return f"keep the line: too few rows to tell{needed}"
    if verdict.gain is None:
        return "keep the line for now: no network finished"
    if verdict.rows_needed is not None:
        return f"keep the line for now: about {verdict.rows_needed:,} rows would settle it"
    if verdict.is_between:
        return "keep the line for now: more rows would not settle so narrow a gain"
    return "keep the line for now: a gain is not excluded, nor a curve found"


def yay(p_value: float, effect: Effect) -> str:
    """The network is worth it; narrowly, where the interval reaches zero."""
    saved = 1 - effect.rmse_network / effect.rmse_linear
    edge = (
        f"; but it is a narrow yay, for its 90 % interval, {_interval(effect)}, reaches zero" if effect.low <= 0 else ""
    )
    return (
        f"The network is worth it: the relation is not linear (p = {probability(p_value)}), and the network explains "
        f"{_points(effect.gain)} more of the variance than the line ({100 * saved:.0f} % less error){edge}."
    )


def nay(p_value: float, effect: Effect, n_rows: int, rule: Rule) -> str:
    """No gain that matters; if there is a curve from which this network gains nothing, the sentence says so."""
    if p_value <= rule.alpha:
        return (
            f"The relation is not linear (p = {probability(p_value)}), but at {n_rows:,} rows this network gains "
            f"nothing material ({_points(effect.gain)} of the variance): keep the line, or try trees, a GAM or more "
            "rows."
        )
    return (
        f"Keep the line: a network would explain less than {100 * rule.delta_nay:g} percentage points more of the "
        f"variance (measured: {100 * effect.gain:z.1f}), and the test finds nothing against a straight "
        f"line (p = {probability(p_value)})."
    )


def undecided(p_value: float, effect: Effect, rule: Rule, rows_needed: int | str) -> str:
    """What is unclear, which way the table leans, and how many rows would settle it.

    Args:
        p_value: The gate's.
        effect: Gain and interval.
        rule: The margins.
        rows_needed: What `rule.rows_needed` says.
    """
    is_curved = p_value <= rule.alpha
    shape = "the relation is not linear" if is_curved else "the test finds nothing against a straight line"
    doubt = "the network's gain is unclear" if is_curved else "a gain is not excluded"
    lean = "a network" if effect.gain > 0 and is_curved else "the line"
    if rows_needed == "none":
        more = f"no number of rows would settle it if that is the true gain: {_why_never(effect, rule)}"
    elif isinstance(rows_needed, int):
        more = f"about {rows_needed:,} rows would settle it if that is the true gain"
    else:
        more = "more rows would settle it only if the test then found a curve"
    return (
        f"Keep the line for now: {shape} (p = {probability(p_value)}), but {doubt}: {_points(effect.gain)} of the "
        f"variance (90 % interval: {_interval(effect)}); leaning to {lean}; {more}."
    )


def _why_never(effect: Effect, rule: Rule) -> str:
    """Why a gain stays undecided at any number of rows."""
    if rule.delta_nay <= effect.gain < rule.delta:
        return f"a yay needs {100 * rule.delta:g}, and a nay less than {100 * rule.delta_nay:g}"
    return "it lies too near a margin of the rule"


def too_small(n_free: str, n_needed: int, p_value: float | None, r2_line: float | None) -> str:
    """Too few rows or groups for folds or for the gate.

    Args:
        n_free: What there is, such as "15 rows".
        n_needed: How many of them would do.
        p_value: The gate's, where there are enough for it.
        r2_line: None where the line has no degrees of freedom left.
    """
    fit = "The line has as many coefficients as rows: that it passes through all of them says nothing"
    if r2_line is not None:
        fit = (
            f"On these rows the line explains {100 * r2_line:.1f} % of the variance; a network that fits them "
            "better may only remember them"
        )
    shape = ""
    if p_value is not None:
        shape = (
            f" A test of the shape alone gives p = {probability(p_value)}, which says nothing about what a network "
            "would gain."
        )
    return (
        f"Keep the line: {n_free} cannot show what a network would gain on new rows (at least {n_needed} are "
        f"needed). {fit}.{shape}"
    )


def no_network(p_value: float) -> str:
    """A sweep without a network that has hidden layers."""
    return (
        "No network with hidden layers finished in this sweep, so nothing is compared (p of a straight line: "
        f"{probability(p_value)}); sweep model.depth=1,2,3."
    )


def hang_together(doubts: Sequence[str]) -> str:
    """What a reader must know where rows seem not to be independent, though no option says so; "" without doubts.

    >>> hang_together(["residuals are alike; set dataset.groups=id"])  # doctest: +ELLIPSIS
    ' But the rows seem to hang together, ...: residuals are alike; set dataset.groups=id; then run it again.'
    """
    if not doubts:
        return ""
    return (
        " But the rows seem to hang together, so neither the p value nor the interval can be trusted: "
        f"{'; '.join(doubts)}; then run it again."
    )


def second_look(outcomes: list[str]) -> str:
    """What a reader must know about another look at the same table.

    >>> second_look(["nay"]).split(".")[0]
    ' But this is look 2 at this table with other folds: before, it was nay'
    """
    return (
        f" But this is look {len(outcomes) + 1} at this table with other folds: before, it was "
        f"{', then '.join(outcomes)}. The first verdict counts; choosing among looks makes a false yay likelier than "
        "verdict.alpha says."
    )


def other_answer(first: str) -> str:
    """What a reader must know where the same folds gave another answer before."""
    return f" But the first verdict on these folds, of another sweep or rule, was {first}."


def answered_before(outcome: str) -> str:
    """What a reader must know of a sweep without networks, where another sweep on the same folds had some."""
    return (
        f" Another sweep on these folds had networks, and its verdict was {outcome}; python -m yaynay.compare joins "
        "sweeps of a table."
    )


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "configuration"), counted(1200, "row")
    ('1 configuration', '1,200 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def probability(value: float) -> str:
    """A p value with three decimals, or four where it is smaller.

    >>> probability(0.0005), probability(0.0321), probability(0.25)
    ('0.0005', '0.032', '0.250')
    """
    return f"{value:.4f}" if value < 0.001 else f"{value:.3f}"


def _points(gain: float) -> str:
    """A gain as the difference of two percentages.

    >>> _points(0.0214)
    '2.1 percentage points'
    """
    return f"{100 * gain:z.1f} percentage points"


def _interval(effect: Effect) -> str:
    return f"{100 * effect.low:z.1f} to {100 * effect.high:z.1f}"
