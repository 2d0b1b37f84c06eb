from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from yaynay.config.datasets import parse
from yaynay.data.sources import NAMES, bundled, generated, make, worked
from yaynay.data.table import Table
from yaynay.data.table_files import card
from yaynay.errors import OptionError

CONF = Path(__file__).parents[3] / "conf" / "dataset"


def from_yaml(name: str, **changes: Any) -> Table:
    return make(yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8")) | changes)


def line(table: Table) -> tuple[float, float]:
    slope, intercept = np.polyfit(table.x[:, 0], table.y, 1)
    return float(slope), float(intercept)


def line_r2(table: Table, y: np.ndarray) -> float:
    design = np.column_stack([np.ones(table.n_rows), table.x])
    residuals = y - design @ np.linalg.lstsq(design, y)[0]
    return float(1 - np.var(residuals) / np.var(y))


def test_there_is_one_yaml_for_each_name_and_none_besides() -> None:
    options = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in CONF.glob("*.yaml")}
    own = {name for name, values in options.items() if values["name"] == "csv" and name != "csv"}  # from `yaynay add`
    assert set(options) - own == set(NAMES)
    assert all(options[name]["table"] == name for name in own)
    assert len(NAMES) == len(set(NAMES)) == 20


@pytest.mark.parametrize("name", NAMES)
def test_a_yaml_begins_with_the_command_that_uses_it(name: str) -> None:
    first, second = (CONF / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[:2]
    assert first.startswith(f"# python -m yaynay.train dataset={name}")
    assert second == f"name: {name}"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "csv"])
def test_every_named_table_can_be_made_and_says_where_it_comes_from(name: str) -> None:
    table = from_yaml(name)
    assert table.name == name
    assert len(table.source) > 10
    assert np.isfinite(table.x).all()
    assert from_yaml(name).sha256 == table.sha256


class TestWorkedExamples:
    def test_scatter_10_has_the_published_line(self) -> None:
        table = worked.scatter_10()
        assert line(table) == pytest.approx((1.16969697, 1.23636364), abs=5e-9)
        # by hand: Sxy 96.5, Sxx 82.5, Syy 118.5
        correlation = 96.5 / np.sqrt(82.5 * 118.5)
        assert np.corrcoef(table.x[:, 0], table.y)[0, 1] == pytest.approx(correlation, abs=1e-12)
        assert correlation == pytest.approx(0.97598055, abs=5e-9)

    def test_theano_points_have_the_published_line(self) -> None:
        assert line(worked.theano_points()) == pytest.approx((0.28268068, 0.45053705), abs=5e-9)

    def test_tensorflow_line_has_the_published_line_of_least_squares(self) -> None:
        assert line(worked.tensorflow_line()) == pytest.approx((0.98780167, -0.03794613), abs=5e-9)

    def test_tensorflow_line_and_its_start_give_the_published_fit(self) -> None:
        table = worked.tensorflow_line()
        x, y = table.x[:, 0].astype(np.float32), table.y.astype(np.float32)
        slope, intercept = (np.float32(value) for value in worked.tensorflow_line_start())
        rate, n_rows = np.float32(0.01), np.float32(len(x))
        for _ in range(1000):
            for one_x, one_y in zip(x, y, strict=True):
                error = (slope * one_x + intercept - one_y) / n_rows
                slope, intercept = slope - rate * error * one_x, intercept - rate * error
        cost = float(np.sum((slope * x + intercept - y) ** 2) / (2 * n_rows))
        assert (cost, float(slope), float(intercept)) == pytest.approx((5.311033, 1.0199214, 0.0256166), abs=2e-5)

    def test_pytorch_line_predicts_eight_at_four(self) -> None:
        slope, intercept = line(worked.pytorch_line())
        assert 4 * slope + intercept == pytest.approx(8)

    def test_the_digest_of_pytorch_line_never_changes(self) -> None:
        assert worked.pytorch_line().sha256 == "e14bf5591ade84ecb9396795675ad180c7f65ebdab96ab470bab8c6c0f7a2b78"

    def test_facebook_revenue_is_fifteen_years(self) -> None:
        table = worked.facebook_revenue()
        assert table.n_rows == 15
        assert (table.x[0, 0], table.y[0], table.x[-1, 0], table.y[-1]) == (360, 777, 3065, 134902)
        assert (table.x.sum(), table.y.sum()) == (27625, 700048)

    def test_at_the_highest_age_the_line_is_highest_and_the_truth_is_not(self) -> None:
        table = worked.age_income()
        ages, truth = table.x[:, 0], table.truth
        assert table.n_rows == 400
        assert truth is not None
        assert line(table)[0] > 0
        assert ages.min() == 18
        assert ages.max() == 80
        at_work = worked.mean_income(np.arange(18, 57))
        assert (np.diff(at_work) > 0).all()
        assert np.diff(at_work)[-1] < 0.1 * np.diff(at_work)[0]
        assert (np.diff(worked.mean_income(np.arange(64, 78))) < 0).all()
        assert worked.mean_income(80) < 0.7 * worked.mean_income(60)
        assert line_r2(table, table.y) < 0.15
        assert np.var(truth.mean) / np.var(table.y) > 0.8
        assert np.std(table.y - truth.mean) == pytest.approx(worked.INCOME_NOISE_SD, rel=0.1)


