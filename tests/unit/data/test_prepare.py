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
