"""A process whose starter was killed ends too: nobody waits for it, and its work is started again."""

import contextlib
import ctypes
import os
import signal
import threading
import time
from pathlib import Path

_PAUSE = 0.2
"""Time between two looks at the processes above [s]; the next command takes longer to start."""
_PR_SET_PDEATHSIG = 1
_SHELLS = {"sh", "dash", "bash", "zsh", "fish", "ksh", "busybox"}


def end_with_starter() -> None:
    """End this process, at once and without a word, when the one that started it has ended.

    On Linux the kernel sees to it; the thread waits for whatever holds the interpreter, but knows of shells.
    """
    starters = _starters()
    kill_with_parent()
    threading.Thread(target=_watch, args=(starters,), daemon=True).start()


def kill_with_parent() -> None:
    """Have the kernel kill this process when the one above it ends; on Linux, and without a thread."""
    with contextlib.suppress(OSError, AttributeError):  # another system
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(starters: list[int]) -> None:
    while _starters() == starters:
        time.sleep(_PAUSE)
    os._exit(1)


def _starters() -> list[int]:
    """Ids of the process above; of a shell, that of the process above it too, for a shell outlives it."""
    parent = os.getppid()
    try:
        name, _, rest = Path(f"/proc/{parent}/stat").read_text(errors="replace").partition("(")[2].rpartition(")")
    except OSError:  # not Linux, or just gone
        return [parent]
    return [parent, int(rest.split()[1])] if name in _SHELLS else [parent]