class TestTruths:
    @pytest.mark.parametrize("noise", ["gaussian", "t3", "funnel"])
    @pytest.mark.parametrize("name", generated.MEANS)
    def test_the_truth_is_the_mean_and_the_noise_of_the_rows(self, name: str, noise: Any) -> None:
        table = generated.draw(name, 20_000, 5, noise, 2.0, seed=3)
        assert table.truth is not None
        deviates = (table.y - table.truth.mean) / table.truth.noise_sd
        assert np.allclose(table.truth.mean, generated.MEANS[name][0](table.x), atol=1e-11)
        assert np.var(table.truth.mean) / np.mean(table.truth.noise_sd**2) == pytest.approx(2)
        assert np.mean(deviates) == pytest.approx(0, abs=0.03)
        assert np.median(np.abs(deviates)) == pytest.approx(0.4416 if noise == "t3" else 0.6745, rel=0.05)
        assert ("noise_sd" in card(table)) is (noise != "funnel")

    def test_a_funnel_widens_tenfold_along_the_first_feature(self) -> None:
        table = generated.draw("linear", 20_000, 2, "funnel", 1.0, seed=0)
        assert table.truth is not None
        residuals = np.abs(table.y - table.truth.mean)
        narrow, wide = table.x[:, 0] < -0.9, table.x[:, 0] > 0.9
        assert residuals[wide].mean() / residuals[narrow].mean() == pytest.approx(9.775 / 1.225, rel=0.1)

    def test_means_are_what_their_names_say(self) -> None:
        half = np.full((1, 5), 0.5)
        assert generated.linear(np.ones((1, 3))) == pytest.approx(1 - 1 / 2 + 1 / 3)
        assert generated.quadratic(np.array([[2.0, -1.0]])) == pytest.approx(6)
        assert generated.sine(np.array([[np.pi / 4]])) == pytest.approx(1)
        assert generated.step(np.array([[0.51, 0.5, -1]])) == pytest.approx(1)
        assert generated.friedman1(half) == pytest.approx(10 * np.sin(np.pi / 4) + 7.5)

    @pytest.mark.parametrize("name", ["quadratic", "sine", "step", "friedman1", "age_income"])
    def test_defaults_hold_a_nonlinear_signal_that_is_clear(self, name: str) -> None:
        table = from_yaml(name)
        assert table.truth is not None
        missed = (1 - line_r2(table, table.truth.mean)) * np.var(table.truth.mean) / np.var(table.y)
        assert missed > 0.15

    def test_the_default_of_linear_is_a_line_in_five_features(self) -> None:
        table = from_yaml("linear")
        assert table.n_features == 5
        assert table.truth is not None
        assert line_r2(table, table.truth.mean) == pytest.approx(1)

    def test_another_seed_is_another_table_and_zero_is_a_seed(self) -> None:
        digests = {from_yaml("sine", seed=seed).sha256 for seed in (0, 1, 2, 1)}
        assert len(digests) == 3


