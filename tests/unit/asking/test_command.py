"""`yaynay ask` as its users run it: in any folder, in a pipe, twice."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline.project import REPOSITORY, Ended, call_each

X = np.random.default_rng(3).normal(size=(60, 2))
NOISE = np.random.default_rng(4).normal(size=60)
TABLES = {
    "nay": X @ [2, -1] + NOISE,
    "yay": X[:, 0] ** 2 + NOISE / 9,
}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}


def ask(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "yaynay", "ask", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT | environment,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    for name, y in TABLES.items():
        pd.DataFrame({"id": range(1, 61), "size": X[:, 0], "age": X[:, 1], "price": y}).to_csv(
            folder / f"{name}.csv", index=False
        )
    return folder


@pytest.fixture(scope="module")
def answered(folder: Path) -> list[Ended]:
    """A question, and another for programs, in one process: its imports take seconds."""
    first = ["yaynay", "ask", "nay.csv", "--target", "price"]
    other = ["yaynay", "ask", "yay.csv", "--target", "price", "--json", "--exit-code", "--out", "other"]
    return call_each((folder, first), (folder, other), PYTHONPATH=str(REPOSITORY / "src"))


@pytest.fixture(scope="module")
def first(answered: list[Ended]) -> Ended:
    return answered[0]


def test_it_shows_what_it_read_and_ends_with_a_card(folder: Path, first: Ended) -> None:
    assert (first.code, first.stderr) == (0, "")
    assert "\x1b" not in first.stdout
    assert "\r" not in first.stdout
    steps, _, card = first.stdout.partition("\n\n")
    assert "60 rows" in steps
    assert "'id'" in steps
    assert len(card.splitlines()) <= 15
    assert max(map(len, card.splitlines())) <= 90
    assert card.startswith("nay")
    assert "yaynay/tables/nay/index.html" in card
    assert "yaynay ui yaynay" in card


def test_all_that_it_writes_is_in_its_folder(folder: Path, first: Ended) -> None:
    assert {path.name for path in folder.iterdir()} - {"nay.csv", "yay.csv", "other"} == {"yaynay"}
    assert {path.name for path in (folder / "yaynay").iterdir()} >= {".gitignore", "records", "mlflow.db", "tables"}
    assert (folder / "yaynay" / "tables" / "nay" / "index.html").is_file()


def test_the_same_question_is_answered_from_memory(folder: Path, first: Ended) -> None:
    page = folder / "yaynay" / "tables" / "nay" / "index.html"
    before = page.stat().st_mtime_ns
    again = ask(folder, "nay.csv", "--target", "price")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert page.stat().st_mtime_ns == before


def test_json_is_one_object_and_exit_codes_tell_the_outcome(folder: Path, answered: list[Ended]) -> None:
    first, told = answered
    shown = json.loads(told.stdout)
    assert shown["outcome"] == "yay"
    assert told.code == 0
    assert told.stderr == ""
    assert {model["name"] for model in shown["models"]} == {"line", "ridge", "network"}
    assert Path(folder, shown["paths"]["report"]).is_file()
    nay = ask(folder, "nay.csv", "--target", "price", "--exit-code", "--quiet")  # from memory
    assert nay.returncode == 1
    assert first.stdout.endswith(nay.stdout)
    assert nay.stdout.startswith("nay")


def test_where_tracking_fails_the_answer_comes_first(folder: Path, first: subprocess.CompletedProcess[str]) -> None:
    done = ask(
        folder, "nay.csv", "--target", "price", "--json", MLFLOW_TRACKING_URI="http://ann:secret@127.0.0.1:9/?token=abc"
    )
    assert done.returncode == 4
    assert json.loads(done.stdout)["paths"]["runs"] == "http://127.0.0.1:9/?token=..."
    assert re.fullmatch(r"error: [^\n]+\n", done.stderr)
    assert json.loads((folder / "yaynay" / "tables" / "nay" / "asked.json").read_text())["key"] == ""  # asked anew


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nowhere.csv", "--target", "price"], 3, "nowhere.csv: no such file"),
        (["nowhere.csv", "--target", "price", "--exit-code"], 2, "nowhere.csv: no such file"),
        (["nay.csv", "--target", "Price"], 3, "price"),
        (["nay.csv"], 2, "'id', 'size', 'age', 'price'"),
        (["nay.csv", "--target", "price", "--set", "missing=maybe"], 2, "missing"),
        (["nay.csv", "--target", "price", "--drop", "colour"], 3, "colour"),
        (["nay.csv", "--targt", "price"], 2, "--target"),
    ],
)
def test_a_mistake_is_one_sentence(folder: Path, words: list[str], code: int, said: str) -> None:
    done = ask(folder, *words)
    assert done.returncode == code
    assert re.fullmatch(r"error: [^\n]+\n", done.stderr), done.stderr
    assert said in done.stderr
    assert "dataset." not in done.stderr
    assert done.stdout == ""


def test_two_files_of_one_name_have_folders_of_their_own(folder: Path, first: Ended) -> None:
    (folder / "yay.csv").replace(folder / "kept.csv")
    (folder / "b").mkdir()
    (folder / "kept.csv").replace(folder / "b" / "nay.csv")
    other = ask(folder, "b/nay.csv", "--target", "price", "--exit-code")
    assert (other.returncode, other.stderr) == (0, "")
    names = sorted(path.name for path in (folder / "yaynay" / "tables").iterdir() if path.is_dir())
    assert names[0] == "nay"
    assert re.fullmatch("nay-[0-9a-f]{6}", names[1])
    assert f"yaynay/tables/{names[1]}/index.html" in other.stdout
    again = ask(folder, "nay.csv", "--target", "price")
    assert again.stdout.partition("\n\n")[2].splitlines()[:3] == first.stdout.partition("\n\n")[2].splitlines()[:3]
