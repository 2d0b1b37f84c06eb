"""The real pipeline on two tables."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from pipeline.project import REPOSITORY, clean_environment, runs

KEPT = {"engel", "pytorch_line"}
REQUIRED = {
    "outcome", "sentence", "p_value", "gain", "gain_low", "gain_high", "rmse_linear", "rmse_network", "n_rows",
    "n_features", "n_configurations", "table_sha256", "plan_sha256", "mlflow_run_id",
}  # fmt: skip


@pytest.fixture
def pipeline(project: Path) -> Path:
    """The project's dvc.yaml with two tables and quick fits."""
    content = yaml.safe_load((project / "dvc.yaml").read_text())
    for stage in content["stages"].values():
        for part in ("deps", "outs", "params"):
            kept = [one for one in stage.get(part, []) if _is_kept(one)]
            if kept:
                stage[part] = kept
    (project / "dvc.yaml").write_text(yaml.safe_dump(content))
    tables = project / "conf" / "sweep" / "tables.yaml"
    tables.write_text(re.sub(r"dataset: .*", "dataset: engel,pytorch_line", tables.read_text()))
    trainer = project / "conf" / "trainer" / "default.yaml"
    trainer.write_text(re.sub(r"max_epochs: \d+", "max_epochs: 4", trainer.read_text()))
    plan = project / "conf" / "plan" / "default.yaml"
    plan.write_text(re.sub(r"n_repeats: null", "n_repeats: 1", plan.read_text()))
    (project / ".dvc").mkdir()
    (project / ".dvc" / "config").write_text((REPOSITORY / ".dvc" / "config").read_text() + "    no_scm = true\n")
    return project


def _is_kept(entry: str | dict) -> bool:
    name = entry if isinstance(entry, str) else next(iter(entry))
    found = re.fullmatch(r"(?:data|results)/(\w+)|conf/dataset/(\w+)\.yaml", name)
    return found is None or bool(KEPT & set(found.groups()))


def _dvc(project: Path, *words: str) -> str:
    done = subprocess.run(
        ["dvc", *words], cwd=project, env=clean_environment(project), capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_pipeline_makes_verdicts_and_then_has_nothing_to_do(pipeline: Path) -> None:
    _dvc(pipeline, "repro")
    verdicts = json.loads((pipeline / "reports" / "verdicts.json").read_text())
    assert set(verdicts) == KEPT
    assert all(set(one) >= REQUIRED for one in verdicts.values())
    assert verdicts["pytorch_line"]["outcome"] == "undecided"
    found = runs(pipeline)
    assert sum(is_parent for *_, is_parent in found) == 2
    assert {status for _, status, _ in found} == {"FINISHED"}
    for name in ("index.html", "verdicts.txt", "overview.png", "pictures/engel/fit.png", "plots/gains.csv"):
        assert (pipeline / "reports" / name).is_file()
    again = _dvc(pipeline, "repro")
    assert "Running stage" not in again
    assert "engel" in _dvc(pipeline, "metrics", "show", "--json")
    _dvc(pipeline, "plots", "show")

    margin = pipeline / "conf" / "verdict" / "default.yaml"
    margin.write_text(margin.read_text().replace("delta: 0.01", "delta: 0.5"))
    changed = _dvc(pipeline, "repro")
    assert re.findall(r"Running stage '(\w+)'", changed) == ["compare", "report"]
    assert len(runs(pipeline)) == len(found)

    table = pipeline / "conf" / "sweep" / "tables.yaml"  # another seed of the folds retrains; records keep the rest
    table.write_text(table.read_text() + "\n")
    assert "Running stage 'train'" not in _dvc(pipeline, "repro")
