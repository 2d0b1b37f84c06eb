"""Commands that are killed, and what they must not leave behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.project import clean_environment, trained

PATIENCE = 600
"""How long a test waits for what has no promised time [s]: a machine may be busy, and nothing may hang."""


def start(project: Path, *words: str, **environment: str) -> "subprocess.Popen[str]":
    """`python -m WORDS` in its own session, as a terminal starts it."""
    return launch(project, [sys.executable, "-m", *words], **environment)


def launch(project: Path, command: list[str], **environment: str) -> "subprocess.Popen[str]":
    """A command in its own session; its output goes to files beside the project."""
    with (project.parent / "stdout").open("w") as out, (project.parent / "stderr").open("w") as err:
        return subprocess.Popen(
            command,
            cwd=project,
            env=clean_environment(project) | environment,
            stdout=out,
            stderr=err,
            text=True,
            start_new_session=True,
        )


@contextlib.contextmanager
def started(project: Path, *words: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """As `start`; nothing of it is left afterwards."""
    process = start(project, *words, **environment)
    try:
        yield process
    finally:
        end(process, project)


def end(process: "subprocess.Popen[str]", project: Path) -> None:
    """Kill a command and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pid in living(project):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def living(project: Path) -> list[int]:
    """Processes that work in the project."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            cwd = (folder / "cwd").readlink()
            state = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if cwd.is_relative_to(project) and state != "Z":
                found.append(int(folder.name))
    return found


def seconds_until(is_so: Callable[[], object], at_most: float = PATIENCE) -> float:
    """Wait until something is true, and return how long that took; an assertion fails if it never is."""
    clock = time.monotonic()
    while not is_so():
        assert time.monotonic() - clock < at_most, f"not so after {at_most} s"
        time.sleep(0.05)
    return time.monotonic() - clock


def n_records(project: Path) -> int:
    """Networks and lines by gradient descent that have ended."""
    return len(trained(project))
