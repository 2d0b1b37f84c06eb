import numpy as np
import pytest

from yaynay.config.schema import Rule
from yaynay.verdict import sentences
from yaynay.verdict.effect import Effect
from yaynay.verdict.gate import Gate
from yaynay.verdict.rule import Decision, adjust_p_values, decide

RULE = Rule(alpha=0.05, delta=0.01, delta_nay=0.02, n_draws=1999)


def gate(p_value: float) -> Gate:
    return Gate(p_value, {}, 1.0, 200, 2, 1999)


def effect(gain: float, standard_error: float = 0.001, corrected_error: float = 0.002) -> Effect:
    return Effect(
        gain=gain,
        standard_error=standard_error,
        corrected_error=corrected_error,
        low=gain - 2 * corrected_error,
        high=gain + 2 * corrected_error,
        n_splits=50,
        chosen=("a",) * 50,
        predictions=np.zeros((1, 1)),
        rmse_linear=1.0,
        rmse_network=0.9,
    )


@pytest.mark.parametrize(
    ("p_value", "gain", "standard_error", "corrected_error", "outcome"),
    [
        (0.05, 0.010, 0.001, 0.002, "yay"),  # the bounds themselves count
        (0.051, 0.10, 0.001, 0.002, "undecided"),  # no gate, no yay, however large the gain
        (0.01, 0.10, 0.11, 0.002, "undecided"),  # a gain within its error
        (0.01, 0.009, 0.001, 0.002, "nay"),  # not linear, but nothing material
        (0.5, 0.000, 0.001, 0.002, "nay"),
        (0.5, -0.05, 0.001, 0.002, "nay"),
        (0.5, 0.000, 0.001, 0.050, "undecided"),  # too wide to exclude a gain
    ],
)
def test_the_rule(p_value: float, gain: float, standard_error: float, corrected_error: float, outcome: str) -> None:
    assert decide(gate(p_value), effect(gain, standard_error, corrected_error), 200, RULE).outcome == outcome


def test_a_nay_behind_a_closed_gate_says_that_the_relation_is_not_linear() -> None:
    sentence = decide(gate(0.001), effect(0.0), 200, RULE).sentence
    assert "not linear" in sentence
    assert "GAM" in sentence


def test_a_yay_whose_interval_reaches_zero_says_so() -> None:
    wide, clear = (decide(gate(0.001), effect(0.02, corrected_error=error), 200, RULE) for error in (0.02, 0.002))
    assert (wide.outcome, clear.outcome) == ("yay", "yay")
    assert "narrow yay" in wide.sentence
    assert "narrow" not in clear.sentence


STRICT = RULE.model_copy(update={"delta": 0.03})
"""A gain from 2 % to 3 % is between its margins."""


@pytest.mark.parametrize(
    ("p_value", "gain", "standard_error", "rule", "rows", "is_between"),
    [
        (0.01, 0.010, 0.020, RULE, 400, False),  # a yay at its margin: 100 (0.020 / 0.010)^2
        (0.01, 0.0099, 0.020, RULE, 9_803, False),  # just below: a nay, 100 (0.1 / 0.0101)^2
        (0.5, 0.010, 0.020, RULE, 10_000, False),  # the gate is closed: a nay, 100 (0.1 / 0.01)^2
        (0.5, 0.0199, 0.020, RULE, 100_000_000, False),  # just below the margin of a nay, 100 (0.1 / 0.0001)^2
        (0.5, 0.020, 0.020, RULE, None, False),  # at it: the gate must open, and nobody knows when
        (0.01, -0.030, 0.001, RULE, 400, False),  # 100 (0.1 / 0.05)^2
        (0.01, 0.0199, 0.001, STRICT, 100_000_000, False),
        (0.01, 0.020, 0.001, STRICT, None, True),  # never a nay, and never a yay
        (0.01, 0.0299, 0.001, STRICT, None, True),
        (0.01, 0.030, 0.060, STRICT, 400, False),
        (0.01, 0.0199999, 0.001, STRICT, None, True),  # a billion rows and more
    ],
)
def test_the_rows_that_would_settle_a_table_follow_from_the_margins(
    p_value: float, gain: float, standard_error: float, rule: Rule, rows: int | None, is_between: bool
) -> None:
    decision = decide(gate(p_value), effect(gain, standard_error, corrected_error=0.05), 100, rule)
    assert (decision.outcome, decision.is_between) == ("undecided", is_between)
    assert (rows or 0) <= (decision.rows_needed or 0) <= 1.1 * (rows or 0)  # rounded up
    words = "no number of rows" if is_between else f"about {decision.rows_needed:,} rows" if rows else "found a curve"
    assert words in decision.sentence


@pytest.mark.parametrize(
    ("p_value", "gain", "outcome"), [(0.01, 0.012, "yay"), (0.5, 0.012, "nay"), (0.01, 0.005, "nay")]
)
def test_that_many_rows_do_settle_it_if_the_gain_is_the_true_one(p_value: float, gain: float, outcome: str) -> None:
    """The errors shrink with the square root of the number of rows."""

    def decide_at(n_rows: int) -> Decision:
        shrunk = (100 / n_rows) ** 0.5
        return decide(gate(p_value), effect(gain, 0.05 * shrunk, 0.05 * shrunk), n_rows, RULE)

    needed = decide_at(100).rows_needed
    assert needed is not None
    assert decide_at(needed).outcome == outcome
    assert decide_at(int(0.85 * needed)).outcome == "undecided"


def test_a_gain_below_the_margin_is_not_settled_by_a_few_more_rows() -> None:
    """1.4 % under a margin of 2 % was said to need 310 rows, of which there were 303."""
    rule = RULE.model_copy(update={"delta": 0.02})
    decision = decide(gate(0.001), effect(0.01368, 0.005556, corrected_error=0.00811), 303, rule)
    assert decision.rows_needed == 2000


def test_a_gain_is_a_difference_of_percentages() -> None:
    yay = decide(gate(0.001), effect(0.76), 200, RULE).sentence
    assert "the network explains 76.0 percentage points more of the variance than the line (10 % less error)" in yay
    nay = decide(gate(0.5), effect(-0.005), 200, RULE).sentence
    assert "would explain less than 2 percentage points more of the variance (measured: -0.5)" in nay
    undecided = decide(gate(0.01), effect(0.012, 0.05, 0.02), 200, RULE).sentence
    assert "1.2 percentage points of the variance (90 % interval: -2.8 to 5.2)" in undecided


def test_the_sentence_of_a_nay_names_the_margin_of_its_rule() -> None:
    wide = RULE.model_copy(update={"delta_nay": 0.3})
    assert "less than 30 percentage points" in decide(gate(0.5), effect(0.1), 200, wide).sentence


def test_a_small_table_says_what_it_needs() -> None:
    sentence = sentences.too_small("10 rows", 20, None, 0.95)
    assert "10 rows" in sentence
    assert "at least 20" in sentence


def test_adjusted_p_values_equal_those_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(0).uniform(size=20) ** 3
    adjusted = adjust_p_values({str(number): p for number, p in enumerate(p_values)})
    in_order = [adjusted[str(number)] for number in range(20)]
    np.testing.assert_allclose(in_order, multipletests(p_values, method="fdr_bh")[1])
    assert list(adjusted.values()) == sorted(adjusted.values())
    assert adjust_p_values({}) == {}
