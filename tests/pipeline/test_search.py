"""A random search with halving: trained, tracked, concluded, and resumed group by group."""

import json
import shutil
from pathlib import Path

import pytest
from pipeline.conftest import checkout
from pipeline.project import LINES, QUICK, Ended, Run, call_each, logged, runs

SEARCH = [
    "yaynay.train", "-m", "dataset=engel", "model.depth=1", "optimizer.lr=tag(log, interval(1e-4, 1e-1))",
    "optimizer.weight_decay=tag(log, interval(1e-3, 1))", "hydra.sweeper.n_trials=16", "trainer.halving=2",
    *QUICK, "trainer.max_epochs=8",
]  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, store: Path) -> tuple[Path, list[Ended]]:
    """A project after a search, the same one again, one after a record was lost, and a longer one."""
    project = checkout(tmp_path_factory.mktemp("searched") / "a project", store)
    first = call_each((project, SEARCH), (project, SEARCH))
    keys = sorted(path.name for path in (project / "records" / "runs").iterdir())
    times = {key: _run(project, key) for key in keys}
    lost = next(key for key in keys if '"torch"' in _record(project, key))
    shutil.rmtree(project / "records" / "runs" / lost)
    last = call_each((project, SEARCH))
    assert sorted(path.name for path in (project / "records" / "runs").iterdir()) == keys
    assert {key for key in keys if _run(project, key) != times[key]} == {lost}  # an existing record stays
    return project, [*first, *last]


def _record(project: Path, key: str) -> str:
    return (project / "records" / "runs" / key / "record.json").read_text()


def _run(project: Path, key: str) -> str:
    return (project / "records" / "runs" / key / "run.json").read_text()


def test_every_trial_is_trained_once_tracked_and_judged(searched: tuple[Path, list[Ended]]) -> None:
    project, (first, again, _) = searched
    assert (first.code, again.code) == (0, 0), first.stderr
    assert "16 configurations trained: 384 fits" in first.stdout
    assert "engel: " in first.stdout
    assert "0 configurations trained, 16 had a record" in again.stdout
    found = runs(project)
    assert len(found) == 1 + 16 + len(LINES)  # the sweep, its trials and its baselines
    assert {status for _, status, _ in found} == {"FINISHED"}


def test_a_group_that_is_not_complete_is_trained_whole(searched: tuple[Path, list[Ended]]) -> None:
    resumed = searched[1][2]
    assert resumed.code == 0
    assert "16 configurations trained: 384 fits" in resumed.stdout


def test_a_run_says_how_long_it_trained_and_when_its_networks_left(searched: tuple[Path, list[Ended]]) -> None:
    children = [run for run in logged(searched[0] / "mlflow.db") if "n_steps" in run.metrics]
    steps = [run.metrics["n_steps"][0] for run in children]
    shares = [run.metrics["share_halved"][0] for run in children]
    assert len(children) == 16
    assert min(steps) < max(steps)
    assert sum(shares) / 16 == pytest.approx(0.75)  # 16, then 8, then 4, in each of six splits
    for run, share in zip(children, shares, strict=True):
        assert ("halved_at_step" in run.metrics) == (share > 0)
        assert run.params["trainer.halving"] == "2"
        lr = float(run.params["optimizer.lr"])
        assert 1e-4 <= lr <= 1e-1
        assert run.name.endswith(f"lr {lr:g}")
        assert run.params["optimizer.lr"] == repr(lr)


def test_a_longer_search_trains_the_group_that_grew(project: Path, run: Run) -> None:
    words = [word for word in SEARCH if "n_trials" not in word]
    assert "35 configurations trained" in run(*words, "hydra.sweeper.n_trials=35").stdout
    assert "8 configurations trained, 32 had a record" in run(*words, "hydra.sweeper.n_trials=40").stdout


def test_hydra_s_basic_launcher_trains_the_same_trials_each_alone(project: Path, run: Run) -> None:
    words = [word for word in SEARCH if "n_trials" not in word]
    run(*words, "hydra.sweeper.n_trials=3", "hydra/launcher=basic")
    found = [json.loads(path.read_text()) for path in (project / "records" / "runs").glob("*/record.json")]
    records = [record for record in found if record["configuration"]["backend"]["name"] == "torch"]
    assert len(records) == 3
    assert all(record["scores"]["share_halved"] == 0 for record in records)
    assert "3 configurations trained" in run(*words, "hydra.sweeper.n_trials=3").stdout  # now they are halved
    names = {run.name for run in logged(project / "mlflow.db") if "n_steps" in run.metrics}
    assert len(names) == 3
