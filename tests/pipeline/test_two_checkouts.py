"""One environment, and a project elsewhere: its own configuration, in a stage of `dvc exp run --temp` too."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from pipeline.project import QUICK, REPOSITORY, call_each, clean_environment

STAGES = f"""
stages:
  train:
    cmd: python -m yaynay.train dataset=csv dataset.path=mine.csv dataset.target=y {" ".join(QUICK)} results=results
    deps: [mine.csv]
    outs: [results]
  compare:
    cmd: python -m yaynay.compare records=results reports=reports
    deps: [results]
    params:
      - conf/verdict/default.yaml:
    metrics:
      - reports/verdicts.json: {{cache: false}}
    outs:
      - reports/pictures
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project under Git with one table and no code, for which another checkout is installed."""
    root = tmp_path / "another project"
    root.mkdir()
    shutil.copytree(REPOSITORY / "conf", root / "conf")
    (root / "dvc.yaml").write_text(STAGES)
    (root / "mine.csv").write_text("x,y\n" + "".join(f"{x},{3 * x + x % 3}\n" for x in range(40)))
    (root / ".gitignore").write_text("records/\nmlflow.db*\nmlartifacts/\nmultirun/\n")
    ask(root, "git", "init", "-q")
    ask(root, "dvc", "init", "-q")
    commit(root)
    return root


def ask(project: Path, *words: str) -> str:
    """Run a program in the project, with the code of this repository installed."""
    environment = clean_environment(project) | {"PYTHONPATH": str(REPOSITORY / "src")}
    names = {f"GIT_{who}_{what}": "ann@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        words, cwd=project, env=environment | names, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(project: Path) -> None:
    ask(project, "git", "add", "-A")
    ask(project, "git", "commit", "-qm", "a state")


def delta(text: str) -> float:
    (verdict,) = json.loads(text).values()
    return verdict["rule"]["delta"]


def test_an_experiment_of_dvc_in_a_temporary_folder_has_its_own_parameters(project: Path) -> None:
    ask(project, "dvc", "repro")
    assert delta((project / "reports" / "verdicts.json").read_text()) == 0.01
    commit(project)
    ask(project, "dvc", "exp", "run", "--temp", "--name", "other", "-S", "conf/verdict/default.yaml:delta=0.4")
    ask(project, "dvc", "exp", "apply", "other")
    assert delta((project / "reports" / "verdicts.json").read_text()) == 0.4


def test_two_checkouts_with_one_environment_have_each_its_own_configuration(project: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    shutil.copytree(project / "conf", second / "conf")
    shutil.copy(project / "dvc.yaml", second)
    for root, value in ((project, "0.3"), (second, "0.2")):
        path = root / "conf" / "verdict" / "default.yaml"
        path.write_text(path.read_text().replace("delta: 0.01", f"delta: {value}"))
    shows = ["yaynay.train", "--cfg", "job", "--package", "verdict"]
    ended = call_each((project, list(shows)), (second, list(shows)), PYTHONPATH=str(REPOSITORY / "src"))
    assert ["delta: 0.3" in command.stdout for command in ended] == [True, False], ended
    assert ["delta: 0.2" in command.stdout for command in ended] == [False, True], ended
