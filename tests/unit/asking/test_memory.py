"""What is shown again without asking: only the same question, of which all that it left is there."""

import shutil
from pathlib import Path

import pytest

from yaynay.asking import memory


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a question of the table `houses` left, with the key "k"."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = memory.table_folder(tmp_path, "houses")
    for path in (folder / "model", tmp_path / "records" / "runs"):
        path.mkdir(parents=True)
    for path in (folder / "index.html", tmp_path / "mlflow.db"):
        path.touch()
    memory.remember(folder, "k", tmp_path / "houses.csv", {"card": "nay"})
    return tmp_path


def test_it_is_shown_again(out: Path) -> None:
    kept = {"card": "nay", "key": "k", "file": str(out / "houses.csv")}
    assert memory.recall(out, "houses", "k") == kept
    assert memory.recall(out, "houses", "another") is None
    assert memory.recall(out, "flats", "k") is None


@pytest.mark.parametrize("name", ["records", "mlflow.db", "tables/houses/model", "tables/houses/index.html"])
def test_what_is_gone_is_made_again(out: Path, name: str) -> None:
    path = out / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert memory.recall(out, "houses", "k") is None


def test_a_store_elsewhere_must_be_there_too(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{out}/elsewhere.db")
    assert memory.recall(out, "houses", "k") is None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # nothing is asked
    assert memory.recall(out, "houses", "k") is not None


def test_another_folder_and_other_settings_are_another_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, conf = tmp_path / "houses.csv", tmp_path / "conf"
    table.touch()
    conf.mkdir()
    (conf / "verdict.yaml").write_text("delta: 0.01\n")
    monkeypatch.setattr(memory, "conf_folder", lambda: conf)
    keys = [memory.make_key(table, tmp_path / name, {}) for name in ("a", "a", "b")]
    (conf / "verdict.yaml").write_text("delta: 0.02\n")
    assert len({*keys, memory.make_key(table, tmp_path / "a", {})}) == 3


def test_another_file_of_the_same_name_is_another_table(out: Path) -> None:
    assert memory.name_table(out, out / "houses.csv") == "houses"
    assert memory.name_table(out, out / "b" / "houses.csv").startswith("houses-")
    assert memory.name_table(out, out / "flats.csv.gz") == "flats"
