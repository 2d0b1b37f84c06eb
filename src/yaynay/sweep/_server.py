"""Imported by the process that workers are forked from: from then on it ends with the sweep, at once.

Garbage is not collected while it imports, because everything stays; nor in workers is what was imported looked at
again, which would also copy the memory that they share.
"""

import gc
import importlib
import os
import sys
from types import ModuleType

from yaynay.processes import kill_with_parent
from yaynay.sweep.server import PRELOAD, STARTER

kill_with_parent()
if os.environ[STARTER] != str(os.getppid()):  # the sweep was gone before this was asked for
    os._exit(1)
gc.disable()
_without = {"scipy.signal": ModuleType("scipy.signal")}  # torchmetrics imports it, half a second, to patch one name
_without["scipy.signal"].hamming = None  # type: ignore[attr-defined]
sys.modules.update(_without)
for _name in ("yaynay.sweep.workers", os.environ[PRELOAD]):
    if _name:
        importlib.import_module(_name)
for _name, _module in _without.items():
    if sys.modules.get(_name) is _module:
        del sys.modules[_name]
gc.freeze()
gc.enable()
