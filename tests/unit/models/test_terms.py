"""Terms beside a line: which are found, that a line stays one, and that units and orders change nothing."""

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from yaynay.data.forward import make_forward_plan
from yaynay.data.plan import Plan, make_plan
from yaynay.data.table import Table
from yaynay.models import least_squares, ols, terms, terms_candidates
from yaynay.models.formula import Design, Floats, Term
from yaynay.models.terms_candidates import find_candidates
from yaynay.models.terms_grams import PENALTIES
from yaynay.models.terms_search import Choice, Search

CURVES = {"square", "log", "spline"}


def folds_of(n_rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, 9]).permutation(np.arange(n_rows) % 4)


def draw(n_rows: int, mean: Callable[[Floats], Floats], n_features: int = 5, seed: int = 0) -> tuple[Floats, Floats]:
    """Features from 0.05 to 1.05, and a target with a fifth of noise."""
    dice = np.random.default_rng([seed, n_rows])
    x = dice.uniform(0.05, 1.05, (n_rows, n_features))
    return x, mean(x) + 0.5 * np.std(mean(x)) * dice.normal(size=n_rows)


def named(fitted: terms.Fitted) -> set[tuple[str, tuple[int, ...]]]:
    return {(term.kind, term.features) for term in fitted.formula.terms}


def table_of(x: Floats, y: Floats) -> Table:
    frame = pd.DataFrame(x, columns=[f"x{number}" for number in range(x.shape[1])]).assign(y=y)
    return Table("toy", frame, "y", "made here")


def plan_of(table: Table, n_repeats: int = 1) -> Plan:
    return make_plan(np.arange(table.n_rows), table.sha256, table.n_features, n_repeats=n_repeats)


@pytest.mark.parametrize(
    ("mean", "right"),
    [
        (lambda x: x[:, 0] + 4 * (x[:, 1] - 0.4) ** 2, {("square", (1,))}),
        (lambda x: x[:, 2] + 4 * (x[:, 0] - 0.4) * (x[:, 3] - 0.4), {("product", (0, 3))}),
        (lambda x: x[:, 0] + np.log(x[:, 2]), {("log", (2,))}),
        (lambda x: x[:, 0] + 100 * (x[:, 4] - 0.55) ** 3 - 15 * (x[:, 4] - 0.55), {("spline", (4,))}),
    ],
    ids=["square", "product", "log", "spline"],
)
def test_the_term_of_a_truth_is_named_and_no_other(
    mean: Callable[[Floats], Floats], right: set[tuple[str, tuple[int, ...]]]
) -> None:
    found = [named(terms.fit(*draw(300, mean, seed=seed), folds_of(300))) for seed in range(6)]
    assert sum(names == right for names in found) >= 5, found


def test_a_step_is_some_curve_of_its_feature() -> None:
    found = named(terms.fit(*draw(300, lambda x: x[:, 0] + 2.0 * (x[:, 1] > 0.7)), folds_of(300)))
    assert {features for _, features in found} == {(1,)}
    assert {kind for kind, _ in found} <= CURVES


def test_friedman_s_truth_has_the_square_and_the_curves_that_its_sine_is() -> None:
    """Of what the line leaves of sin(pi x0 x1) the product explains 0.1 %, and two squares half."""

    def mean(x: Floats) -> Floats:
        u = x - 0.05
        return 10 * np.sin(np.pi * u[:, 0] * u[:, 1]) + 20 * (u[:, 2] - 0.5) ** 2 + 10 * u[:, 3] + 5 * u[:, 4]

    x, y = draw(1000, mean, 10)
    fitted = terms.fit(x, y, folds_of(1000))
    assert ("square", (2,)) in named(fitted)
    assert {(0,), (1,), (2,)} <= {features for _, features in named(fitted)}
    sines, rest = np.sin(np.pi * (x[:, 0] - 0.05) * (x[:, 1] - 0.05)), []
    for kinds in ((), (Term("product", (0, 1)),), (Term("square", (0,)), Term("square", (1,)))):
        columns = Design.of(x, kinds).columns(x)
        rest.append(float(np.var(sines - columns @ np.linalg.lstsq(columns, sines, rcond=None)[0])))
    assert rest[1] > 0.95 * rest[0]
    assert rest[2] < 0.6 * rest[0]


@pytest.mark.parametrize(("n_rows", "n_features"), [(100, 5), (300, 8)])
def test_a_line_stays_a_line(n_rows: int, n_features: int) -> None:
    """In the median nothing is lost, and where a useless term joins it costs little."""
    lost = []
    for seed in range(20):
        x, y = draw(n_rows + 1000, lambda x: x[:, 0] - x[:, 1] + x[:, 2], n_features, seed)
        fitted = terms.fit(x[:n_rows], y[:n_rows], folds_of(n_rows, seed)).formula.predict(x[n_rows:])
        line = ols.fit(x[:n_rows], y[:n_rows]).predict(x[n_rows:])
        new = y[n_rows:]
        lost.append(100 * (np.mean((fitted - new) ** 2) - np.mean((line - new) ** 2)) / np.var(new))
    assert np.median(lost) < 0.01
    assert np.mean(lost) < 0.5


