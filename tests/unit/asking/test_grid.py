"""The networks of a question are those of `conf/`, on the folds of the pipeline."""

from pathlib import Path

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.asking import grid
from yaynay.data.table import Table

CONF = Path(__file__).parents[3] / "conf"


def make_table(n_rows: int, **ties: np.ndarray) -> Table:
    x = np.random.default_rng(0).normal(size=n_rows)
    return Table("toy", pd.DataFrame({"x": x, "y": x**2}), "y", "made here", **ties)


def test_settings_are_what_hydra_composes() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = OmegaConf.to_container(compose("config", ["model=skip"]))
    assert isinstance(composed, dict)
    composed.pop("dataset")
    assert grid.settings() == composed


def test_a_job_for_each_depth_differs_in_that_alone() -> None:
    table = make_table(40)
    jobs = grid.make_jobs({"name": "frame", "target": "y"}, table, grid.draw_plan(table))
    assert [job.configuration.model.depth for job in jobs] == list(grid.DEPTHS)
    assert {job.configuration.model_copy(update={"model": None}).model_dump_json() for job in jobs} == {
        jobs[0].configuration.model_copy(update={"model": None}).model_dump_json()
    }


def test_a_long_table_is_sampled_at_random_or_by_its_end() -> None:
    table = make_table(300)
    assert grid.sample(table, 300) is table
    some = grid.sample(table, 100)
    assert some.n_rows == 100
    assert some.remarks[-1] == "networks and lines are compared on 100 of 300 rows, drawn at random"
    assert set(some.y) < set(table.y)
    assert list(grid.sample(table, 100).y) == list(some.y)
    times = np.random.default_rng(1).permutation(300)
    late = grid.sample(make_table(300, time=times), 100)
    assert sorted(late.y) == sorted(table.y[times >= 200])
    assert late.remarks[-1].endswith("100 of 300 rows, the latest")
