import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Figure

from yaynay.data.plan import make_plan
from yaynay.errors import DataError
from yaynay.models import least_squares, ols, ridge

NIST = Path(__file__).parents[2] / "nist"
COEFFICIENTS = {
    "norris": 12, "pontius": 12, "longley": 12, "noint1": 14, "noint2": 14, "wampler1": 9.5, "wampler2": 9.5,
    "wampler3": 9.5, "wampler4": 9.5, "wampler5": 9.5, "filip": 7,
}  # fmt: skip
STANDARD_ERRORS = {"longley": 11, "filip": 7, "wampler3": 13, "wampler4": 13, "wampler5": 13}


def nist(name: str) -> tuple[np.ndarray, np.ndarray, dict]:
    about = json.loads((NIST / "certified.json").read_text())[name]
    frame = pd.read_csv(NIST / f"{name}.csv")
    features = [column for column in frame if column != about["target"]]
    x = frame[features].to_numpy(float)
    if (about["degree"] or 1) > 1:
        x = np.column_stack([x[:, 0] ** power for power in range(1, about["degree"] + 1)])
    return x, frame[about["target"]].to_numpy(float), about


def digits(ours: np.ndarray, certified: list[str]) -> float:
    """Correct digits of the worst value."""
    true = np.array([float(value) for value in certified])
    return float(np.min(-np.log10(np.maximum(np.abs(ours - true) / np.abs(true), 1e-15))))


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_coefficients_have_the_digits_that_nist_certifies(name: str, figure: Figure) -> None:
    x, y, about = nist(name)
    line = ols.fit(x, y, intercept=about["intercept"])
    found = digits(line.coefficients, about["coefficients"])
    figure(f"NIST {name}: correct digits of coefficients", f"{COEFFICIENTS[name]}", 1, f"{found:.1f}")
    assert found >= COEFFICIENTS[name]


@pytest.mark.parametrize("name", STANDARD_ERRORS)
def test_standard_errors_have_the_digits_that_nist_certifies(name: str, figure: Figure) -> None:
    x, y, about = nist(name)
    found = digits(ols.fit(x, y).standard_errors, about["standard_errors"])
    figure(f"NIST {name}: correct digits of standard errors", f"{STANDARD_ERRORS[name]}", 1, f"{found:.1f}")
    assert found >= STANDARD_ERRORS[name]


@pytest.mark.parametrize("name", ["wampler1", "wampler2"])
def test_an_exact_fit_has_no_standard_errors_to_speak_of(name: str, figure: Figure) -> None:
    x, y, _ = nist(name)
    largest = np.max(ols.fit(x, y).standard_errors)
    figure(f"NIST {name}, an exact fit: largest standard error", "below 1e-8", 1, f"{largest:.0e}")
    assert largest < 1e-8


def test_everything_statsmodels_reports_is_equal() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)) * [1, 100, 0.01]
    y = x @ [1, 0.02, 30] + rng.normal(size=60)
    line, theirs = ols.fit(x, y), sm.OLS(y, sm.add_constant(x)).fit()
    for ours, other in (
        (line.coefficients, theirs.params),
        (line.standard_errors, theirs.bse),
        (line.t_values, theirs.tvalues),
        (line.p_values, theirs.pvalues),
        (line.intervals(), theirs.conf_int()),
    ):
        np.testing.assert_allclose(ours, other, rtol=1e-10)


def test_a_dependent_column_is_named_and_gets_no_p_value() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    x = np.column_stack([x, x[:, 0] + 2 * x[:, 1]])
    y = x[:, 0] + rng.normal(size=30)
    line = ols.fit(x, y)
    assert (line.rank, len(line.dependent)) == (3, 1)
    assert np.isnan(line.p_values).all()
    np.testing.assert_allclose(line.predict(x), ols.fit(x[:, :2], y).predict(x[:, :2]), atol=1e-12)


def test_a_constant_column_depends_on_the_intercept() -> None:
    x = np.column_stack([np.arange(10.0), np.full(10, 7.0)])
    line = ols.fit(x, 3 * np.arange(10.0) + 1)
    assert line.dependent == (1,)
    assert line.intercept == pytest.approx(1)


