import shutil
import subprocess
from pathlib import Path

import pytest

from yaynay.config.schema import Plan
from yaynay.data import prepare

REPOSITORY = Path(__file__).parents[3]
PLAN = Plan(n_folds=5, n_repeats=1, n_inner=2, n_seeds=1, seed=0)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    return tmp_path


def test_a_generated_table_is_found_from_anywhere_in_the_project(project: Path) -> None:
    table, plan, folder = prepare.generate({"name": "engel"}, PLAN)
    assert folder == project / "data" / "tables" / "engel"
    assert {path.name for path in folder.iterdir()} == {"table.parquet", "plan.parquet", "card.json"}
    (folder / "table.parquet").write_bytes(b"")
    with pytest.raises(prepare.DataError, match="engel: not a readable table"):  # so it was not made anew
        prepare.load_or_make({"name": "engel"}, PLAN)
    other, _ = prepare.load_or_make({"name": "engel"}, PLAN.model_copy(update={"seed": 1}))
    assert other.sha256 == table.sha256
    assert plan.table_sha256 == table.sha256


def test_what_was_decided_on_a_file_is_said_once(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "a.csv").write_text("id;x;y\n" + "".join(f"{row + 7};{row % 5},5;{row % 4}\n" for row in range(30)))
    table, _ = prepare.make({"name": "csv", "path": str(project / "a.csv"), "target": "y"}, PLAN)
    monkeypatch.setattr(prepare, "_said", set())
    prepare.announce(table)
    said = capsys.readouterr().err.splitlines()
    assert [line.removeprefix("a: ") for line in said] == [
        "fields are separated by a semicolon",
        "column 'x': read decimal commas",
        "left out: 'id' (an identifier, different in every row); to use one, list all features in dataset.features",
        "rows must repeat on scales as short as these, so equal rows count as different ones; where they are copies, "
        "take the copies out, or name what they are copies of in dataset.groups",
    ]
    prepare.say("a", [*table.remarks, "the line has rank 1 of 2"])  # with the verdict
    assert capsys.readouterr().err.splitlines() == ["a: the line has rank 1 of 2"]


def test_a_table_full_of_equal_rows_is_planned(project: Path) -> None:
    doubled = [(row * 1.5, (row * 7) % 11 + row / 2) for row in range(30)] * 2
    scales = [(row % 2, row % 3, row % 5) for row in range(60)]
    (project / "doubled.csv").write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in doubled))
    (project / "scales.csv").write_text("a,b,y\n" + "".join(f"{a},{b},{y}\n" for a, b, y in scales))
    _, plan = prepare.make({"name": "csv", "path": str(project / "doubled.csv"), "target": "y"}, PLAN)
    assert (plan.outer[0, :30] == plan.outer[0, 30:]).all()
    _, plan = prepare.make({"name": "csv", "path": str(project / "scales.csv"), "target": "y"}, PLAN)
    assert plan.n_repeats == 1
    assert (plan.outer[0, :30] != plan.outer[0, 30:]).any()


@pytest.mark.skipif(shutil.which("git") is None, reason="Git is not installed")
@pytest.mark.parametrize(
    ("path", "is_ignored"),
    [
        ("data/README.md", False),
        ("data/own/houses.csv", True),
        ("data/own/houses.csv.dvc", False),
        ("data/tables/engel/card.json", True),
    ],
)
def test_git_keeps_what_data_is_and_not_the_data(tmp_path: Path, path: str, is_ignored: bool) -> None:
    shutil.copy(REPOSITORY / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    done = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=tmp_path, check=False)
    assert done.returncode == (0 if is_ignored else 1)
