"""What Hydra promises each job, also when jobs are fused."""

from pathlib import Path

import yaml
from pipeline.project import QUICK, Run, runs


def _jobs(project: Path) -> list[Path]:
    (sweep,) = (project / "multirun").iterdir()
    return sorted(path for path in sweep.iterdir() if path.is_dir())


def test_each_job_has_its_folder_with_its_configuration_and_overrides(project: Path, run: Run) -> None:
    run("yaynay.train", "-m", "dataset=engel", "model.depth=0,1", "optimizer=adam,adamw", *QUICK)
    found = {}
    for job in _jobs(project):
        config, hydra, overrides = (
            yaml.safe_load((job / ".hydra" / f"{name}.yaml").read_text()) for name in ("config", "hydra", "overrides")
        )
        found[job.name] = (config["model"]["depth"], config["optimizer"]["name"])
        assert f"model.depth={config['model']['depth']}" in overrides
        assert hydra["hydra"]["overrides"]["task"] == overrides
        assert hydra["hydra"]["job"]["num"] == int(job.name)
        assert Path(hydra["hydra"]["runtime"]["output_dir"]) == job
    assert found == {"0": (0, "adam"), "1": (0, "adamw"), "2": (1, "adam"), "3": (1, "adamw")}


def test_one_bad_value_refuses_the_whole_grid_before_anything_is_written(project: Path, run: Run) -> None:
    before = {path.name for path in project.iterdir()}
    done = run("yaynay.train", "-m", "dataset=engel", "model.depth=0,1,-1", "optimizer.lr=0.01,0.1", *QUICK, code=2)
    assert done.stderr.count("\n") == 1
    assert "option 'model.depth': -1" in done.stderr
    assert {path.name for path in project.iterdir()} <= before | {"records"}


def test_a_job_that_does_not_fit_its_table_fails_alone(project: Path, run: Run) -> None:
    done = run("yaynay.train", "-m", "dataset=engel,diabetes", "model.depth=1", "predict_at=500", *QUICK, code=1)
    assert "predict_at" in done.stderr
    assert "dataset=diabetes" in done.stderr
    assert sorted(status for _, status, _ in runs(project)) == ["FINISHED", "FINISHED"]


def test_a_sweep_file_gives_the_grid(project: Path, run: Run) -> None:
    (project / "conf" / "sweep" / "mine.yaml").write_text(
        "# @package _global_\nhydra:\n  sweeper:\n    params:\n      dataset: engel\n      model.depth: 0,1\n"
    )
    run("yaynay.train", "-m", "sweep=mine", *QUICK)
    assert len(runs(project)) == 3


def test_quoted_lists_and_interpolations_reach_the_job(project: Path, run: Run) -> None:
    run(
        "yaynay.train",
        "-m",
        "dataset=engel",
        "model.depth=0",
        "seed=3,4",
        "plan.seed=${seed}",
        "model.start=[1.0,0.0]",
        *QUICK,
    )
    seeds = set()
    for job in _jobs(project):
        config = yaml.safe_load((job / ".hydra" / "config.yaml").read_text())
        assert config["seed"] == config["plan"]["seed"]
        assert config["model"]["start"] == [1.0, 0.0]
        seeds.add(config["seed"])
    assert seeds == {3, 4}
