"""A configuration's record: scores, lines that agree, and what diverges."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.config import schema
from yaynay.config.schema import Configuration
from yaynay.data import prepare
from yaynay.errors import MachineError, OptionError
from yaynay.records.record import Record
from yaynay.sweep import fit

CONF = Path(__file__).parents[3] / "conf"


def configure(*overrides: str) -> Configuration:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("config", overrides=["plan.n_repeats=1", *overrides])
    values: Any = OmegaConf.to_container(composed, resolve=True)
    return schema.parse(values)


def train(*overrides: str) -> Record:
    configuration = configure(*overrides)
    table, plan = prepare.make(configuration.dataset, configuration.plan)
    (record,) = fit.train([configuration], table, plan)
    return record


@pytest.mark.parametrize(("dataset", "tolerance"), [("engel", 1e-10), ("diabetes", 1e-10), ("longley", 1e-8)])
def test_the_line_s_report_equals_statsmodels(dataset: str, tolerance: float) -> None:
    import statsmodels.api as sm

    configuration = configure(f"dataset={dataset}")
    table, _ = prepare.make(configuration.dataset, configuration.plan)
    record = train(f"dataset={dataset}", "backend=least_squares")
    theirs = sm.OLS(table.y, sm.add_constant(table.x)).fit()
    assert record.line is not None
    for field, expected in (
        ("value", theirs.params),
        ("standard_error", theirs.bse),
        ("t", theirs.tvalues),
        ("p", theirs.pvalues),
        ("low", theirs.conf_int()[:, 0]),
        ("high", theirs.conf_int()[:, 1]),
    ):
        ours = [coefficient[field] for coefficient in record.line["coefficients"]]
        np.testing.assert_allclose(ours, expected, rtol=tolerance)


@pytest.mark.parametrize(("dataset", "lr", "epochs"), [("engel", 0.3, 200), ("linear", 0.3, 200)])
def test_gradient_descent_at_depth_zero_reaches_least_squares(dataset: str, lr: float, epochs: int) -> None:
    line = train(f"dataset={dataset}", "backend=least_squares", "plan.n_repeats=1")
    descent = train(
        f"dataset={dataset}",
        "plan.n_repeats=1",
        "model.depth=0",
        "optimizer=sgd",
        f"optimizer.lr={lr}",
        f"trainer.max_epochs={epochs}",
        "trainer.batch_size=full",
        "trainer.early_stopping=false",
        "trainer.precision=64",
    )
    np.testing.assert_allclose(descent.arrays["whole"], line.arrays["whole"], rtol=1e-4)


def test_a_one_feature_line_says_slope_intercept_and_cost() -> None:
    scores = train("dataset=scatter_10", "backend=least_squares", "predict_at=10").scores
    assert scores["slope"] == pytest.approx(1.16969697, abs=1e-8)
    assert scores["intercept"] == pytest.approx(1.23636364, abs=1e-8)
    assert scores["prediction"] == pytest.approx(scores["intercept"] + 10 * scores["slope"])
    assert scores["cost"] == pytest.approx(scores["train/rmse"] ** 2 / 2)


def test_ridge_leaves_what_least_squares_does_and_its_penalty() -> None:
    line, ridge = (train("dataset=diabetes", f"backend={name}") for name in ("least_squares", "ridge"))
    assert ridge.name == "ridge line"
    assert ridge.scores.keys() - line.scores.keys() == {"ridge/lambda"}
    assert line.scores.keys() <= ridge.scores.keys()
    assert ridge.scores["ridge/lambda"] > 0
    assert {name: array.shape for name, array in ridge.arrays.items()} == {
        name: array.shape for name, array in line.arrays.items()
    }
    assert {name: array.shape for name, array in ridge.weights.items()} == {
        name: array.shape for name, array in line.weights.items()
    }
    assert ridge.line is not None
    values = [row["value"] for row in ridge.line["coefficients"]]
    assert values == [*ridge.weights["intercept"], *ridge.weights["slopes"]]
    assert ridge.line["coefficients"][1].keys() == {"name", "value"}
    assert ridge.line["penalty"] == ridge.scores["ridge/lambda"]


def test_terms_leave_a_formula_and_the_arrays_that_a_line_does() -> None:
    line, terms = (train("dataset=quadratic", f"backend={name}") for name in ("least_squares", "terms"))
    assert terms.name == "terms formula"
    assert {name: array.shape for name, array in terms.arrays.items()} == {
        name: array.shape for name, array in line.arrays.items()
    }
    assert terms.line is not None
    assert terms.line["formula"] == "y ~ x1 + x2 + x1^2 + x2^2"
    assert [row["name"] for row in terms.line["coefficients"]] == ["intercept", "x1", "x2", "x1^2", "x2^2"]
    assert (terms.scores["n_terms"], terms.scores["n_parameters"]) == (2, 5)
    assert terms.scores["test/rmse"] < 0.9 * line.scores["test/rmse"]
    assert "slope" not in terms.scores


def test_a_closed_form_s_key_and_params_hold_only_what_shapes_it() -> None:
    for backend in schema.CLOSED_FORMS:
        plain = configure("dataset=engel", f"backend={backend}")
        other = configure("dataset=engel", f"backend={backend}", "model.depth=3", "optimizer.lr=0.5", "seed=7")
        assert plain.numerics() == other.numerics()
        assert plain.flat() == other.flat()
        assert (plain.is_line, plain.is_network) == (backend != "terms", False)
        assert configure("dataset=engel", f"backend={backend}", "predict_at=3").numerics() != plain.numerics()
    assert len({str(configure(f"backend={name}").numerics()) for name in schema.CLOSED_FORMS}) == len(
        schema.CLOSED_FORMS
    )


@pytest.mark.parametrize(
    "words", [["backend=least_squares"], ["backend=terms"], ["model.depth=0"], ["model.depth=1"], ["model=skip"]]
)
def test_every_model_predicts_where_it_is_asked(words: list[str]) -> None:
    """At a row of the table that is the whole-table model's fitted value."""
    configuration = configure("dataset=scatter_10")
    x = prepare.make(configuration.dataset, configuration.plan)[0].x[3, 0]
    record = train("dataset=scatter_10", "trainer.max_epochs=3", f"predict_at={x}", *words)
    assert record.scores["prediction"] == pytest.approx(record.arrays["whole"][3], rel=1e-5)


