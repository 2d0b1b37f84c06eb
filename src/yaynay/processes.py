"""Processes: how many to run, and how one ends when the process that started it was killed.

Nobody waits for an orphan, and its work is started again.
"""

import contextlib
import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil

_PAUSE = 0.2
"""Time between two checks of the parent processes [s]; the next command takes longer to start."""
_PR_SET_PDEATHSIG = 1
_SHELLS = {"sh", "dash", "bash", "zsh", "fish", "ksh", "busybox"}


def usable_cpus() -> int:
    """Processors that this process may use, within the limits of a container, taskset or SLURM."""
    from joblib import cpu_count

    return cpu_count()


def end_with_starter() -> None:
    """End this process, at once and silently, when the one that started it has ended.

    On Linux the kernel does it. The thread must wait for whatever holds the interpreter, but also sees past shells.
    """
    starters = _starters()
    kill_with_parent()
    threading.Thread(target=_watch, args=(starters,), daemon=True).start()


def kill_with_parent() -> None:
    """Have the kernel kill this process when its parent ends; on Linux only, and without a thread."""
    with contextlib.suppress(OSError, AttributeError):  # another system
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(starters: list[psutil.Process]) -> None:
    while _starters() == starters:
        time.sleep(_PAUSE)
    os._exit(1)


def _starters() -> list[psutil.Process]:
    """The parent process; if that is a shell, its parent too, which the shell outlives."""
    try:
        above = psutil.Process().parents()
        return above[: 2 if above and above[0].name() in _SHELLS else 1]
    except psutil.Error:  # just gone
        return []


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], Any]]:
    """SIGTERM as an interrupt, which ends another library's wait; afterwards it is handled as before.

    Yields a function that sets this again, for use after a library that takes over SIGTERM when it starts.

    Raises:
        KeyboardInterrupt: The process was interrupted, or had no handler of its own for SIGTERM.
    """
    is_terminated = False

    def interrupt(*_: object) -> None:
        nonlocal is_terminated
        is_terminated = True
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGTERM)
    try:
        yield lambda: signal.signal(signal.SIGTERM, interrupt)
    except KeyboardInterrupt:
        if is_terminated and callable(before):
            before(signal.SIGTERM, None)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
