"""Ridge regression against scikit-learn, against hat matrices, and where little or nothing varies."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.preprocessing import StandardScaler

from yaynay.data.plan import make_plan
from yaynay.errors import DataError
from yaynay.models import least_squares, ols, ridge

SHAPES = {"tall": (80, 5), "square": (12, 12), "wide": (15, 40)}


def draw(n_rows: int, n_features: int, noise: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Features that are correlated, of unlike size, and a target that most of them shape."""
    dice = np.random.default_rng(n_rows)
    x = dice.normal(size=(n_rows, n_features)) + dice.normal(size=(n_rows, 1))
    y = x @ dice.normal(size=n_features) + noise * dice.normal(size=n_rows) + 30
    return x * 10.0 ** dice.integers(-3, 4, n_features) + 5, y


def brute_force(x: np.ndarray, y: np.ndarray, penalty: float) -> float:
    """Golub, Heath & Wahba's score by its definition, with the hat matrix."""
    n_rows, z = len(y), StandardScaler().fit_transform(x)
    hat = z @ np.linalg.solve(z.T @ z + penalty * np.eye(z.shape[1]), z.T) + 1 / n_rows
    return float(np.mean((y - hat @ y) ** 2) / (np.trace(np.eye(n_rows) - hat) / n_rows) ** 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_penalty_gives_scikit_learn_s_coefficients(shape: str) -> None:
    x, y = draw(*SHAPES[shape])
    line, scaler = ridge.fit(x, y), StandardScaler().fit(x)
    theirs = Ridge(alpha=line.penalty, solver="svd").fit(scaler.transform(x), y)
    np.testing.assert_allclose(line.slopes * scaler.scale_, theirs.coef_, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(line.predict(x), theirs.predict(scaler.transform(x)), rtol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_score_is_that_of_the_hat_matrix_and_no_penalty_has_a_better_one(shape: str) -> None:
    x, y = draw(*SHAPES[shape])
    z = StandardScaler().fit_transform(x)
    u, singular, _ = np.linalg.svd(z, full_matrices=False)
    rank = min(z.shape[1], len(y) - 1)  # centred rows
    u, singular = u[:, :rank], singular[:rank]
    centred = y - y.mean()
    rest = float(np.sum((centred - u @ (u.T @ centred)) ** 2))
    penalties = 10.0 ** np.arange(-3, 7)
    ours = ridge.score_penalties(penalties, singular, u.T @ centred, len(y), rest)
    theirs = [brute_force(x, y, penalty) for penalty in penalties]
    np.testing.assert_allclose(ours, theirs, rtol=1e-7)
    best = brute_force(x, y, ridge.fit(x, y).penalty)
    assert best <= min(brute_force(x, y, penalty) for penalty in 10 ** np.linspace(-3, 7, 400)) * (1 + 1e-5)


def test_it_shrinks_about_as_much_as_leaving_one_row_out_does() -> None:
    """GCV is leave-one-out with every row's leverage replaced by the mean leverage."""
    x, y = draw(80, 5)
    z = StandardScaler().fit_transform(x)
    theirs = RidgeCV(10 ** np.linspace(-3, 4, 200)).fit(z, y)
    assert ridge.fit(x, y).penalty == pytest.approx(theirs.alpha_, rel=0.5)


def test_without_noise_nothing_is_shrunk_and_without_a_relation_all_is() -> None:
    x, y = draw(60, 4, noise=0)
    np.testing.assert_allclose(ridge.fit(x, y).slopes, ols.fit(x, y).slopes, rtol=1e-8)
    dice = np.random.default_rng(2)
    noise = dice.normal(size=60)
    noise -= (
        StandardScaler().fit_transform(x) @ np.linalg.lstsq(StandardScaler().fit_transform(x), noise, rcond=None)[0]
    )
    line = ridge.fit(x, noise)
    np.testing.assert_allclose(line.predict(x), noise.mean(), atol=1e-8)


def test_triangles_of_parts_give_what_all_rows_give() -> None:
    x, y = draw(80, 5)
    rows = np.column_stack([np.ones(80), x, y])
    whole = ridge.fit(x, y)
    parts = ridge.fit_triangles([ols.triangle(part.copy()) for part in np.array_split(rows, 7)])
    np.testing.assert_allclose(parts, [whole.intercept, *whole.slopes], rtol=1e-8)


@pytest.mark.parametrize("has_gaps", [False, True])
def test_on_the_folds_of_a_plan_it_equals_a_fit_on_each(has_gaps: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = draw(80, 5)
    if has_gaps:
        x[::7, 2] = np.nan
    plan = make_plan(np.arange(80), "none", 5, n_repeats=2)
    found = least_squares.score(x, y, plan, ridge)
    split = next(iter(plan.splits()))
    filled = least_squares.impute(x, split.train)
    expected = ridge.fit(filled[split.train], y[split.train]).predict(filled[split.test])
    np.testing.assert_allclose(found.predictions[0, split.test], expected, rtol=1e-12)
    monkeypatch.setattr(least_squares, "_TALL", 1)
    for ours, theirs in zip(astuple(least_squares.score(x, y, plan, ridge)), astuple(found), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)


@pytest.mark.parametrize("scale", [1e300, 1e-300, 1e16, 1e-16])
def test_predictions_do_not_depend_on_a_column_s_scale(scale: float) -> None:
    x, y = draw(40, 2)
    np.testing.assert_allclose(ridge.fit(x * [scale, 1.0], y).predict(x * [scale, 1.0]), ridge.fit(x, y).predict(x))


def test_columns_that_are_constant_or_given_by_others_change_nothing_that_is_predicted() -> None:
    x, y = draw(50, 3)
    constant = np.column_stack([x, np.full(50, 7.0)])
    line = ridge.fit(constant, y)
    assert line.slopes[3] == 0
    np.testing.assert_allclose(line.predict(constant), ridge.fit(x, y).predict(x), rtol=1e-10)
    twice = ridge.fit(x[:, [0, 0]], y)
    assert twice.slopes[0] == pytest.approx(twice.slopes[1])
    np.testing.assert_allclose(twice.predict(x[:, [0, 0]]), ridge.fit(x[:, :1], y).predict(x[:, :1]), rtol=1e-6)


@pytest.mark.parametrize(("n_rows", "n_features"), [(1, 1), (1, 3), (2, 1), (2, 5), (3, 1), (3, 2)])
def test_a_few_rows_give_a_line_between_the_mean_and_least_squares(n_rows: int, n_features: int) -> None:
    x, y = draw(n_rows, n_features)
    line = ridge.fit(x, y)
    assert line.predict(x).mean() == pytest.approx(y.mean())
    assert np.sum((line.predict(x) - y) ** 2) <= np.sum((y - y.mean()) ** 2) * (1 + 1e-9)


def test_two_rows_say_nothing_about_shrinkage_so_the_mean_is_predicted() -> None:
    line = ridge.fit(np.array([[1.0], [2.0]]), np.array([3.0, 5.0]))
    np.testing.assert_allclose(line.predict(np.array([[1.0], [9.0]])), 4.0, rtol=1e-8)


def test_a_coefficient_beyond_floating_point_is_refused() -> None:
    x = np.array([[1e-300], [2e-300], [3e-300], [5e-300]])
    with pytest.raises(DataError, match="ridge: a coefficient exceeds"):
        ridge.fit(x, np.array([1e20, 2e20, 3e20, 5e20]))


@settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(1, 12), st.integers(1, 12))
def test_whatever_the_rows_the_line_is_finite_and_no_worse_than_the_mean(
    data: st.DataObject, n_rows: int, n_features: int
) -> None:
    cells = st.floats(-1e6, 1e6, allow_subnormal=False, width=32) | st.sampled_from([0.0, 1.0])
    x = data.draw(arrays(np.float64, (n_rows, n_features), elements=cells))
    y = data.draw(arrays(np.float64, n_rows, elements=cells))
    line = ridge.fit(x, y)
    assert np.isfinite([line.intercept, line.penalty, *line.slopes]).all()
    assert line.penalty >= 0
    spread, unit = np.sum((y - y.mean()) ** 2), 1 + np.max(np.abs(y))
    assert np.sum((line.predict(x) - y) ** 2) <= spread * (1 + 1e-6) + 1e-9 * unit**2
