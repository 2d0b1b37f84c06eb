"""Imported first by the process that workers are forked from: from then on it ends with the sweep, at once."""

import os

from yaynay.processes import kill_with_parent

kill_with_parent()
if os.environ["YAYNAY_STARTER"] != str(os.getppid()):  # the sweep was gone before this was asked for
    os._exit(1)