def test_without_terms_it_is_the_line_of_least_squares() -> None:
    x, y = draw(60, lambda x: x[:, 0], 8)
    x[:, 7] = x[:, 0] - x[:, 1] + 1e-6 * x[:, 7]  # a condition number of a million
    table = table_of(x, y)
    made, line = terms.fit_by_plan(table, plan_of(table)), least_squares.fit(table, plan_of(table))
    assert made.whole.formula.terms == ()
    for name, array in line.folds.arrays(y).items():
        np.testing.assert_allclose(made.folds.arrays(y)[name], array, rtol=1e-7, err_msg=name)


def test_a_model_of_the_logarithm_is_taken_where_it_is_better_and_has_the_target_s_mean() -> None:
    dice = np.random.default_rng(0)
    x = dice.normal(size=(400, 3))
    y = np.exp(0.8 * x[:, 0] + 0.4 * x[:, 1] + 0.4 * dice.normal(size=400))
    fitted = terms.fit(x, y, folds_of(400))
    assert fitted.formula.log is not None
    assert fitted.formula.log[0] == pytest.approx(np.exp(0.4**2 / 2), rel=0.05)
    assert fitted.formula.terms == ()
    assert terms.fit(x, x[:, 0] + 20 + dice.normal(size=400), folds_of(400)).formula.log is None


def test_all_candidates_are_scored_as_each_is_by_itself() -> None:
    x, y = draw(120, lambda x: x[:, 0] + x[:, 1] ** 2)
    design = Design.of(x, find_candidates(x, y - y.mean()))
    inner = folds_of(120)
    search = Search.of(design, x, y, [np.flatnonzero(inner == fold) for fold in range(4)])
    left = search.grams.y
    for fold in range(4):
        rows = inner == fold
        np.testing.assert_allclose(left[rows], y[rows] - ols.fit(x[~rows], y[~rows]).predict(x[rows]), atol=1e-6)
    for taken in (Choice(), Choice((1, 20), 10.0)):
        errors = search.score(taken)
        for place, penalty in enumerate(PENALTIES):
            for term in range(len(design.terms)):
                if design.terms[term].features in {design.terms[other].features for other in taken.terms}:
                    assert errors[place, term] == np.inf
                    continue
                held_out = search.predict(Choice((*taken.terms, term), penalty))
                assert errors[place, term] == pytest.approx(np.sum((held_out - left) ** 2) - np.sum(left**2), abs=1e-6)


def test_a_term_that_later_ones_made_useless_is_left_out() -> None:
    x, y = draw(400, lambda x: x[:, 0] + 8 * (x[:, 0] - 0.5) * (x[:, 1] - 0.5))
    candidates = [Term("square", (2,)), Term("product", (0, 1))]
    design, inner = Design.of(x, candidates), folds_of(400)
    search = Search.of(design, x, y, [np.flatnonzero(inner == fold) for fold in range(4)])
    assert search.drop(Choice((0, 1))).terms == (1,)
    assert search.drop(Choice((1,))).terms == (1,)