class TestBundledTables:
    def test_engel_has_the_line_of_statsmodels(self) -> None:
        from statsmodels.api import OLS, add_constant

        table = bundled.engel()
        intercept, slope = OLS(table.y, add_constant(table.x)).fit().params
        assert (table.n_rows, table.features, table.target) == (235, ("income",), "foodexp")
        assert line(table) == pytest.approx((slope, intercept))

    def test_longley_is_the_certified_one(self) -> None:
        table = bundled.longley()
        design = np.column_stack([np.ones(table.n_rows), table.x])
        scale = np.abs(design).max(axis=0)
        assert np.linalg.lstsq(design / scale, table.y)[0][0] == pytest.approx(-3482258.63459582, rel=1e-6)

    @pytest.mark.parametrize(
        ("name", "n_rows", "n_features"),
        [
            ("cancer", 301, 1),
            ("star98", 303, 12),
            ("anes96", 944, 5),
            ("diabetes", 442, 10),
            ("iris", 150, 5),
            ("nuclei", 569, 6),
        ],
    )
    def test_the_others_have_their_known_shape(self, name: str, n_rows: int, n_features: int) -> None:
        table = make({"name": name})
        assert (table.n_rows, table.n_features) == (n_rows, n_features)

    def test_measurements_are_in_their_own_units_and_classes_are_categories(self) -> None:
        assert bundled.diabetes().frame["age"].max() == 79
        assert bundled.diabetes().kinds["sex"] == "category"
        assert bundled.nuclei().features[-2:] == ("symmetry", "diagnosis=malignant")
        assert bundled.star98().y.max() <= 100

    def test_an_area_is_a_square_of_a_radius(self) -> None:
        table = bundled.nuclei()
        radius = table.frame["radius"].to_numpy()
        assert np.corrcoef(radius**2, table.y)[0, 1] ** 2 > line_r2(table, table.y) + 0.015


GENERATED = {"name": "sine", "n_rows": 50, "n_features": 1, "noise": "t3", "snr": 1, "seed": 0}
FILE = {"name": "csv", "path": "a.csv", "target": "y"}


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "line"),
        [
            (
                GENERATED | {"n_rows": 2},
                "option 'dataset.n_rows': 2 is not allowed; it should be greater than or equal to 10",
            ),
            (
                GENERATED | {"n_rows": 50.0},
                "option 'dataset.n_rows': 50.0 is not allowed; it should be a valid integer",
            ),
            (
                GENERATED | {"snr": 0},
                "option 'dataset.snr': 0 is not allowed; it should be greater than 0",
            ),
            (GENERATED | {"snr": float("nan")}, "option 'dataset.snr': nan is not allowed"),
            (
                GENERATED | {"noise": "gausian"},
                "option 'dataset.noise': 'gausian' is not allowed; it should be 'gaussian', 't3' or 'funnel'; did you",
            ),
            (
                GENERATED | {"n_row": 3},
                "option 'dataset.n_row': unknown key; allowed: name, n_rows, n_features, noise, snr, seed",
            ),
            (
                GENERATED | {"seed": -1},
                "option 'dataset.seed': -1 is not allowed; it should be greater than or equal to 0",
            ),
            (
                GENERATED | {"name": "friedman1"},
                "option 'dataset.n_features': 1 is not allowed; it should be greater than or equal to 5",
            ),
            ({"name": "engel", "seed": 3}, "option 'dataset.seed': unknown key; allowed: name; leave it out"),
            ({"name": "engle"}, "option 'dataset': 'engle' is unknown; allowed: linear, quadratic, "),
            ({}, "option 'dataset': None is unknown"),
            ({"name": ["csv"]}, "option 'dataset': ['csv'] is unknown"),
            (
                FILE | {"path": "???"},
                "option 'dataset.path': is missing; a value is needed; set it",
            ),
            (
                FILE | {"missing": "ignore"},
                "option 'dataset.missing': 'ignore' is not allowed; it should be 'refuse', 'drop' or 'impute'",
            ),
            (
                FILE | {"separator": "#"},
                "option 'dataset.separator': '#' is not allowed; it should be 'comma', 'semicolon'",
            ),
            (
                FILE | {"leave_out": "id"},
                "option 'dataset.leave_out': 'id' is not allowed; it should be a valid list",
            ),
            (FILE | {"_target_": "os.system"}, "option 'dataset._target_': unknown key"),
        ],
    )
    def test_a_mistake_is_one_line(self, options: dict[str, Any], line: str) -> None:
        with pytest.raises(OptionError) as caught:
            make(options)
        assert str(caught.value).startswith(line)
        assert "\n" not in str(caught.value)

    def test_the_nearest_table_is_named(self) -> None:
        with pytest.raises(OptionError, match="did you mean 'engel'"):
            parse({"name": "engle"})

    def test_checked_options_can_be_checked_again(self) -> None:
        for options in (GENERATED, FILE | {"leave_out": ["id"]}, {"name": "iris"}):
            checked = parse(options)
            assert parse(checked.model_dump()) == checked
            assert parse(checked.model_dump(mode="json")) == checked

    def test_a_csv_is_named_after_its_file(self, tmp_path: Path) -> None:
        path = tmp_path / "flat prices.csv"
        path.write_text("id;size;price\nu;1;2\nv;2;3\nw;3;5\n")
        table = from_yaml("csv", path=str(path), target="price", separator="semicolon", leave_out=["id"])
        assert table.name == "flat-prices"
        assert table.features == ("size",)
