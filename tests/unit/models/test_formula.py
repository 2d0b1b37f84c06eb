"""The columns of a line with terms, in NumPy alone."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from yaynay.models import formula, network
from yaynay.models.formula import Design, Formula, Term, natural_spline
from yaynay.storage import read_arrays, write_arrays

SPLINE = Term("spline", (0,), (0.5, 1.0, 2.0, 3.5))
ALL = (Term("square", (1,)), Term("log", (0,)), Term("product", (0, 2)), SPLINE)


def draw(n_rows: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.1, 4, (n_rows, 3))


@settings(max_examples=50)
@given(
    st.lists(st.floats(0.05, 10), min_size=2, max_size=6), st.floats(-1e3, 1e3), st.sampled_from([1e-200, 1.0, 1e200])
)
def test_the_spline_is_scipy_s_between_its_knots_and_straight_beyond(
    gaps: list[float], start: float, unit: float
) -> None:
    knots = start + np.append(0, np.cumsum(gaps))
    inside = np.linspace(knots[0], knots[-1], 41)
    theirs = CubicSpline(knots, np.eye(len(knots))[:, 1:-1], bc_type="natural")
    np.testing.assert_allclose(natural_spline(inside * unit, knots * unit), theirs(inside), rtol=1e-7, atol=1e-7)
    width = knots[-1] - knots[0]
    for end, way in ((knots[0], -1), (knots[-1], 1)):
        beyond = natural_spline((end + way * width * np.array([0.0, 1.0, 2.0])) * unit, knots * unit)
        np.testing.assert_allclose(np.diff(beyond, 2, axis=0), 0, atol=1e-6 * np.abs(beyond).max())
        np.testing.assert_allclose(beyond[1] - beyond[0], way * width * theirs(end, 1), rtol=1e-6, atol=1e-6)


def test_columns_are_standardised_on_the_training_rows_and_constant_ones_vanish() -> None:
    x = np.column_stack([draw(50), np.full(50, 7.0)])
    design = Design.of(x, [*ALL, Term("product", (0, 3))])
    columns = design.columns(x)
    assert columns.shape == (50, 1 + 4 + 3 + 2 + 1)
    assert [list(index) for index in design.of_term] == [[5], [6], [7], [8, 9], [10]]
    np.testing.assert_allclose(columns[:, 1:].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(columns[:, 1:].std(axis=0), [1, 1, 1, 0, 1, 1, 1, 1, 1, 0], atol=1e-12)


def test_terms_stop_growing_a_standard_deviation_beyond_the_training_rows_and_the_line_goes_on() -> None:
    x = draw(80)
    design = Design.of(x, ALL[:3])
    far = np.array([[-1e9] * 3, [-2e9] * 3, [1e9] * 3, [2e9] * 3])
    columns = design.columns(far)
    np.testing.assert_array_equal(columns[[0, 2], 4:], columns[[1, 3], 4:])
    assert (columns[0, 1:4] > columns[1, 1:4]).all()
    limit = x.max(axis=0) + x.std(axis=0)
    np.testing.assert_allclose(design.columns(limit[None])[0, 4:], columns[2, 4:])
    assert (np.abs(design.columns(0.99 * limit[None])[0, 4:] - columns[2, 4:]) > 1e-6).all()


@pytest.mark.parametrize("unit", [1e-250, 1.0, 1e250])
def test_columns_do_not_depend_on_units(unit: float) -> None:
    x = draw(60)
    terms = [*ALL[:3], Term("spline", (0,), tuple(knot * unit for knot in SPLINE.knots))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        columns = Design.of(x * unit, terms).columns(x * unit)
    np.testing.assert_allclose(columns, Design.of(x, ALL).columns(x), atol=1e-9)


@pytest.mark.parametrize("log", [None, (1.25, -2.0, 3.0)])
@pytest.mark.parametrize("terms", [ALL, ()])
def test_a_formula_goes_through_a_file_and_predicts_the_same(
    log: tuple[float, float, float] | None, terms: tuple[Term, ...], tmp_path: Path
) -> None:
    x = draw(40)
    design = Design.of(x, terms)
    made = Formula(design, np.random.default_rng(1).normal(size=len(design.mean) + 1), log)
    write_arrays(tmp_path / "weights.safetensors", made.arrays() | {"mean": x.mean(axis=0)})
    arrays = read_arrays(tmp_path / "weights.safetensors")
    assert Formula.of(arrays).terms == terms
    np.testing.assert_array_equal(Formula.of(arrays).predict(x), made.predict(x))
    missing = np.where(np.eye(40, 3) > 0, np.nan, x)
    filled = np.where(np.isnan(missing), x.mean(axis=0), x)
    np.testing.assert_array_equal(network.predict(None, arrays, missing), made.predict(filled))


def test_a_model_of_the_logarithm_predicts_no_more_than_its_bounds() -> None:
    x = draw(30)
    design = Design.of(x, ())
    made = Formula(design, np.array([0.0, 500.0, 0.0, 0.0]), (2.0, -1.0, 1.0))
    assert made.predict(x).min() == pytest.approx(2 * np.exp(-1))
    assert made.predict(x).max() == pytest.approx(2 * np.exp(1))


def test_the_kinds_keep_their_numbers() -> None:
    """Saved formulas hold them."""
    assert formula.KINDS == ("square", "log", "product", "spline")
