"""What make says before it starts, by the real make with programs that only say what they were asked."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import lacks

REPOSITORY = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
case "$*" in
  *venv*) mkdir -p .venv/bin; chmod +x say; for name in pip pip-audit dvc python; do cp say .venv/bin/$name; done;;
esac
"""
SAY = '#!/bin/sh\necho "ran: $(basename "$0") $*"\ncase "$*" in repro*) mkdir -p results/worked;; esac\n'
COST = re.compile(r"about (\d+) minutes?(?:,| and) (\d+\.\d) GB(?: to download and (\d+\.\d) GB)? of disk")

if shutil.which("make") is None:
    lacks("make is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "reports").mkdir()
    for name, text in (("reports/worked.txt", "worked\n"), ("reports/verdicts.txt", "verdicts\n"), ("say", SAY)):
        (tmp_path / name).write_text(text)
    (tmp_path / "fake").write_text(PYTHON)
    (tmp_path / "fake").chmod(0o755)
    return tmp_path


def make(folder: Path, *words: str) -> list[str]:
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")  # of the make that runs the tests
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    done = subprocess.run(
        ["make", *words, "PYTHON=./fake"],
        cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_repro_says_what_it_will_take_before_it_starts_and_only_what_is_still_to_be_done(folder: Path) -> None:
    first = make(folder, "repro")
    ran = [number for number, line in enumerate(first) if line.startswith("ran: ")]
    said = [number for number, line in enumerate(first) if COST.search(line)]
    assert ["install" in first[number] for number in ran] == [True, False]
    assert (len(said), max(said) < min(ran)) == (2, True)
    assert first[0].startswith("to do: install into .venv")
    assert "verdicts" in first

    second = make(folder, "repro")
    assert [line for line in second if COST.search(line) or "install" in line] == []
    assert "ran: dvc repro -q" in second

    shutil.rmtree(folder / "results")
    assert [line for line in make(folder, "repro") if COST.search(line)] == first[1:2]


def test_the_tests_tools_are_installed_for_the_tests_alone(folder: Path) -> None:
    assert "dev" not in "".join(make(folder, "install"))
    (checked,) = [line for line in make(folder, "ui", "audit") if line.startswith("ran: pip install")]
    assert "[dev]" in checked


def test_the_help_says_the_same(folder: Path) -> None:
    helped = dict(re.findall(r"^  make (\S+) +(.*)$", "\n".join(make(folder, "help")), re.MULTILINE))
    for target in ("install", "repro"):
        (line,) = [line for line in make(folder, target) if COST.search(line)]
        found = COST.search(line)
        assert found is not None
        for figure in filter(None, found.groups()):
            assert re.search(rf"\b{re.escape(figure)} (minutes|GB)", helped[target]), (target, figure)
