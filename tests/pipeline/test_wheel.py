"""The wheel in a new virtual environment, outside any project: what a user has after `pip install yaynay`."""

import contextlib
import gzip
import importlib.util
import json
import os
import pty
import random
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import lacks
from pipeline.project import REPOSITORY

from yaynay import __version__, extras

pytestmark = pytest.mark.usefixtures("only_with_faults")

Call = Callable[..., "subprocess.CompletedProcess[str]"]
Write = Callable[[Path], Path]
OUTCOMES = ("yay: ", "nay: ", "undecided: ")
QUICK = ["plan.n_repeats=1", "trainer.max_epochs=5", "verdict.n_draws=199"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, and this one's packages beside it."""
    if importlib.util.find_spec("hatchling") is None:
        lacks("hatchling is not installed: make test installs it")
    folder = tmp_path_factory.mktemp("installed")
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    wheel = folder / done.stdout.split()[-1]
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel], check=True)
    words = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", words], capture_output=True, text=True, check=True).stdout.strip()
    (Path(packages) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin"


@pytest.fixture(scope="module")
def variables(environment: Path) -> dict[str, str]:
    """What a program of the environment sees: no package of an extra, and nothing that leads elsewhere."""
    lead = ("MLFLOW_", "YAYNAY_", "DVC_", "PYTHON", "NO_COLOR", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(lead)}
    hidden = ",".join([*extras.EXTRAS, "tensorflow", "pytensor", "numba"])
    path = {"PYTHONPATH": str(Path(__file__).parent / "absent"), "PATH": f"{environment}:{os.environ['PATH']}"}
    return kept | path | {"ABSENT": hidden, "TERM": "xterm-256color", "COLUMNS": "100"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of no project."""
    return tmp_path_factory.mktemp("anywhere")


@pytest.fixture(scope="module")
def call(environment: Path, variables: dict[str, str], folder: Path) -> Call:
    """Run a program of the environment in the folder, with pipes."""

    def run(program: str, *words: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [environment / program, *words], cwd=folder, env=variables, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


def test_the_command_and_the_package_are_there(call: Call, environment: Path) -> None:
    assert call("yaynay", "--version").stdout == f"yaynay {__version__}\n"
    assert "yaynay ask houses.csv --target price" in call("yaynay", "--help").stdout
    where = call("python", "-c", "import yaynay; print(yaynay.__file__)").stdout
    assert Path(where.strip()).is_relative_to(environment.parent)


def draw() -> dict[str, list]:
    """A table of 120 rows: two numbers, a category and a target."""
    made = random.Random(0)  # noqa: S311 - a table
    size = [round(made.uniform(40, 200), 1) for _ in range(120)]
    town = [made.choice(["Oslo", "Bergen", "Tromso"]) for _ in size]
    return {"size": size, "town": town, "price": [round(2 * each + made.gauss(0, 9), 2) for each in size]}


def write_csv(folder: Path) -> Path:
    """Categories and missing cells."""
    frame = pd.DataFrame(draw())
    frame.loc[::9, "size"] = None
    frame.loc[::11, "town"] = "NA"
    frame.to_csv(folder / "houses.csv", index=False)
    return folder / "houses.csv"


def write_decimal_commas(folder: Path) -> Path:
    """Semicolons between cells, decimal commas in them."""
    pd.DataFrame(draw()).to_csv(folder / "commas.csv", index=False, sep=";", decimal=",")
    return folder / "commas.csv"


def write_parquet(folder: Path) -> Path:
    pd.DataFrame(draw()).astype({"town": "category"}).to_parquet(folder / "kept.parquet")
    return folder / "kept.parquet"


def write_dates(folder: Path) -> Path:
    """Compressed, with a column of dates."""
    days = pd.date_range("2020-01-01", periods=120, freq="D").strftime("%Y-%m-%d")
    frame = pd.DataFrame(draw()).assign(sold=random.Random(1).sample(list(days), 120))  # noqa: S311 - a table
    (folder / "sales.csv.gz").write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    return folder / "sales.csv.gz"


def write_json_lines(folder: Path) -> Path:
    pd.DataFrame(draw()).to_json(folder / "lines.jsonl", orient="records", lines=True)
    return folder / "lines.jsonl"


FILES = [write_csv, write_decimal_commas, write_parquet, write_dates, write_json_lines]


@pytest.mark.parametrize("write", FILES)
def test_a_question_about_a_file_of_any_kind_is_answered_in_a_pipe(call: Call, folder: Path, write: Write) -> None:
    file = write(folder)
    before = {path.name for path in folder.iterdir()}
    done = call("yaynay", "ask", file.name, "--target", "price")
    assert done.stderr == ""
    assert {"\x1b", "\r"} & {*done.stdout} == set()
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{file.name}: 120 rows")
    assert sum(line.startswith(OUTCOMES) for line in lines) == 1
    assert {path.name for path in folder.iterdir()} - before <= {"yaynay"}
    assert (folder / "yaynay" / file.name.partition(".")[0] / "index.html").is_file()


def test_the_same_question_in_a_terminal_has_the_same_answer(
    call: Call, environment: Path, variables: dict[str, str], folder: Path
) -> None:
    words = ["ask", write_csv(folder).name, "--target", "price", "--out", "other"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [environment / "yaynay", *words], cwd=folder, env=variables, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        printed = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while part := os.read(ours, 4096):
                printed += part
    os.close(ours)
    assert process.returncode == 0, printed
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed.decode())
    answer = json.loads(call("yaynay", *words, "--json").stdout)
    assert f"\n{answer['outcome']}: " in plain.replace("\r", "\n")


def test_a_sweep_of_a_made_table_and_of_a_file_have_their_verdicts(call: Call, folder: Path) -> None:
    assert call("python", "-m", "yaynay.train", "dataset=sine", *QUICK).stdout.splitlines()[-1].startswith("sine: ")
    words = ["dataset=csv", f"dataset.path={write_csv(folder).name}", "dataset.target=price", "dataset.missing=impute"]
    done = call("python", "-m", "yaynay.train", "-m", *words, "model=skip", "model.depth=1,2", *QUICK)
    assert done.stdout.splitlines()[-1].startswith("houses: ")
    assert {path.name for path in folder.iterdir()} >= {"records", "mlflow.db", "mlartifacts"}
