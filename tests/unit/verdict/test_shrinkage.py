"""Ridge as a control: what it gains is shrinkage, and when a reader is told so."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from unit.invented import OPTIONS, make_record, make_table
from unit.reports.verdicts import make_small, make_verdict

from yaynay.data.plan import make_plan
from yaynay.models import least_squares, ridge
from yaynay.records.record import Record
from yaynay.verdict.conclusion import Conclusion, conclude
from yaynay.verdict.effect import compare
from yaynay.verdict.model import Verdict
from yaynay.verdict.shrinkage import say_shrinkage


def make_conclusion(n_rows: int, *backends: str, status: str = "finished") -> Conclusion:
    """Of a sweep with a network, a depth-0 line, and closed forms that were not asked for."""
    table = make_table(n_rows, [f"x{number}" for number in range(4)])
    plan = make_plan(np.arange(n_rows), table.sha256, table.n_features, n_repeats=2)
    records: list[Record] = [make_record(table, plan, "torch", depth, 0.1) for depth in (0, 1)]
    closed = [make_record(table, plan, backend, 0, 0.1, status) for backend in backends]
    if "ridge" in backends and status == "finished":
        folds = least_squares.score(table.x, table.y, plan, ridge)
        number = backends.index("ridge")
        scores = folds.metrics(table.y) | {"n_members": 1}
        closed[number] = replace(closed[number], scores=scores, arrays=folds.arrays(table.y))
    sweep: Any = SimpleNamespace(
        key="k",
        table_name="toy",
        baselines={record.key for record in closed},
        data=lambda: (table, plan),
        records=lambda: [*closed, *records],
    )
    return conclude(sweep, OPTIONS)


def test_ridge_is_compared_with_the_line_as_the_network_is() -> None:
    found = make_conclusion(60, "least_squares", "ridge")
    verdict = found.verdict
    ours = least_squares.score(found.table.x, found.table.y, found.plan, ridge).predictions
    gain = compare(found.table, found.plan, found.line.predictions, ours)
    assert (verdict.gain_ridge, verdict.gain_ridge_low, verdict.gain_ridge_high) == (gain.gain, gain.low, gain.high)
    assert verdict.rmse_ridge == pytest.approx(np.sqrt(np.mean((ours - found.table.y) ** 2)))
    assert found.timings.fit_seconds_ridge == 1.0
    assert Verdict.from_json(verdict.as_json(), "here") == verdict


def test_baselines_are_neither_configurations_nor_the_winner() -> None:
    plain, found = make_conclusion(60), make_conclusion(60, "least_squares", "ridge")
    assert found.verdict.n_configurations == 2
    shown = {"gain_ridge", "gain_ridge_low", "gain_ridge_high", "rmse_ridge"}
    assert {key: value for key, value in found.verdict.as_json().items() if key not in shown} == {
        key: value for key, value in plain.verdict.as_json().items() if key not in shown
    }
    assert found.winner is not None
    assert found.winner.name.startswith("torch 1 x 4")
    assert list(found.by_depth) == [0, 1]


@pytest.mark.parametrize(
    ("n_rows", "backends", "status"),
    [
        (60, (), "finished"),
        (60, ("least_squares",), "finished"),
        (12, ("ridge",), "finished"),
        (60, ("ridge",), "failed"),
    ],
)
def test_without_folds_or_a_run_of_ridge_there_is_no_gain(n_rows: int, backends: tuple[str, ...], status: str) -> None:
    verdict = make_conclusion(n_rows, *backends, status=status).verdict
    assert (verdict.gain_ridge, verdict.gain_ridge_low, verdict.gain_ridge_high, verdict.rmse_ridge) == (None,) * 4


def test_a_verdict_that_was_written_before_has_no_ridge() -> None:
    values = make_verdict().as_json()
    before = {key: value for key, value in values.items() if "ridge" not in key}
    assert len(before) == len(values) - 4
    assert Verdict.from_json(before, "here").gain_ridge is None


def shrunk(gain_ridge: float, gain: float | None = 0.052) -> str | None:
    ridge = {"gain_ridge": gain_ridge, "gain_ridge_low": gain_ridge - 0.01, "gain_ridge_high": gain_ridge + 0.01}
    return say_shrinkage(make_verdict(gain=gain, **ridge))


@pytest.mark.parametrize(
    ("gain_ridge", "gain", "said"),
    [
        (0.026, 0.052, "this much of the network's 5.2 is shrinkage"),
        (0.010, 0.500, "this much of the network's 50.0 is shrinkage"),  # delta
        (0.006, 0.012, "this much of the network's 1.2 is shrinkage"),  # half of a material gain
        (0.060, 0.052, "the network's whole gain of 5.2 is shrinkage"),
        (0.020, -0.10, "this gain is shrinkage"),
        (0.020, None, "this gain is shrinkage"),
    ],
)
def test_a_material_gain_of_ridge_is_said_in_one_sentence(gain_ridge: float, gain: float | None, said: str) -> None:
    sentence = shrunk(gain_ridge, gain)
    assert sentence is not None
    assert said in sentence
    assert f"{100 * gain_ridge:.1f} percentage points" in sentence
    assert sentence.endswith("for which no network is needed.")


@pytest.mark.parametrize(
    ("gain_ridge", "gain"),
    [(0.009, 0.052), (0.004, 0.007), (0.0, 0.0), (-0.02, 0.052), (-0.02, -0.05), (0.009, None)],
)
def test_a_gain_of_ridge_that_matters_little_is_not_mentioned(gain_ridge: float, gain: float | None) -> None:
    assert shrunk(gain_ridge, gain) is None


def test_where_no_gain_is_material_by_rule_nothing_is_said_of_none() -> None:
    free = make_verdict().rule.model_copy(update={"delta": 0.0})
    nothing = {"gain_ridge": 0.0, "gain_ridge_low": 0.0, "gain_ridge_high": 0.0}
    assert say_shrinkage(make_verdict(rule=free, **nothing)) is None
    assert say_shrinkage(make_verdict()) is None
    assert say_shrinkage(make_small()) is None
