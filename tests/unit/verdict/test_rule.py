import numpy as np
import pytest

from yaynay.config.schema import Rule
from yaynay.verdict import sentences
from yaynay.verdict.effect import Effect
from yaynay.verdict.gate import Gate
from yaynay.verdict.rule import adjust_p_values, decide

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


def test_undecided_names_the_rows_that_would_settle_it() -> None:
    decision = decide(gate(0.5), effect(0.02, standard_error=0.02, corrected_error=0.05), 100, RULE)
    assert decision.rows_needed == int(np.ceil(100 * 2.49**2))
    assert "621 rows" in decision.sentence


def test_undecided_promises_no_rows_where_the_gain_is_negative() -> None:
    decision = decide(gate(0.01), effect(-0.02, corrected_error=0.05), 100, RULE)
    assert (decision.outcome, decision.rows_needed) == ("undecided", None)


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
