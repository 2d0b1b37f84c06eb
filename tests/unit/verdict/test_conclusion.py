import json

import pytest
from unit.invented import OPTIONS, make_conclusion

from yaynay.verdict.model import Verdict

CLOCKED = {"fit_seconds_linear", "fit_seconds_network", "fit_seconds_ridge", "predict_microseconds_per_row"}


def test_the_verdict_says_what_was_compared_and_by_which_rule() -> None:
    found = make_conclusion()
    verdict = found.verdict
    assert verdict.rule == OPTIONS
    assert (verdict.n_configurations, verdict.n_candidates, verdict.n_failed) == (7, 4, 1)
    assert verdict.winner == "torch 2 x 4, adamw lr 0.1"
    assert found.effect is not None
    assert (verdict.gain, verdict.rmse_network) == (found.effect.gain, found.effect.rmse_network)
    assert (verdict.table_sha256, verdict.plan_sha256) == (found.table.sha256, found.plan.sha256)
    assert verdict.parity is None
    assert found.timings.fit_seconds_network == 4.0  # of the candidates, a second each
    assert set(found.timings.as_json()) == CLOCKED


def test_a_table_without_folds_has_no_gain_and_is_told_what_it_needs() -> None:
    verdict = make_conclusion(n_rows=12).verdict
    assert (verdict.outcome, verdict.gain, verdict.gain_low, verdict.share_of_line) == ("undecided", None, None, None)
    assert not verdict.is_cross_validated
    assert verdict.rows_needed == 20
    assert verdict.rmse_network == pytest.approx(0.5 / 3.1)  # the winner's on the training rows
    assert Verdict.from_json(json.loads(json.dumps(verdict.as_json())), "here") == verdict


def test_backends_that_trained_the_same_are_certified() -> None:
    """Invented scores are the same for each backend, so nothing differs."""
    found = make_conclusion(backends=("torch", "tensorflow", "pytensor"), depths=(1, 2))
    parity = found.verdict.parity
    assert parity is not None
    assert parity.n_configurations == 4
    assert list(parity.outcomes) == ["torch", "tensorflow", "pytensor"]
    assert set(parity.outcomes.values()) == {found.verdict.outcome}
    assert {name: difference.weights for name, difference in parity.differences.items()} == {
        "tensorflow": 0.0,
        "pytensor": 0.0,
    }
    assert found.verdict.n_candidates == 4  # of one backend: the same network in another framework is the same


def test_doubts_about_the_rows_are_part_of_the_sentence() -> None:
    sure, unsure = make_conclusion().verdict, make_conclusion(doubts=("rows follow each other: set time",)).verdict
    assert unsure.outcome == sure.outcome
    assert unsure.doubts == ("rows follow each other: set time",)
    assert unsure.sentence.startswith(sure.sentence)
    assert "neither the p value nor the interval can be trusted: rows follow each other" in unsure.sentence
    assert "hang together" not in sure.sentence


def test_a_short_series_is_told_how_many_rows_it_needs() -> None:
    verdict = make_conclusion(n_rows=40, is_ordered=True).verdict
    assert (verdict.outcome, verdict.rows_needed) == ("undecided", 54)
    assert "40 times cannot show" in verdict.sentence


def test_a_series_is_concluded_on_its_tested_half() -> None:
    found = make_conclusion(n_rows=120, is_ordered=True)
    assert found.verdict.n_repeats == 1
    assert found.verdict.gain is not None
    assert found.verdict.p_value is not None