def test_tables_with_several_features_are_named_where_a_prediction_is_asked() -> None:
    configurations = [configure(f"dataset={name}") for name in ("longley", "engel", "diabetes")]
    tables = [prepare.make(configuration.dataset, configuration.plan)[0] for configuration in configurations]
    said = "table 'longley' has 6 features, table 'diabetes' has 10 features; allowed: tables with one feature"
    with pytest.raises(OptionError, match=said):
        fit.check_one_feature("predict_at", tables)


def test_fused_configurations_give_a_record_each() -> None:
    configurations = [configure("dataset=engel", "trainer.max_epochs=3", f"optimizer.lr={lr}") for lr in (0.01, 1e25)]
    table, plan = prepare.make(configurations[0].dataset, configurations[0].plan)
    good, bad = fit.train(configurations, table, plan)
    assert (good.status, bad.status) == ("finished", "diverged")
    assert bad.scores == {}
    assert "epoch 1" in str(bad.reason)
    assert good.scores["n_members"] == 24


def test_a_small_table_has_a_training_score_alone() -> None:
    scores = train("dataset=pytorch_line", "trainer.max_epochs=3").scores
    assert "train/rmse" in scores
    assert "test/rmse" not in scores


def test_starting_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OptionError, match=r"model\.start.*2 values"):
        train("dataset=engel", "model.depth=0", "model.start=[1.0]")


def test_a_gpu_that_is_not_there_is_said() -> None:
    import torch

    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(MachineError, match="no GPU"):
        train("dataset=engel", "trainer.accelerator=gpu")


def test_what_is_no_arithmetic_is_not_in_the_version() -> None:
    from yaynay.records.version import _without_words, numerics_version

    assert len({numerics_version(name) for name in ("torch", "tensorflow", "pytensor", "least_squares")}) == 4
    assert _without_words("x = 1  # one") == _without_words('"""Words."""\nx = 1')
    assert _without_words("x = 1") != _without_words("x = 2")
