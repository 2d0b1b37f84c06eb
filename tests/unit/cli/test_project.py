"""Whose configuration and code a command uses, with one environment and several checkouts."""

import shutil
from pathlib import Path

import pytest

import yaynay
from yaynay.cli.app import conf_folder
from yaynay.cli.project import check_code
from yaynay.errors import MachineError

SOURCE = Path(yaynay.__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and this process in it."""
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    return tmp_path


def test_the_configuration_is_that_of_the_nearest_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = conf_folder()
    assert installed.is_dir()
    assert not installed.is_relative_to(project)
    shutil.copytree(installed, project / "conf")
    assert conf_folder() == project / "conf"
    inner = project / ".dvc" / "tmp" / "exps" / "temporary"
    shutil.copytree(installed, inner / "conf")
    (inner / "data").mkdir()
    monkeypatch.chdir(inner / "data")
    assert conf_folder() == project / "conf"
    (inner / "dvc.yaml").touch()
    assert conf_folder() == inner / "conf"


def test_the_configuration_of_another_program_is_not_ours(project: Path) -> None:
    (project / "conf").mkdir()
    (project / "conf" / "config.yaml").write_text("port: 80\n")
    assert not conf_folder().is_relative_to(project)


def own_code(project: Path) -> Path:
    for name in ("yaynay", "hydra_plugins"):
        shutil.copytree(SOURCE / name, project / "src" / name)
    return project / "src"


@pytest.mark.parametrize("is_stage", [True, False])
def test_the_same_code_elsewhere_is_right(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_stage: bool
) -> None:
    if is_stage:
        monkeypatch.setenv("DVC_STAGE", "train")
    check_code()
    source = own_code(project)
    check_code()
    with (source / "yaynay" / "errors.py").open("a") as file:
        file.write("\n# a remark\n")
    check_code()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("change", ["yaynay/errors.py", "yaynay/new.py", "hydra_plugins/yaynay_fleet/grid.py"])
def test_other_code_than_the_project_s_is_said_and_no_stage_of_dvc_runs_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    with (own_code(project) / change).open("a") as file:
        file.write("\nCHANGED = 1\n")
    check_code()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {project / 'src' / change}: is not the code that runs")
    monkeypatch.setenv("DVC_STAGE", "train")
    with pytest.raises(MachineError, match="PYTHONPATH=src"):
        check_code()
    check_code(project / "src")  # what PYTHONPATH=src gives
