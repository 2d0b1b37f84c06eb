from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.data.forward import make_forward_plan
from yaynay.data.plan import Plan, make_plan
from yaynay.data.table import Table
from yaynay.errors import DataError
from yaynay.models import least_squares
from yaynay.models.scores import FoldScores
from yaynay.records.record import Record
from yaynay.verdict import effect

CONF = Path(__file__).parents[3] / "conf"


@pytest.fixture
def table() -> Table:
    rng = np.random.default_rng(0)
    x = rng.normal(size=80)
    return Table("toy", pd.DataFrame({"x": x, "y": x**2 + 0.1 * rng.normal(size=80)}), "y", "made here")


@pytest.fixture
def plan(table: Table) -> Plan:
    return make_plan(np.arange(80), table.sha256, 1, n_repeats=3)


@pytest.fixture
def line(table: Table, plan: Plan) -> FoldScores:
    return least_squares.score(table.x, table.y, plan)


def network(table: Table, plan: Plan, predictions: np.ndarray, inner_mse: float) -> Record:
    """A record whose predictions and inner score are given."""
    about_plan = {"sha256": plan.sha256}
    return Record(
        key=f"key-{inner_mse}",
        status="finished",
        configuration={},
        table={"sha256": table.sha256},
        plan=about_plan,
        scores={},
        arrays={
            "predictions": np.tile(predictions, (plan.n_repeats, 1)),
            "inner_mse": np.full(plan.n_splits, inner_mse),
        },
    )


def test_a_perfect_network_gains_what_the_line_leaves(table: Table, plan: Plan, line: FoldScores) -> None:
    found = effect.measure(table, plan, line, [network(table, plan, table.y, 0.0)])
    assert found.gain == pytest.approx(np.mean((line.predictions - table.y) ** 2) / np.var(table.y))
    assert found.rmse_network == 0
    assert found.share_of_line == 0
    assert found.low < found.gain < found.high


def test_the_effect_is_the_comparison_of_the_line_with_what_was_chosen(
    table: Table, plan: Plan, line: FoldScores
) -> None:
    dice = np.random.default_rng(1)
    guesses = table.y + dice.normal(size=80)
    found = effect.measure(table, plan, line, [network(table, plan, guesses, 0.0)])
    gain = effect.compare(table, plan, line.predictions, np.tile(guesses, (plan.n_repeats, 1)))
    assert {name: getattr(found, name) for name in vars(gain)} == vars(gain)
    swapped = effect.compare(table, plan, np.tile(guesses, (plan.n_repeats, 1)), line.predictions)
    np.testing.assert_allclose([swapped.gain, swapped.low, swapped.high], [-gain.gain, -gain.high, -gain.low])


def test_predictions_gain_nothing_over_themselves(table: Table, plan: Plan, line: FoldScores) -> None:
    gain = effect.compare(table, plan, line.predictions, line.predictions)
    assert set(vars(gain).values()) == {0.0}


def test_where_inner_folds_prefer_the_line_the_gain_is_exactly_zero(table: Table, plan: Plan, line: FoldScores) -> None:
    found = effect.measure(table, plan, line, [network(table, plan, table.y, 1e9)])
    assert found.gain == 0
    assert found.share_of_line == 1
    assert set(found.chosen) == {effect.LINE}


def test_the_inner_score_chooses_not_the_test_score(table: Table, plan: Plan, line: FoldScores) -> None:
    bad, good = network(table, plan, np.zeros(80), 0.1), network(table, plan, table.y, 0.2)
    found = effect.measure(table, plan, line, [good, bad])
    assert set(found.chosen) == {bad.key}


def test_a_record_of_another_plan_is_refused(table: Table, plan: Plan, named: Record) -> None:
    other = make_plan(np.arange(80), table.sha256, 1, n_repeats=3, seed=1)
    message = rf"\(least_squares line\): made on plan {other.sha256[:12]}, not {plan.sha256[:12]}"
    with pytest.raises(DataError, match=message):
        effect.check_same(table, plan, [named, replace(named, plan={"sha256": other.sha256})])


def test_a_record_of_another_table_is_refused(table: Table, plan: Plan, named: Record) -> None:
    with pytest.raises(DataError, match=rf"made on table f{{12}}, not {table.sha256[:12]}"):
        effect.check_same(table, plan, [named, replace(named, table={"sha256": "f" * 64})])


@pytest.fixture
def named(table: Table, plan: Plan) -> Record:
    """A record with a configuration, which its name is made of."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        values = OmegaConf.to_container(compose("config", ["backend=least_squares"]), resolve=True)
    return replace(network(table, plan, table.y, 0.1), configuration=values)  # type: ignore[arg-type]  # a mapping


def test_rows_of_a_group_count_as_one() -> None:
    gains = np.repeat(np.random.default_rng(0).normal(size=20), 5)
    rows, groups = np.arange(100), np.repeat(np.arange(20), 5)
    assert effect._standard_error(gains, groups) > 2 * effect._standard_error(gains, rows)


@pytest.mark.parametrize("gains", [[0.1], [0.1, np.nan]])
def test_a_standard_error_needs_two_finite_gains(gains: list[float]) -> None:
    with pytest.raises(ValueError, match="at least two finite"):
        effect.corrected_standard_error(gains, 4, 1)


def test_a_standard_error_needs_rows() -> None:
    with pytest.raises(ValueError, match="n_test=0"):
        effect.corrected_standard_error([0.1, 0.2], 4, 0)


def test_rows_that_are_never_tested_have_no_say() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=120)
    frame = pd.DataFrame({"x": x, "y": x**2 + rng.normal(size=120)})
    table = Table("series", frame, "y", "made here", time=np.arange(120))
    plan = make_forward_plan(np.arange(120), table.sha256, 1)
    line = least_squares.score(table.x, table.y, plan)
    guesses = np.where(np.arange(120) < 60, np.nan, table.y + rng.normal(size=120))
    found = effect.measure(table, plan, line, [network(table, plan, guesses, 0.0)])
    assert np.isnan(found.predictions[0, :60]).all()
    errors = [(values[0, 60:] - table.y[60:]) ** 2 for values in (line.predictions, found.predictions)]
    assert found.gain == pytest.approx(np.mean(errors[0] - errors[1]) / np.var(table.y))
    assert np.isfinite([found.standard_error, found.low, found.high, found.rmse_linear, found.rmse_network]).all()


def test_the_error_of_a_gain_that_carries_over_is_wider_in_time() -> None:
    errors = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=600)
        for row in range(1, 600):
            y[row] += 0.7 * y[row - 1]
        plain = Table("series", pd.DataFrame({"x": rng.normal(size=600), "y": y}), "y", "made here")
        ordered = replace(plain, time=np.arange(600))
        plan = make_forward_plan(np.arange(600), ordered.sha256, 1)
        line = least_squares.score(plain.x, plain.y, plan).predictions
        halved = (line + plain.y) / 2
        errors.append([effect.compare(table, plan, line, halved).standard_error for table in (plain, ordered)])
    as_rows, in_time = np.mean(errors, axis=0)
    assert in_time > 1.3 * as_rows  # in theory 1.7: gains carry over by 0.7 squared
