"""Imported by the process that workers are forked from: from then on it ends with the sweep, at once.

Garbage is not collected while it imports, because everything stays; nor in workers is what was imported looked at
again, which would also copy the memory that they share.
"""

import gc
import importlib
import os

from yaynay.processes import kill_with_parent
from yaynay.sweep.server import PRELOAD, STARTER

kill_with_parent()
if os.environ[STARTER] != str(os.getppid()):  # the sweep was gone before this was asked for
    os._exit(1)
gc.disable()
for _name in ("yaynay.sweep.workers", os.environ[PRELOAD]):
    if _name:
        importlib.import_module(_name)
gc.freeze()
gc.enable()
