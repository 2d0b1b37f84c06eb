"""Plans of tables that are ordered in time."""

import numpy as np
import pandas as pd
import pytest

from yaynay.data.forward import cut, make_forward_plan
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models import least_squares, ols, ridge


def plan_of(times: np.ndarray, n_features: int = 2, **options: int) -> Plan:
    return make_forward_plan(times, "0" * 64, n_features, **options)


def shuffled(n_rows: int = 120, n_a_time: int = 1) -> np.ndarray:
    return np.random.default_rng(0).permutation(n_rows) // n_a_time


@pytest.mark.parametrize("n_a_time", [1, 3])
def test_no_training_row_is_as_late_as_a_test_row(n_a_time: int) -> None:
    times = shuffled(n_a_time=n_a_time)
    plan = plan_of(times)
    assert plan.n_repeats == 1
    for split in list(plan.splits())[:-1]:
        assert times[split.train].max() < times[split.test].min()
        assert set(split.inner[split.train]) == {0, 1, 2, 3}


@pytest.mark.parametrize("n_a_time", [1, 3])
def test_folds_are_contiguous_and_hold_whole_times(n_a_time: int) -> None:
    times = shuffled(n_a_time=n_a_time)
    plan = plan_of(times)
    for folds in (plan.outer[0], *plan.inner[0], plan.whole):
        trained = folds >= 0
        steps = np.diff(folds[trained][np.argsort(times[trained], kind="stable")])
        assert set(steps) <= {0, 1}
        for time in range(int(times.max()) + 1):
            assert len(set(folds[times == time])) == 1


def test_the_second_half_is_tested_once_and_the_first_never() -> None:
    times = shuffled()
    plan = plan_of(times)
    assert sorted(times[plan.tested]) == list(range(60, 120))
    assert [len(split.test) for split in list(plan.splits())[:-1]] == [12] * 5


def test_many_folds_are_as_well_ordered() -> None:
    times = np.arange(1000)
    splits = list(plan_of(times, n_folds=100, n_inner=2).splits())[:-1]
    assert [len(split.test) for split in splits] == [5] * 100
    assert all(split.train.max() < split.test.min() for split in splits)


def test_few_times_or_training_rows_mean_no_folds() -> None:
    assert plan_of(shuffled(19)).n_repeats == 0
    assert plan_of(shuffled(20)).n_repeats == 1
    assert plan_of(shuffled(120, n_a_time=10)).n_repeats == 0
    assert plan_of(shuffled(60), n_features=21).n_repeats == 0
    uneven = np.concatenate([np.arange(25), np.full(500, 25)])
    assert {len(split.test) > 0 for split in list(plan_of(uneven).splits())[:-1]} <= {True}


def test_pieces_follow_each_other_and_none_is_empty() -> None:
    times = np.concatenate([np.full(90, 0), np.arange(1, 11)])
    assert sorted(set(cut(times, 10))) == list(range(10))


@pytest.mark.parametrize("method", [ols, ridge])
@pytest.mark.parametrize("tall", [False, True])
def test_later_targets_change_no_earlier_prediction(
    method: least_squares.Method, tall: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if tall:
        monkeypatch.setattr(least_squares, "_TALL", 10)
    rng = np.random.default_rng(1)
    x, y, times = rng.normal(size=(120, 2)), rng.normal(size=120), shuffled()
    plan = plan_of(times)
    before = least_squares.score(x, y, plan, method)
    for fold in range(5):
        is_later = times >= times[plan.outer[0] == fold].min()
        changed = np.where(is_later, rng.normal(size=120) / 2, y)
        after = least_squares.score(x, changed, plan, method)
        is_known = plan.outer[0] <= fold
        assert np.array_equal(before.predictions[0, is_known], after.predictions[0, is_known], equal_nan=True)
    assert np.isnan(before.predictions[0]).sum() == 60
    assert np.isfinite(list(before.metrics(y).values())).all()


def test_the_order_of_the_file_changes_neither_time_nor_folds() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.normal(size=60), "y": rng.normal(size=60)})
    when, order = rng.permutation(60) * 1.5, rng.permutation(60)
    plain = Table("t", frame, "y", "here", time=when)
    mixed = Table("t", frame.iloc[order].reset_index(drop=True), "y", "here", time=when[order])
    folds = [make_forward_plan(table.time, "0" * 64, 1).outer[0] for table in (plain, mixed)]
    assert np.array_equal(folds[0][order], folds[1])
    assert plain.sha256 != Table("t", frame, "y", "here").sha256
    assert plain.sha256 != Table("t", frame, "y", "here", time=when[::-1]).sha256
