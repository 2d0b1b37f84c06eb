"""What the process that workers are forked from imports first: from then on it ends with the sweep, at once."""

from yaynay.orphans import kill_with_parent

kill_with_parent()
