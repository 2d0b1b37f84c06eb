"""The command `yaynay`: what it imports, how its help looks, and how its mistakes are said."""

import importlib
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from yaynay import __version__
from yaynay.cli import commands
from yaynay.cli.commands import Command, main
from yaynay.errors import OptionError

SOURCE = Path(commands.__file__).parents[2]
OWN = [name for name, (module, _) in commands._COMMANDS.items() if module != commands._HYDRA]
HYDRA = [name for name in commands._COMMANDS if name not in OWN]
HEAVY = ("hydra", "omegaconf", "numpy", "pandas", "torch", "mlflow", "pydantic", "yaml", "pyarrow")


def call(folder: Path, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, in a process of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "_YAYNAY"))}
    env = plain | {"PYTHONPATH": str(SOURCE)} | options.pop("env", {})
    command = [sys.executable, "-m", "yaynay", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=100, **options)


def said(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What is said of a wrong command line."""
    monkeypatch.setattr(sys, "argv", ["yaynay", *words])
    with pytest.raises(OptionError) as caught:
        main()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def modules_after(folder: Path, *lines: list[str]) -> tuple[str, set[str]]:
    """What commands print, one after another in one process, and every module that they loaded."""
    script = (
        "import json, sys\nfrom yaynay.cli.commands import main\nfrom yaynay.errors import YaynayError\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    sys.argv = ['yaynay', *words]\n"
        "    try:\n        main()\n    except YaynayError as error:\n        print(error)\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script, json.dumps(lines)]
    env = os.environ | {"PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=True)
    return done.stdout, set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    helps = [["--help"], ["--version"], [], *([name, "--help"] for name in OWN)]
    printed, loaded = modules_after(tmp_path, *helps)
    assert printed.count("Usage: ") == len(helps) - 1
    assert sorted(loaded.intersection(HEAVY)) == []


def test_what_hydra_does_not_compose_does_not_import_it(tmp_path: Path) -> None:
    """Up to the first sentence that a command says of nothing."""
    asked = [[name, "missing"] for name in ("ui", "verify", "ask", "reproduce")]
    printed, loaded = modules_after(tmp_path, *asked)
    assert sum("missing" in line for line in printed.splitlines()[:-1]) == len(asked)
    assert not {"hydra", "omegaconf"} & loaded


@pytest.mark.parametrize("name", [*OWN, None])
def test_help_begins_with_an_example(
    name: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["yaynay", *([name] if name else []), "--help"])
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Example: ")
    assert f"yaynay {name or 'ask'}" in lines[0]
    assert max(map(len, lines)) <= 90


@pytest.mark.parametrize("name", [name for name in OWN if name != "completion"])
def test_examples_are_command_lines_that_parse(name: str) -> None:
    module, _ = commands._COMMANDS[name]
    command = getattr(importlib.import_module(f"yaynay.cli.{module}"), name)
    assert isinstance(command, Command)
    assert command.examples
    for example in command.examples:
        command.make_context(name, example.split()[2:])


@pytest.mark.parametrize("name", HYDRA)
def test_help_of_hydra_s_commands_begins_with_an_example(tmp_path: Path, name: str) -> None:
    done = call(tmp_path, name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Example: yaynay {name}")
    assert "== Config ==" in done.stdout


def test_words_reach_hydra_unchanged(tmp_path: Path) -> None:
    words = ["generate", "--cfg", "job", "dataset=csv", "dataset.path='a b,[c].csv'", 'dataset.target="x=y"']
    (tmp_path / "a b,[c].csv").write_text("x=y,a\n" + "".join(f"{row},{row * row % 7}\n" for row in range(30)))
    ours = call(tmp_path, *words)
    env = os.environ | {"PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", f"yaynay.{words[0]}", *words[1:]]
    theirs = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert (ours.returncode, ours.stdout) == (0, theirs.stdout), ours.stderr
    assert "target: x=y" in ours.stdout


def test_the_version_is_said(tmp_path: Path) -> None:
    assert call(tmp_path, "--version").stdout == f"yaynay {__version__}\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trian"], "yaynay: command 'trian' is unknown; allowed: ask, train, generate, compare, report, add, ui, "
         "sync, verify, reproduce, completion; did you mean 'train'?"),
        (["zzz"], "verify, reproduce, completion; choose one of them"),
        (["--verson"], "yaynay: option '--verson' is unknown; allowed: --version, --help; did you mean '--version'?"),
        (["ui", "--prt", "3"], "yaynay ui: option '--prt' is unknown; allowed: --host, --port, --help; did you mean"),
        (["ask", "a.csv", "--taget", "y"], "did you mean '--target'?"),
        (["ask"], "yaynay ask: FILE is missing; one is needed; give it, as in: yaynay ask houses.csv --target price"),
        (["ask", "a.csv", "--target"], "yaynay: option '--target' requires an argument; --help says"),
        (["ask", "a.csv", "b.csv"], "yaynay ask: got unexpected extra argument (b.csv); --help says what is allowed"),
        (["ui", "--port", "x"], "option '--port': 'x' is not a valid integer; --help says what is allowed; correct it"),
        (["ask", "a.csv", "--most-rows", "3"], "option '--most-rows': 3 is not in the range x>=20"),
        (["completion", "csh"], "option 'SHELL': 'csh' is not one of 'bash', 'zsh', 'fish'"),
        (["add", "a.csv"], "yaynay add: TARGET is missing"),
        (["reproduce"], "yaynay reproduce: RUN is missing"),
        (["verify", "nowhere"], "nowhere: no such folder; allowed: a project, or the folder that yaynay ask wrote"),
        (["ask", "a.csv", "--json=3"], "yaynay: option '--json' does not take a value"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert expected in said(monkeypatch, *words)


def test_a_mistake_ends_with_2_on_stderr(tmp_path: Path) -> None:
    done = call(tmp_path, "trian")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("error: yaynay: command 'trian' is unknown;")
    done = call(tmp_path, "trian", "--debug")
    assert (done.returncode, "Traceback" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("shell", "line"), [("bash", "complete -o nosort -F"), ("zsh", "#compdef yaynay"), ("fish", "complete --no-files")]
)
def test_each_shell_has_its_script(tmp_path: Path, shell: str, line: str) -> None:
    done = call(tmp_path, "completion", shell)
    assert (done.returncode, line in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("words", "found"), [("yaynay rep", "reproduce"), ("yaynay ask --ta", "--target"), ("yaynay ui --p", "--port")]
)
def test_words_are_completed(tmp_path: Path, words: str, found: str) -> None:
    env = {"_YAYNAY_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = call(tmp_path, env=env)
    assert f"plain,{found}" in done.stdout.splitlines()


def test_a_folder_that_was_asked_in_is_found_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By `ui`, `sync`, `verify` and `reproduce` alike; a project, or a folder that is named, comes first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "yaynay" / "records" / "runs" / "abc").mkdir(parents=True)
    (tmp_path / "yaynay" / "records" / "runs" / "abc" / "record.json").write_text("{")
    monkeypatch.setattr(sys, "argv", ["yaynay", "verify"])
    assert main() == 3
    printed = capsys.readouterr()
    assert printed.err.startswith("yaynay/: what yaynay ask wrote here\n")
    assert str(tmp_path / "yaynay" / "records" / "runs" / "abc") in printed.err
    monkeypatch.setattr(sys, "argv", ["yaynay", "verify", "yaynay"])
    assert main() == 3
    assert "wrote here" not in capsys.readouterr().err
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.setattr(sys, "argv", ["yaynay", "verify"])
    assert main() == 0
    assert capsys.readouterr() == ("0 checked, 0 damaged\n", "")


def test_a_folder_without_runs_is_not_made_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    for command in ("ui", "sync", "verify"):
        assert "other: holds no runs" in said(monkeypatch, command, "other")
    assert list((tmp_path / "other").iterdir()) == []


def test_the_ui_serves_the_store_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yaynay.tracking import ui

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "yaynay").mkdir()
    (tmp_path / "yaynay" / "mlflow.db").touch()
    served: list[str] = []
    monkeypatch.setattr(ui, "serve", lambda host, port: served.append(ui.tracking_uri()))
    for words in ([], ["yaynay"]):
        monkeypatch.setattr(sys, "argv", ["yaynay", "ui", *words])
        main()
    assert served == [f"sqlite:///{tmp_path}/yaynay/mlflow.db"] * 2


def test_ctrl_c_at_a_question_ends_with_130(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Y,x\n" + "".join(f"{row},{row * row}\n" for row in range(30)))
    ours, theirs = pty.openpty()
    env = os.environ | {"PYTHONPATH": str(SOURCE), "TERM": "dumb"}
    process = subprocess.Popen(
        [sys.executable, "-m", "yaynay", "ask", "a.csv"], cwd=tmp_path, env=env, stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True, preexec_fn=_take_terminal,
    )  # fmt: skip
    os.close(theirs)
    seen = _read_until(ours, "predicted: ")
    assert "Y  number" in seen
    os.write(ours, b"y\n")
    assert "did you mean 'Y'?" in _read_until(ours, "predicted: ")
    time.sleep(0.2)  # the prompt is printed a moment before it waits for an answer
    os.write(ours, b"\x03")
    assert process.wait(60) == 130
    os.close(ours)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.csv"]


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_until(terminal: int, text: str) -> str:
    seen, end = "", time.monotonic() + 60
    while not seen.endswith(text) and time.monotonic() < end:
        seen += os.read(terminal, 10_000).decode()
    return seen
