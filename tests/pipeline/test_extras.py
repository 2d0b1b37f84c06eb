"""Each command that needs a package of an extra which is not installed says in one sentence what to install."""

import os
import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from pipeline.project import REPOSITORY, Ended, call_each

from yaynay import extras
from yaynay.models.backends import base

FRAMEWORKS = [package for name, (_, packages) in base._NEEDS.items() for package in packages if name != "torch"]
CASES = {
    "tensorflow": (["backend=tensorflow"], "option 'backend': tensorflow is not installed here"),
    "pytensor": (["-m", "backend=least_squares,pytensor"], "option 'backend': pytensor is not installed here"),
    "pipeline": (["dataset=engel"], "option 'dataset': 'engel' needs the package statsmodels"),
    "pipeline in a sweep": (["-m", "dataset=iris,sine"], "option 'dataset': 'iris' needs the package scikit-learn"),
    "joblib": (
        ["-m", "hydra/launcher=joblib"],
        "option 'hydra/launcher': 'joblib' needs the package hydra-joblib-launcher",
    ),
    "slurm": (
        ["-m", "hydra/launcher=submitit_slurm"],
        "option 'hydra/launcher': 'submitit_slurm' needs the package hydra-submitit-launcher",
    ),
    "ray": (["-m", "hydra.launcher.engine=ray"], "option 'hydra.launcher.engine': 'ray' needs the package ray"),
    "excel": (["dataset=csv", "dataset.path=a.xlsx", "dataset.target=y"], "a.xlsx: is an Excel file"),
    "postgresql": ([], "MLFLOW_TRACKING_URI postgresql://db.example/runs needs the package psycopg"),
}
"""Of each extra: a command that needs it, and how its sentence begins."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "dvc.yaml").touch()
    with zipfile.ZipFile(folder / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    return folder


@pytest.fixture(scope="module")
def ended(project: Path) -> dict[str, Ended]:
    """How each command ended where no package of any extra is installed."""
    store = {"postgresql": ["MLFLOW_TRACKING_URI=postgresql://ann:secret@db.example/runs"]}
    commands = [(project, [*store.get(name, ()), "yaynay.train", *words]) for name, (words, _) in CASES.items()]
    hidden = ",".join([*extras.EXTRAS, *FRAMEWORKS])
    path = os.pathsep.join([str(REPOSITORY / "src"), str(Path(__file__).parent / "absent")])
    return dict(zip(CASES, call_each(*commands, ABSENT=hidden, PYTHONPATH=path), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_command_without_its_extra_says_in_one_sentence_what_to_install(ended: dict[str, Ended], name: str) -> None:
    done, (_, begin) = ended[name], CASES[name]
    assert (done.code, done.stdout) == (4, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.removeprefix("error: ").startswith(begin)
    assert f"pip install 'yaynay[{name.split()[0]}]'" in done.stderr
    assert "secret" not in done.stderr


def test_nothing_was_written(ended: dict[str, Ended], project: Path) -> None:
    assert ended
    assert sorted(path.name for path in project.iterdir()) == ["a.xlsx", "dvc.yaml"]


def test_every_extra_of_the_project_has_its_sentence() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    asked = {name.split()[0] for name in CASES}
    assert asked == set(project["optional-dependencies"]) - {"all", "dev"}
    assert {extra for _, extra in extras.EXTRAS.values()} | {"tensorflow", "pytensor"} == asked
    for distribution, extra in extras.EXTRAS.values():
        assert any(re.match(rf"{distribution}\b", line) for line in project["optional-dependencies"][extra]), (
            distribution
        )
