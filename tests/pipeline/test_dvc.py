"""The real pipeline on two tables."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from pipeline.project import REPOSITORY, STORE, clean_environment, runs

KEPT = {"engel", "pytorch_line"}
REQUIRED = {
    "outcome", "sentence", "rule", "p_value", "gain", "gain_low", "gain_high", "rmse_linear", "rmse_network", "n_rows",
    "n_features", "n_configurations", "table_sha256", "plan_sha256", "earlier_looks",
}  # fmt: skip


@pytest.fixture
def pipeline(project: Path) -> Path:
    """The project with two tables and quick fits; its dvc.yaml is ours."""
    _choose_tables(project, *sorted(KEPT))
    worked = project / "conf" / "sweep" / "worked.yaml"
    _change(worked, r"experiment: .*", "experiment: pytorch_line")
    _change(worked, r"backend: .*", "backend: torch")
    _change(project / "conf" / "trainer" / "default.yaml", r"max_epochs: \d+", "max_epochs: 4")
    _change(project / "conf" / "plan" / "default.yaml", r"n_repeats: null", "n_repeats: 1")
    (project / ".dvc").mkdir()
    (project / ".dvc" / "config").write_text((REPOSITORY / ".dvc" / "config").read_text() + "    no_scm = true\n")
    shutil.copy(REPOSITORY / ".dvcignore", project)
    return project


def _choose_tables(project: Path, *names: str) -> None:
    _change(project / "conf" / "sweep" / "tables.yaml", r"dataset: .*", f"dataset: {','.join(names)}")


def _change(path: Path, pattern: str, value: str) -> None:
    changed, n_changes = re.subn(pattern, value, path.read_text())
    assert n_changes == 1, f"{path}: {pattern}"
    path.write_text(changed)


def _dvc(project: Path, *words: str, is_refused: bool = False) -> str:
    done = subprocess.run(
        ["dvc", *words], cwd=project, env=clean_environment(project), capture_output=True, text=True, timeout=500
    )
    assert (done.returncode != 0) == is_refused, done.stdout + done.stderr
    return done.stdout + done.stderr if is_refused else done.stdout


def _stages(printed: str) -> set[str]:
    """Which stages ran."""
    return set(re.findall(r"Running stage '(\w+)'", printed))


def _written(project: Path) -> dict[str, bytes]:
    """What compare wrote, except its timings."""
    reports = project / "reports"
    paths = [reports / name for name in ("verdicts.json", "metrics.json", "depths.png")]
    for name in ("looks", "pictures"):
        paths += [path for path in (reports / name).rglob("*") if path.is_file()]
    return {path.relative_to(reports).as_posix(): path.read_bytes() for path in paths}


def _kept_by_git(project: Path) -> dict[str, bytes]:
    """Files of the pipeline that Git keeps, by path."""
    reports = project / "reports"
    paths = [project / "conf" / "verdict" / "default.yaml", project / "dvc.lock", *(reports / "looks").glob("*/*.json")]
    paths += [reports / "verdicts.json", reports / "metrics.json"]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


def test_no_table_is_named_in_the_pipeline() -> None:
    """Adding a table touches its own file and one line of conf/sweep/tables.yaml."""
    text = (REPOSITORY / "dvc.yaml").read_text()
    assert len(text.splitlines()) < 90
    words = set(re.findall(r"\w+", text))
    tables = re.findall(r"dataset: (.*)", (REPOSITORY / "conf" / "sweep" / "tables.yaml").read_text())[-1].split(",")
    assert len(tables) > 15
    assert not words & set(tables)
    stages = yaml.safe_load(text)["stages"]
    assert list(stages) == ["generate", "train", "worked", "compare", "report", "track"]


def test_the_pipeline_makes_verdicts_and_then_has_nothing_to_do(pipeline: Path) -> None:
    _dvc(pipeline, "repro")
    verdicts = json.loads((pipeline / "reports" / "verdicts.json").read_text())
    assert set(verdicts) == KEPT
    assert all(set(verdict) >= REQUIRED for verdict in verdicts.values())
    assert verdicts["pytorch_line"]["outcome"] == "undecided"
    found = runs(pipeline)
    assert sum(is_parent for *_, is_parent in found) == 3
    assert "pytorch_line: as published (1 configuration)" in {name for name, *_ in found}
    assert "1 worked example: 1 of 1 figures as published" in (pipeline / "reports" / "worked.txt").read_text()
    assert {status for _, status, _ in found} == {"FINISHED"}
    for name in (
        "index.html",
        "verdicts.txt",
        "overview.png",
        "depths.png",
        "pictures/engel/fit.png",
        "worked/pytorch_line/fit.png",
    ):
        assert (pipeline / "reports" / name).is_file()
    assert "Running stage" not in _dvc(pipeline, "repro")
    shown = json.loads(_dvc(pipeline, "metrics", "show", "--json"))[""]["data"]["reports/metrics.json"]["data"]
    assert set(shown) == KEPT
    assert max(len(figures) for figures in shown.values()) <= 12
    assert shown["engel"]["outcome"] == verdicts["engel"]["outcome"]
    _dvc(pipeline, "plots", "show")
    drawn = (pipeline / "dvc_plots" / "index.html").read_text()
    assert re.findall(r'<img src="([^"]+)"', drawn)
    assert "vega-lite" not in re.sub(r"<script.*?</script>", "", drawn, flags=re.DOTALL)  # pictures need no network

    compared = _written(pipeline)
    for name in ("records", "mlartifacts"):
        shutil.rmtree(pipeline / name)
    (pipeline / "mlflow.db").unlink()
    _dvc(pipeline, "repro", "--single-item", "--force", "compare")  # a clone has neither
    assert not (pipeline / "records").exists()
    assert not (pipeline / "mlflow.db").exists()
    assert _written(pipeline) == compared
    shutil.copy(pipeline.parent / STORE, pipeline / "mlflow.db")

    _dvc(pipeline, "repro")  # the timings are new
    restored = _kept_by_git(pipeline)
    _change(pipeline / "conf" / "verdict" / "default.yaml", "delta: 0.01", "delta: 0.5")
    assert _stages(_dvc(pipeline, "repro")) == {"compare", "report", "track"}
    assert runs(pipeline) == found

    assert _kept_by_git(pipeline)["reports/verdicts.json"] != restored["reports/verdicts.json"]
    for name, content in restored.items():  # as Git takes an experiment back
        (pipeline / name).write_bytes(content)
    _dvc(pipeline, "checkout", "--force")
    assert _stages(_dvc(pipeline, "repro")) == {"track"}  # MLflow shows the verdict by the other rule

    _choose_tables(pipeline, "engel")
    _change(pipeline / "conf" / "plan" / "default.yaml", "seed: 0", "seed: 1")
    assert _stages(_dvc(pipeline, "repro")) == {"generate", "train", "worked", "compare", "report", "track"}
    for folder in ("data/tables", "results/sweeps", "reports/pictures"):
        assert [path.name for path in (pipeline / folder).iterdir()] == ["engel"], folder
    verdicts = json.loads((pipeline / "reports" / "verdicts.json").read_text())
    assert set(verdicts) == {"engel"}
    assert "look 2 at this table with other folds" in verdicts["engel"]["sentence"]


def test_a_figure_that_is_not_as_published_fails_the_stage(pipeline: Path) -> None:
    _change(pipeline / "conf" / "experiment" / "pytorch_line.yaml", r"value: 8", "value: 9")
    said = _dvc(pipeline, "repro", "worked", is_refused=True)
    assert "error: pytorch_line, torch: prediction is 7.98576" in said
    assert "failed to reproduce 'worked'" in said
