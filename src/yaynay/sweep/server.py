"""The process that workers are forked from: it imports PyTorch and Lightning, which takes seconds, once for all.

`warm_up` starts it before there is anything to train, so that it imports beside whatever a command does first. This
module imports nothing that takes time.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

STARTER = "YAYNAY_STARTER"
"""Environment variable: id of the process whose sweep it is."""
PRELOAD = "YAYNAY_PRELOAD"
"""Environment variable: the module of a backend to import, or nothing."""
_SWAPPING = threading.Lock()


def warm_up(backend: str = "lightning") -> None:
    """Have the server import a backend's module from now on; returns at once.

    Calls after the first change nothing while the server lives, whatever they ask for. It ends, silently, with this
    process. On other systems than Linux nothing is started, nor where no worker can be (`is_possible`).

    Args:
        backend: A module of `yaynay.models.backends` that can be imported before a fork, or "" for none.
    """
    if sys.platform == "linux" and is_possible():
        from yaynay.sweep.forked import SERVER

        SERVER.warm_up(backend)


def is_possible() -> bool:
    """Whether this process may start others, which `multiprocessing` forbids the workers of its pools."""
    return not multiprocessing.current_process().daemon


def foresee() -> None:
    """Warm up where this process's command line asks for a sweep of networks; a wrong guess costs only time."""
    others = ("--help", "--hydra-help", "--cfg", "--info", "--version", "--config-name", "hydra/launcher=", "backend=")
    words = sys.argv[1:]
    if {"-m", "--multirun"} & set(words) and not any(word.startswith(others) for word in words):
        warm_up()


class Noting:
    """A context of `multiprocessing` that notes the processes which are made in it."""

    kind: Callable[..., BaseProcess]

    def __init__(self) -> None:
        self.started: list[BaseProcess] = []

    def Process(self, *arguments: Any, **options: Any) -> BaseProcess:  # noqa: N802 - the standard library's name
        """A process that is not started yet."""
        made = self.kind(*arguments, **options)
        self.started.append(made)
        return made


def context(backend: str) -> Any:
    """How workers start: forked, on Linux, from the server. On other systems, libraries do not survive a fork.

    They do not run the main module again: they need nothing of it, and it may be a script whose first act is to start
    workers, or be no file.

    Args:
        backend: As of `warm_up`, for a server that is not there yet or died.
    """
    if sys.platform != "linux":
        return _Spawning()
    from yaynay.sweep.forked import Context

    warm_up(backend)
    return Context()


class _SpawnProcess(SpawnProcess):
    def start(self) -> None:
        with _SWAPPING:  # two at once would restore each other's
            main = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = main


class _Spawning(Noting, SpawnContext):  # type: ignore[misc]
    kind = _SpawnProcess


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
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