def one_varies(constant: float, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """A feature that shapes y and, to its right, a constant one."""
    rng = np.random.default_rng(n_rows)
    x = np.column_stack([rng.normal(size=n_rows), np.full(n_rows, constant)])
    return x, 2 * x[:, 0] + 5 + 0.1 * rng.normal(size=n_rows)


@pytest.mark.parametrize("n_rows", [10, 2000, 2500, 20_000, 400_000])
@pytest.mark.parametrize("constant", [0.1, 1 / 3, 1.0])
def test_a_constant_column_of_many_rows_is_not_fitted_as_noise(constant: float, n_rows: int) -> None:
    x, y = one_varies(constant, n_rows)
    rows = np.column_stack([np.ones(n_rows), x, y])
    triangles = [ols.triangle(part.copy()) for part in np.array_split(rows, 5)]
    line = ols.fit(x, y)
    assert line.dependent == (1,)
    for slopes in (line.slopes, ridge.fit(x, y).slopes, *(m.fit_triangles(triangles)[1:] for m in (ols, ridge))):
        assert slopes[1] == 0
        assert slopes[0] == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("has_gaps", [False, True])
@pytest.mark.parametrize("n_rows", [2500, 60_000])
@pytest.mark.parametrize("constant", [0.1, 1 / 3, 1.0])
def test_a_row_unlike_all_that_a_fold_trains_on_is_predicted_sanely(
    constant: float, n_rows: int, has_gaps: bool
) -> None:
    x, y = one_varies(constant, n_rows)
    x[n_rows // 2, 1] += 0.1
    if has_gaps:
        x[::7, 1] = np.nan
    plan = make_plan(np.arange(n_rows), "0" * 64, 2, n_folds=3, n_repeats=1, n_inner=2)
    for method in (ols, ridge):
        scores = least_squares.score(x, y, plan, method)
        assert np.max(np.abs(scores.predictions[0] - y)) < 5  # the odd row's slope is noise where it trains
        assert scores.fold_mse.max() < 0.02


@pytest.mark.parametrize("n_rows", [10, 2000, 400_000])
def test_a_column_that_varies_a_little_beside_its_size_keeps_its_slope(n_rows: int) -> None:
    x, y = one_varies(1e8, n_rows)
    little = np.random.default_rng(0).normal(size=n_rows)
    x[:, 1] += 0.1 * little
    y += 3 * little
    rows = np.column_stack([np.ones(n_rows), x, y])
    triangles = [ols.triangle(part.copy()) for part in np.array_split(rows, 5)]
    for slopes in (ols.fit(x, y).slopes, ridge.fit(x, y).slopes, ols.fit_triangles(triangles)[1:]):
        assert slopes[1] == pytest.approx(30, rel=0.1)


@pytest.mark.parametrize("scale", [1e300, 1e-300, 1e16, 1e-16])
def test_coefficients_do_not_depend_on_a_column_s_scale(scale: float) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 2))
    y = x @ [2.0, 3.0] + 0.1 * rng.normal(size=40)
    plain = ols.fit(x, y).slopes
    scaled = ols.fit(x * [scale, 1.0], y).slopes
    np.testing.assert_allclose(scaled * [scale, 1.0], plain, rtol=1e-12)


def test_without_degrees_of_freedom_nothing_is_claimed() -> None:
    line = ols.fit(np.array([[0.0], [1.0]]), np.array([1.0, 2.0]))
    assert line.degrees_of_freedom == 0
    assert np.isnan([line.residual_sd, *line.standard_errors, *line.p_values]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(DataError, match="not finite"):
        ols.fit(np.array([[0.0], [1.0], [bad]]), np.array([1.0, 2.0, 3.0]))


def test_a_coefficient_beyond_float64_is_refused() -> None:
    x = np.array([[1e-300], [2e-300], [3e-300]])
    with pytest.raises(DataError, match="exceeds"):
        ols.fit(x, np.array([1e20, 2e20, 3e20]))