def test_columns_in_another_order_and_unit_give_the_same_predictions() -> None:
    def mean(x: Floats) -> Floats:
        return x[:, 0] + 4 * (x[:, 1] - 0.4) ** 2 + np.log(x[:, 2]) + 3 * (x[:, 3] - 0.5) * (x[:, 4] - 0.5)

    x, y = draw(300, mean)
    table = table_of(x, y)
    plan = plan_of(table)
    made = terms.fit_by_plan(table, plan)
    assert len(made.whole.formula.terms) >= 3
    again = terms.fit_by_plan(table, plan)
    np.testing.assert_array_equal(again.folds.predictions, made.folds.predictions)
    order, units = [3, 0, 4, 1, 2], np.array([1e-150, 1e3, 1e150, 7.0, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = terms.fit_by_plan(table_of((x * units)[:, order], y), plan)
        large, tiny = (terms.fit_by_plan(table_of(x, y * unit), plan) for unit in (1e90, 1e-90))
    np.testing.assert_allclose(other.folds.predictions, made.folds.predictions, rtol=1e-7)
    np.testing.assert_allclose(other.whole.held_out, made.whole.held_out, rtol=1e-7)
    np.testing.assert_allclose(large.folds.predictions, made.folds.predictions * 1e90, rtol=1e-7)
    np.testing.assert_allclose(tiny.folds.predictions, made.folds.predictions * 1e-90, rtol=1e-7)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: np.where(np.arange(x.shape[1]) == 1, 3.0, x),
        lambda x: np.column_stack([x, x[:, 0], x[:, 0] + x[:, 1]]),
        lambda x: np.where(x > 1.03, 1e12 * x, x),
        lambda x: np.round(2 * x),
        lambda x: x**-40.0,
        lambda x: np.where(np.random.default_rng(0).uniform(size=x.shape) < 0.2, np.nan, x),
        lambda x: np.tile(x, 12)[:, : int(0.55 * len(x)) - 2],
        lambda x: x[:, :1] * np.zeros(4),
    ],
    ids=["constant", "collinear", "outliers", "few values", "heavy tails", "missing", "many features", "nothing"],
)
def test_any_table_has_finite_predictions_that_are_about_as_good_as_the_line_s(
    spoil: Callable[[Floats], Floats],
) -> None:
    x, y = draw(90, lambda x: x[:, 0] + x[:, 2])
    table = table_of(spoil(x), y)
    plan = plan_of(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = terms.fit_by_plan(table, plan)
    assert plan.n_repeats == 1
    for name, array in made.folds.arrays(y).items():
        assert np.isfinite(array).all(), name
    line = least_squares.fit(table, plan).folds
    assert made.folds.fold_mse.mean() < 1.2 * line.fold_mse.mean()


def test_a_plan_without_folds_has_the_line() -> None:
    x, y = draw(15, lambda x: 9 * x[:, 0] ** 2, 1)
    table = table_of(x, y)
    made = terms.fit_by_plan(table, plan_of(table))
    assert made.whole.formula.terms == ()
    assert np.isnan(made.whole.held_out).all()
    assert made.folds.metrics(y).keys() == {"train/rmse"}
    np.testing.assert_allclose(made.folds.whole, ols.fit(x, y).predict(x))


def test_more_columns_than_rows_have_the_line() -> None:
    x, y = draw(12, lambda x: x[:, 0], 20)
    table = table_of(x, y)
    np.testing.assert_allclose(terms.fit_by_plan(table, plan_of(table)).folds.whole, y, atol=1e-6)


def test_a_plan_in_order_of_time_tests_what_comes_later() -> None:
    x, y = draw(200, lambda x: x[:, 0] + 4 * (x[:, 1] - 0.4) ** 2)
    table = table_of(x, y)
    plan = make_forward_plan(np.arange(200), table.sha256, table.n_features)
    made = terms.fit_by_plan(table, plan)
    assert np.isnan(made.folds.predictions[0, :100]).all()
    assert np.isfinite(made.folds.predictions[0, plan.tested]).all()
    later = table_of(x, np.where(np.arange(200) < 120, y, 1e6 * y))
    np.testing.assert_array_equal(
        terms.fit_by_plan(later, plan).folds.predictions[0, 100:120], made.folds.predictions[0, 100:120]
    )


def test_what_is_tested_chooses_nothing() -> None:
    """Other targets in a fold's test rows leave its predictions as they are."""
    x, y = draw(200, lambda x: x[:, 0] + 4 * (x[:, 1] - 0.4) ** 2)
    table = table_of(x, y)
    plan = plan_of(table)
    test = plan.outer[0] == 2
    other = table_of(x, np.where(test, -50 * y, y))
    ours, theirs = (terms.fit_by_plan(some, plan).folds.predictions[0, test] for some in (table, other))
    np.testing.assert_array_equal(ours, theirs)


def test_many_features_and_rows_have_bounded_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    def mean(x: Floats) -> Floats:
        return x[:, 3] + 8 * (x[:, 100] - 0.5) * (x[:, 7] - 0.5) + 8 * (x[:, 50] - 0.5) ** 2

    x, y = draw(1200, mean, 120)
    found = find_candidates(x, y - ols.fit(x, y).predict(x))
    kinds = [term.kind for term in found]
    assert (kinds.count("square"), kinds.count("product")) == (
        terms_candidates.MOST_CURVED,
        terms_candidates.MOST_PRODUCTS,
    )
    assert Term("product", (7, 100)) in found
    assert Term("square", (50,)) in found
    monkeypatch.setattr(terms, "_MOST_ROWS", 600)
    assert {features for _, features in named(terms.fit(x, y, folds_of(1200)))} == {(7, 100), (50,)}


def test_dummies_have_products_only() -> None:
    dice = np.random.default_rng(0)
    side = dice.integers(0, 3, 200)
    x = np.column_stack([side == 1, side == 2, dice.uniform(size=200)]).astype(float)
    found = {(term.kind, term.features) for term in find_candidates(x, np.zeros(200))}
    assert found >= {("product", (0, 2)), ("product", (1, 2)), ("square", (2,))}
    assert not found & {("square", (0,)), ("square", (1,)), ("product", (0, 1))}  # the last is always 0
