from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from yaynay.data.plan import Plan, make_plan
from yaynay.data.table import Table
from yaynay.errors import DataError
from yaynay.models import least_squares
from yaynay.models.scores import FoldScores
from yaynay.records.record import Record
from yaynay.verdict import effect


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


def test_where_inner_folds_prefer_the_line_the_gain_is_exactly_zero(table: Table, plan: Plan, line: FoldScores) -> None:
    found = effect.measure(table, plan, line, [network(table, plan, table.y, 1e9)])
    assert found.gain == 0
    assert found.share_of_line == 1
    assert set(found.chosen) == {effect.LINE}


def test_the_inner_score_chooses_not_the_test_score(table: Table, plan: Plan, line: FoldScores) -> None:
    bad, good = network(table, plan, np.zeros(80), 0.1), network(table, plan, table.y, 0.2)
    found = effect.measure(table, plan, line, [good, bad])
    assert set(found.chosen) == {bad.key}


def test_a_record_of_another_plan_is_refused(table: Table, plan: Plan, line: FoldScores) -> None:
    other = make_plan(np.arange(80), table.sha256, 1, n_repeats=3, seed=1)
    stray = network(table, other, table.y, 0.1)
    with pytest.raises(DataError, match="plan"):
        effect.check_same(table, plan, [_named(stray)])


def test_a_record_of_another_table_is_refused(table: Table, plan: Plan) -> None:
    with pytest.raises(DataError, match="table"):
        effect.check_same(table, plan, [_named(network(table, plan, table.y, 0.1), table={"sha256": "f" * 64})])


def _named(record: Record, **changes: dict) -> Record:
    """The record with a name of its own, which `check_same` shows."""
    values = {"key": record.key, "name": "toy", "table": record.table, "plan": record.plan} | changes
    return SimpleNamespace(**values)  # type: ignore[return-value]  # the fields that are read


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
