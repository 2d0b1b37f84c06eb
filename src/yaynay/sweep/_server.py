"""Imported by the process that workers are forked from: from then on it ends with the sweep, at once.

Garbage is not collected while it imports, because everything stays; nor in workers is what was imported looked at
again, which would also copy the memory that they share.
"""

import contextlib
import gc
import importlib
import os
import sys
from pickle import UnpicklingError
from types import ModuleType, TracebackType

from yaynay.processes import kill_with_parent
from yaynay.sweep.server import PRELOAD, STARTER


def _preload(*names: str) -> None:
    """Import modules; whoever needs one that cannot be imported says what is wrong."""
    gc.disable()
    without = {"scipy.signal": ModuleType("scipy.signal")}  # torchmetrics imports it, half a second, to patch one name
    without["scipy.signal"].hamming = None  # type: ignore[attr-defined]
    sys.modules.update(without)
    try:
        with contextlib.suppress(Exception):
            for name in names:
                importlib.import_module(name)
    finally:
        for name, module in without.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        gc.freeze()
        gc.enable()


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What is said of a worker that fails before it is one: nothing if whoever started it was interrupted."""
    if not issubclass(kind, EOFError | FileNotFoundError | UnpicklingError):
        sys.__excepthook__(kind, error, trace)


kill_with_parent()
if os.environ[STARTER] != str(os.getppid()):  # the sweep was gone before this was asked for
    os._exit(1)
os.register_at_fork(after_in_child=kill_with_parent)
sys.excepthook = _report
_preload(*filter(None, ("yaynay.sweep.workers", os.environ[PRELOAD])))
