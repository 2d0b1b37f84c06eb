"""Commands called in this process, as a user types them, and what they left."""

import importlib
import logging
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Figure
from pipeline.conftest import project as project
from pipeline.conftest import run as run
from pipeline.conftest import store as store

from yaynay.cli import exits


@dataclass(frozen=True)
class Outcome:
    """Exit code, lines on both streams, and files and folders that were not there before."""

    code: int
    out: list[str]
    errors: list[str]
    written: set[str]


Call = Callable[..., Outcome]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and this process in it."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "dvc.yaml").touch()
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def call(workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Call]:
    """Run `python -m yaynay.MODULE ...` in this process."""
    for name in ("YAYNAY_SWEEP", "YAYNAY_SWEEP_OWNER", "HYDRA_FULL_ERROR", "PYTHONWARNINGS"):
        monkeypatch.setenv(name, "")  # the command sets them; this takes them back
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(logging, "shutdown", lambda *_: None)  # TensorFlow's handler would close pytest's own stream
    before_term = signal.getsignal(signal.SIGTERM)

    def run(module: str, *words: str) -> Outcome:
        before = {str(path.relative_to(workplace)) for path in workplace.rglob("*")}
        main = importlib.import_module(f"yaynay.{module}").main
        monkeypatch.setattr(sys, "argv", [module, *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            exits.run_and_exit(main)
        printed = capsys.readouterr()
        after = {str(path.relative_to(workplace)) for path in workplace.rglob("*")}
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, printed.out.splitlines(), printed.err.splitlines(), after - before)

    yield run
    signal.signal(signal.SIGTERM, before_term)


REFUSALS: Counter[int] = Counter()


@pytest.fixture
def refused(call: Call, figure: Figure) -> Callable[..., str]:
    """Run a command that must end with a code and one line, and leave nothing behind."""

    def run(code: int, module: str, *words: str) -> str:
        done = call(module, *words)
        assert (done.code, len(done.errors), done.written, done.out) == (code, 1, set(), []), done
        assert done.errors[0].startswith("error: ")
        REFUSALS[code] += 1
        seen = ", ".join(f"{count} with code {code}" for code, count in sorted(REFUSALS.items()))
        figure(
            "A wrong option, bad file or missing part: one line, its code, nothing written",
            "all",
            REFUSALS.total(),
            seen,
        )
        return done.errors[0].removeprefix("error: ")

    return run
