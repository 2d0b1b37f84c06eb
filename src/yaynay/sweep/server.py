"""The process that workers are forked from: it imports PyTorch and Lightning, which takes seconds, once for all.

`warm_up` starts it before there is anything to train, so that it imports beside whatever a command does first. This
module imports nothing that takes time.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from types import ModuleType
from typing import Any

STARTER = "YAYNAY_STARTER"
"""Environment variable: id of the process whose sweep it is."""
PRELOAD = "YAYNAY_PRELOAD"
"""Environment variable: the module of a backend to import, or nothing."""


def warm_up(backend: str = "lightning") -> None:
    """Have the server import a backend's module from now on; returns at once.

    Calls after the first change nothing while the server lives, whatever they ask for. It ends, silently, when the
    thread that called this ends, at the latest with the process. On other systems than Linux nothing is started.

    Args:
        backend: A module of `yaynay.models.backends` that can be imported before a fork, or "" for none.
    """
    if sys.platform != "linux":
        return
    forkserver.set_forkserver_preload(["yaynay.sweep._server"])
    set_for_server = {STARTER: str(os.getpid()), PRELOAD: backend and f"yaynay.models.backends.{backend}"}
    if not {"", str(Path.cwd())} & set(sys.path):  # it would import what lies in the user's folder
        set_for_server["PYTHONSAFEPATH"] = "1"
    with _environment(set_for_server):
        resource_tracker.ensure_running()  # the server would start it, and unblock what follows
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited: Ctrl-C is for the starter alone
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def foresee() -> None:
    """Warm up where this process's command line asks for a sweep of networks; a wrong guess costs only time."""
    others = ("--help", "--hydra-help", "--cfg", "--info", "--version", "--config-name", "hydra/launcher=", "backend=")
    words = sys.argv[1:]
    if {"-m", "--multirun"} & set(words) and not any(word.startswith(others) for word in words):
        warm_up()


def context(backend: str) -> Any:
    """How workers start: forked, on Linux, from the server. On other systems, libraries do not survive a fork.

    Args:
        backend: As of `warm_up`, for a server that is not there yet or died.
    """
    warm_up(backend)
    return multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")


@contextmanager
def without_main() -> Iterator[None]:
    """Workers that start meanwhile do not run the main module again.

    They need nothing of it, and it may be a script whose first act is to start workers, or be no file.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables that processes started meanwhile have."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
