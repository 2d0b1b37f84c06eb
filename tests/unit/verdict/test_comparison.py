"""Models side by side: the same figures as the verdict's, and intervals that hold what they say."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from unit.concluded import conclude_table, make_table

from yaynay.data.table import Table
from yaynay.verdict.comparison import Comparison, compare, measure_error
from yaynay.verdict.conclusion import Conclusion


@pytest.fixture(scope="module")
def conclusion() -> Conclusion:
    return conclude_table(make_table())


@pytest.fixture(scope="module")
def comparison(conclusion: Conclusion) -> Comparison:
    return compare(conclusion)


def test_each_model_has_the_figures_of_the_verdict(conclusion: Conclusion, comparison: Comparison) -> None:
    verdict = conclusion.verdict
    line, ridge, network = comparison.models
    assert [row.name for row in comparison.models] == ["line", "ridge", "network"]
    for row, rmse in ((line, verdict.rmse_linear), (ridge, verdict.rmse_ridge), (network, verdict.rmse_network)):
        assert row.rmse is not None
        assert row.rmse.value == pytest.approx(rmse)
        assert row.rmse.low is not None
        assert row.rmse.high is not None
        assert row.rmse.low < row.rmse.value < row.rmse.high
    assert (line.gain, line.p_value, ridge.p_value, network.p_value) == (None, None, None, verdict.p_value)
    assert network.gain is not None
    assert dataclasses.astuple(network.gain) == (verdict.gain, verdict.gain_low, verdict.gain_high)
    assert (line.what, network.what, network.n_parameters) == ("least squares", "torch 1 x 4, adamw lr 0.1", 37)
    assert all(row.fit_seconds is not None for row in comparison.models)


def test_r2_rises_by_the_gain(comparison: Comparison) -> None:
    assert comparison.points is not None
    assert comparison.r2_from is not None
    assert comparison.r2_to is not None
    assert 100 * (comparison.r2_to - comparison.r2_from) == pytest.approx(comparison.points.value)


def test_the_interval_of_an_error_is_as_documented(conclusion: Conclusion) -> None:
    from scipy.stats import t

    table, plan, predictions = conclusion.table, conclusion.plan, conclusion.line.predictions
    found = measure_error(table, plan, predictions)
    assert found is not None
    squares = (predictions - table.y) ** 2
    folds = [squares[r, plan.outer[r] == f].mean() for r in range(plan.n_repeats) for f in range(plan.n_folds)]
    reach = t(len(folds) - 1).ppf(0.95) * np.std(folds, ddof=1) * math.sqrt(1 / len(folds) + 1 / (plan.n_folds - 1))
    mean = squares.mean()
    expected = [math.sqrt(max(0.0, value)) for value in (mean, mean - reach, mean + reach)]
    assert dataclasses.astuple(found) == pytest.approx(expected)


@pytest.mark.parametrize("unit", [1e-90, 1e90])
def test_the_targets_unit_scales_the_errors_and_nothing_else(unit: float) -> None:
    table = make_table(curve=0.0)
    frame = table.frame.assign(y=table.frame["y"] * unit)
    ours, theirs = (compare(conclude_table(dataclasses.replace(table, frame=f))) for f in (table.frame, frame))
    for own, other in zip(ours.models, theirs.models, strict=True):
        assert own.rmse is not None
        assert other.rmse is not None
        assert other.rmse.value == pytest.approx(own.rmse.value * unit)
        assert other.rmse.high == pytest.approx((own.rmse.high or math.nan) * unit)
        assert other.r2 == pytest.approx(own.r2)
    assert [term.feature for term in theirs.equation.terms] == [term.feature for term in ours.equation.terms]


def test_predictions_that_are_not_finite_have_no_error(conclusion: Conclusion) -> None:
    predictions = conclusion.line.predictions.copy()
    predictions[0, 0] = np.inf
    assert measure_error(conclusion.table, conclusion.plan, predictions) is None


def test_predictions_whose_squares_overflow_have_no_interval(conclusion: Conclusion) -> None:
    predictions = conclusion.line.predictions.copy()
    predictions[0, 0] = 1e154
    with np.errstate(all="ignore"):
        found = measure_error(conclusion.table, conclusion.plan, predictions)
    assert found is not None
    assert math.isfinite(found.value)
    assert (found.low, found.high) == (None, None)


def test_a_table_too_small_for_folds_has_errors_of_its_own_rows_alone() -> None:
    found = compare(conclude_table(make_table(12)))
    assert not found.is_out_of_fold
    assert (found.r2_from, found.r2_to, found.points, found.bend) == (None, None, None, None)
    for row in found.models:
        assert row.rmse is not None
        assert (row.rmse.low, row.rmse.high, row.r2, row.gain) == (None, None, None, None)


def test_a_sweep_whose_networks_failed_has_none_to_compare() -> None:
    found = compare(conclude_table(make_table(), share=None))
    assert [row.name for row in found.models] == ["line", "ridge"]
    assert (found.r2_to, found.points) == (None, None)
    assert found.r2_from is not None
    assert [row.name for row in compare(conclude_table(make_table(), has_ridge=False)).models] == ["line", "network"]


def test_the_equation_has_its_largest_terms_first_with_the_errors_of_least_squares() -> None:
    table = make_table(200, ["tiny", "a", "b", "c"], curve=0.0)
    frame = table.frame.assign(tiny=table.frame["tiny"] * 1e-6)  # a large coefficient, and the smallest effect
    conclusion = conclude_table(dataclasses.replace(table, frame=frame))
    found = compare(conclusion).equation
    assert [term.feature for term in found.terms] == ["c", "b", "a"]
    assert (found.target, found.n_further) == ("y", 1)
    errors = conclusion.line_fit.standard_errors
    places = {name: place for place, name in enumerate(table.features, start=1)}
    for term in found.terms:
        assert term.coefficient == conclusion.line_fit.slopes[places[term.feature] - 1]
        assert term.standard_error == errors[places[term.feature]]
    assert (found.intercept.coefficient, found.intercept.standard_error) == (conclusion.line_fit.intercept, errors[0])


def test_terms_of_dependent_columns_have_no_errors_and_the_column_left_out_is_no_term() -> None:
    table = make_table(curve=0.0)
    frame = table.frame.assign(copy=2 * table.frame["a"], constant=1.0)
    found = compare(conclude_table(dataclasses.replace(table, frame=frame))).equation
    assert len(found.terms) + found.n_further == 3
    assert all(term.standard_error is None for term in (found.intercept, *found.terms))


def test_two_models_are_as_the_verdict_says_on_a_table_with_missing_cells_and_levels() -> None:
    table = make_table(120)
    a = table.frame["a"].where(np.arange(120) % 7 > 0)
    levels = pd.Series(["north", "south", None, "west"] * 30, dtype=object)
    table = Table("toy", table.frame.assign(a=a, where=levels), "y", "made here")
    conclusion = conclude_table(table)
    found, verdict = compare(conclusion), conclusion.verdict
    assert found.r2_from == pytest.approx(1 - (verdict.rmse_linear / np.std(table.y)) ** 2)
    assert found.models[0].predict_microseconds is not None
