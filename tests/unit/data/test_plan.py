from pathlib import Path

import numpy as np
import pytest

from yaynay.data.plan import Plan, default_repeats, load_plan, make_plan, write_plan
from yaynay.errors import DataError


def plan_of(n_rows: int = 101, **options: int) -> Plan:
    return make_plan(np.arange(n_rows), "0" * 64, 2, **options)


def test_every_row_is_tested_once_a_repeat_and_folds_are_even() -> None:
    plan = plan_of()
    assert plan.outer.shape == (default_repeats(101), 101)
    for folds in plan.outer:
        assert sorted(np.bincount(folds)) == [20, 20, 20, 20, 21]


def test_inner_folds_cover_the_training_rows_and_nothing_else() -> None:
    for split in list(plan_of(n_repeats=2).splits())[:-1]:
        assert set(split.train) | set(split.test) == set(range(101))
        assert not set(split.train) & set(split.test)
        assert set(split.inner[split.train]) == {0, 1, 2, 3}


def test_the_last_split_trains_on_the_whole_table() -> None:
    *_, last = plan_of(n_repeats=1).splits()
    assert len(last.train) == 101
    assert len(last.test) == 0


def test_rows_of_a_block_stay_together_in_outer_and_inner_folds() -> None:
    blocks = np.repeat(np.arange(40), 3)
    plan = make_plan(blocks, "0" * 64, 1, n_repeats=2)
    for folds in (*plan.outer, *plan.inner.reshape(-1, 120)):
        for block in range(40):
            assert len(set(folds[blocks == block])) == 1


def test_a_small_table_has_no_outer_folds() -> None:
    plan = plan_of(n_rows=16)
    assert plan.n_repeats == 0
    assert len(list(plan.splits())) == 1


def test_too_few_rows_for_the_features_means_no_outer_folds() -> None:
    assert make_plan(np.arange(60), "0" * 64, 40).n_repeats == 0


def test_the_seed_decides_the_folds() -> None:
    assert plan_of(seed=0).sha256 == plan_of(seed=0).sha256
    assert plan_of(seed=0).sha256 != plan_of(seed=1).sha256


def test_a_plan_survives_writing_and_reading(tmp_path: Path) -> None:
    plan = plan_of(n_repeats=3)
    write_plan(plan, tmp_path / "plan.parquet")
    assert load_plan(tmp_path / "plan.parquet").sha256 == plan.sha256


def test_a_small_plan_survives_writing_and_reading(tmp_path: Path) -> None:
    plan = plan_of(n_rows=3)
    write_plan(plan, tmp_path / "plan.parquet")
    assert load_plan(tmp_path / "plan.parquet").sha256 == plan.sha256


def test_a_changed_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.parquet"
    write_plan(plan_of(n_repeats=1), path)
    other = plan_of(n_repeats=1, seed=5)
    object.__setattr__(other, "sha256", plan_of(n_repeats=1).sha256)
    write_plan(other, path)
    with pytest.raises(DataError, match="SHA-256"):
        load_plan(path)


def test_a_file_that_is_no_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.parquet"
    path.write_text("nothing")
    with pytest.raises(DataError, match="not a readable plan"):
        load_plan(path)
