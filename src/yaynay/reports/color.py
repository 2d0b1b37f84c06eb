"""Whether to color what is printed; nothing heavy is imported here."""

import os
from typing import TextIO


def wants_color(stream: TextIO) -> bool:
    """Whether to color what goes to a stream: a terminal that can, unless the environment has NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
