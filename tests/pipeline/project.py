"""How the pipeline tests call the commands and read what they left."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
STORE = "new.db"
"""A new MLflow store, beside the project."""
Run = Callable[..., subprocess.CompletedProcess[str]]
LINES = ("least_squares line", "ridge line", "terms formula")
"""Runs that every sweep has beside what was asked for."""
QUICK = ["plan.n_repeats=1", "trainer.max_epochs=5", "verdict.n_draws=199"]
"""Overrides that make a fit take moments."""

_DRIVER = """
import contextlib, io, json, os, runpy, sys
initial, ended = dict(os.environ), []
for folder, words in json.loads(sys.stdin.read()):
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(initial)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        os.environ[name] = value
    sys.argv, out, errors, code = words, io.StringIO(), io.StringIO(), None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            runpy.run_module(words[0], run_name="__main__", alter_sys=True)
        except SystemExit as end:
            code = end.code
    ended.append((code, out.getvalue(), errors.getvalue()))
print(json.dumps(ended))
"""


@dataclass(frozen=True)
class Ended:
    """Exit code of a command and what it printed."""

    code: int
    stdout: str
    stderr: str


def clean_environment(project: Path) -> dict[str, str]:
    """The environment without what would lead elsewhere, and with this project's source first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "YAYNAY_", "DVC_"))}
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"PYTHONPATH": str(project / "src"), "PATH": binaries, "DVC_NO_ANALYTICS": "1"}


def call(project: Path, *words: str, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m MODULE ...`, or `python -c SCRIPT`, in a project; its exit code must be `code`."""
    done = subprocess.run(
        [sys.executable, *(["-m"] if words[0] != "-c" else []), *words],
        cwd=project,
        env=clean_environment(project) | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def call_each(*commands: tuple[Path, list[str]], starter: tuple[str, ...] = (), **environment: str) -> list[Ended]:
    """Run commands one after another, each in its folder, in one process: its imports take seconds.

    Args:
        commands: Folder, and the words after `python -m`; NAME=value before them sets a variable for that command.
        starter: What starts the process, as `unshare -n`.
        environment: Further variables, for all.
    """
    folder = commands[0][0]
    done = subprocess.run(
        [*starter, sys.executable, "-c", _DRIVER],
        cwd=folder,
        env=clean_environment(folder) | environment,
        input=json.dumps([(str(folder), words) for folder, words in commands]),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return [Ended(*ended) for ended in json.loads(done.stdout)]


def _select(store: Path, query: str) -> list[tuple]:
    """Rows of a SQLite store of MLflow's.

    By SQL, and in this file alone: tests look many times a second while a command writes, and MLflow's client takes
    seconds to import.
    """
    with contextlib.closing(sqlite3.connect(store)) as connection:
        return connection.execute(query).fetchall()


def runs(project: Path) -> list[tuple[str, str, bool]]:
    """Name, status and whether it is a parent, of every run in MLflow."""
    return _select(
        project / "mlflow.db",
        "select r.name, r.status, p.value is null from runs r left join tags p "
        "on p.run_uuid = r.run_uuid and p.key = 'mlflow.parentRunId' order by 1",
    )


@dataclass(frozen=True)
class Logged:
    """What a run logged; for each metric all values by step."""

    name: str
    status: str
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, dict[int, float]]


def logged(store: Path) -> list[Logged]:
    """All runs of a SQLite store."""
    found = {
        run_id: Logged(name, status, {}, {}, {})
        for run_id, name, status in _select(store, "select run_uuid, name, status from runs order by name")
    }
    for run_id, key, value in _select(store, "select run_uuid, key, value from params"):
        found[run_id].params[key] = value
    for run_id, key, value in _select(store, "select run_uuid, key, value from tags"):
        found[run_id].tags[key] = value
    for run_id, key, step, value in _select(store, "select run_uuid, key, step, value from metrics"):
        found[run_id].metrics.setdefault(key, {})[step] = value
    return list(found.values())


def trained(project: Path) -> dict[str, Path]:
    """Folders of the records of what was asked for and is not a line in closed form, by key."""
    found = (project / "records" / "runs").glob("[!.]*/record.json")
    return {
        path.parent.name: path.parent
        for path in found
        if json.loads(path.read_text())["configuration"]["backend"]["name"] not in {line.split()[0] for line in LINES}
    }


def tags(project: Path, key: str) -> list[str]:
    """Values that a tag has in all runs."""
    return [run.tags[key] for run in logged(project / "mlflow.db") if key in run.tags]


def column(project: Path, table: str, name: str) -> list[str]:
    """A column of one of MLflow's tables."""
    return [value for (value,) in _select(project / "mlflow.db", f"select {name} from {table}")]  # noqa: S608 - fixed words


def recorded_keys(project: Path) -> list[str]:
    """Record keys that MLflow's runs name."""
    return tags(project, "yaynay.run")
