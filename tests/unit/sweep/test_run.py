"""Jobs and their baselines: the lines in closed form that every table of a sweep has."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.config.schema import CLOSED_FORMS
from yaynay.records import job_notes
from yaynay.records.store import Store, Sweep
from yaynay.sweep import SWEEP
from yaynay.sweep.jobs import Job
from yaynay.sweep.run import run_jobs
from yaynay.verdict.conclusion import conclude

CONF = Path(__file__).parents[3] / "conf"
QUICK = ["plan.n_repeats=1", "trainer.max_epochs=3", "model.width=4"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store of an empty project, with this process in it."""
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SWEEP, "a-sweep")
    return Store.default()


def job(*overrides: str) -> Job:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        values: Any = OmegaConf.to_container(compose("config", [*QUICK, *overrides]), resolve=True)
    return Job(values, [*QUICK, *overrides])


def swept(store: Store) -> list[Sweep]:
    """The sweeps of what was noted, as the end of a command makes them."""
    return store.write_sweeps(job_notes.take(store, "a-sweep"), {"started_at": 1.0})


def backends(sweep: Sweep) -> list[str]:
    return sorted(record.parsed.backend.name for record in sweep.records())


def test_every_table_and_plan_has_one_run_of_each_closed_form(store: Store) -> None:
    jobs = [job(f"dataset={name}", f"model.depth={depth}") for name in ("engel", "scatter_10") for depth in (0, 1)]
    jobs.append(job("dataset=engel", "plan.seed=1"))
    values = [value for one in jobs for value in run_jobs([one])]
    assert len(values) == 5
    assert all(isinstance(value, float) for value in values)
    sweeps = swept(store)
    assert [(sweep.table_name, sweep.n_configurations) for sweep in sweeps if sweep.table_name != "engel"] == [
        ("scatter_10", 2)
    ]
    assert sorted(sweep.n_configurations for sweep in sweeps) == [1, 2, 2]
    for sweep in sweeps:
        assert backends(sweep) == sorted([*CLOSED_FORMS, *["torch"] * sweep.n_configurations])
        assert {store.read(key).parsed.backend.name for key in sweep.baselines} == set(CLOSED_FORMS)
        assert sweep.is_whole


@pytest.mark.parametrize("asked", CLOSED_FORMS)
def test_a_closed_form_that_was_asked_for_is_no_baseline(store: Store, asked: str) -> None:
    run_jobs([job("dataset=engel", f"backend={asked}", "predict_at=500")])
    (sweep,) = swept(store)
    assert backends(sweep) == sorted(CLOSED_FORMS)
    assert sweep.n_configurations == 1
    others = [store.read(key) for key in sweep.baselines]
    assert sorted([asked, *(other.parsed.backend.name for other in others)]) == sorted(CLOSED_FORMS)
    assert all("prediction" in other.scores for other in others)
    found = conclude(sweep, job().configuration.verdict)
    assert found.winner is not None
    assert found.winner.parsed.backend.name == asked
    assert found.verdict.n_configurations == 1
    assert (found.verdict.n_candidates, found.verdict.rmse_network, found.effect) == (0, None, None)


def test_jobs_of_separate_processes_agree_which_closed_form_was_asked_for(store: Store) -> None:
    """Each adds what it does not have, not knowing of the others."""
    for backend in ("torch", "least_squares"):
        run_jobs([job("dataset=engel", f"backend={backend}")], "here")
    (sweep,) = swept(store)
    assert backends(sweep) == ["least_squares", "ridge", "terms", "torch"]
    assert sorted(store.read(key).parsed.backend.name for key in sweep.baselines) == ["ridge", "terms"]


def test_closed_forms_are_fitted_once_whatever_the_networks_are(store: Store) -> None:
    for depth in (1, 2):
        run_jobs([job("dataset=engel", f"model.depth={depth}", f"seed={depth}", "optimizer.lr=0.02")])
    (sweep,) = swept(store)
    assert len(sweep.about["runs"]) == 2 + len(CLOSED_FORMS)
    paths = [store.path(key) / "record.json" for key in sweep.baselines]
    times = [path.stat().st_mtime_ns for path in paths]
    run_jobs([job("dataset=engel", "trainer.batch_size=8")])
    assert [path.stat().st_mtime_ns for path in paths] == times


def test_the_count_and_the_fits_are_of_what_was_asked_for(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [job("dataset=engel", "model.depth=1"), job("dataset=engel", "model.depth=0")]
    run_jobs(jobs, "processes", 1)
    assert capsys.readouterr().out.startswith("2 configurations trained: 45 fits in ")
    run_jobs(jobs, "processes", 1)
    assert capsys.readouterr().out == "0 configurations trained, 2 had a record\n"
    (sweep,) = swept(store)
    for key in sweep.baselines:
        shutil.rmtree(store.path(key))
    run_jobs(jobs, "processes", 1)
    assert capsys.readouterr().out.startswith("0 configurations trained, 2 had a record: 0 fits in ")
    assert sweep.is_whole


def test_a_single_run_says_what_was_asked_for_alone(capsys: pytest.CaptureFixture[str]) -> None:
    run_jobs([job("dataset=engel")])
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith("engel: torch 2 x 4, adamw lr 0.01: 24 fits in ")


def test_a_job_that_cannot_run_has_no_baselines(store: Store) -> None:
    (value,) = run_jobs([job("dataset=diabetes", "predict_at=5")])
    assert isinstance(value, Exception)
    (note,) = job_notes.take(store, "a-sweep")
    assert "predict_at" in note["error"]
    assert not (store.folder / "runs").exists()


def test_a_baseline_that_fails_is_told_with_what_would_repeat_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr("yaynay.models.ridge.fit", fail)
    (value,) = run_jobs([job("dataset=engel", "backend=torch")])
    assert isinstance(value, float)
    noted = {note["key"]: note for note in job_notes.take(store, "a-sweep")}
    (sweep,) = store.write_sweeps(list(noted.values()), {"started_at": 1.0})
    (failed,) = sweep.unscored()
    assert failed.name == "ridge line"
    assert "SVD did not converge" in str(failed.reason)
    assert noted[failed.key]["overrides"] == [*QUICK, "dataset=engel", "backend=ridge"]
    verdict = conclude(sweep, job().configuration.verdict).verdict
    assert (verdict.n_configurations, verdict.n_failed, verdict.gain_ridge) == (
        1,
        0,
        None,
    )  # the baseline was not asked for
