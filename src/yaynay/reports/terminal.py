"""The verdicts as a table in the terminal and in verdicts.txt."""

import io
import os
from collections.abc import Mapping

from yaynay.reports import wording
from yaynay.verdict.model import Verdict

_STYLES = {"yay": "bold color(166)", "nay": "bold color(32)", "undecided": "bold bright_black"}
_GLUE = "\ue000"
"""Replaces a space at which no line may break, while the table is laid out."""


def text_table(verdicts: Mapping[str, Verdict], color: bool = False, width: int = 100) -> str:
    """The verdicts as a terminal shows them, with a header and a closing line.

    Args:
        verdicts: By table.
        color: Whether to color the outcomes, unless the environment has NO_COLOR.
        width: Longest line [characters]; a long sentence continues below its beginning.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.HORIZONTALS, show_edge=True, pad_edge=False, header_style="", width=width + 2)
    for title in ("outcome", "table", "gain (90 %)", "p"):
        table.add_column(title, no_wrap=True, justify="right" if title == "p" else "left")
    table.add_column("answer", ratio=1, overflow="fold")
    for name, verdict in wording.in_order(verdicts):
        sentence = _printable(verdict.sentence, 10_000).replace(" %", f"{_GLUE}%")  # keeps both on one line
        cells = (_printable(name), wording.gain(verdict), wording.probability(verdict.p_value), sentence)
        table.add_row(Text(verdict.outcome, _STYLES[verdict.outcome]), *map(Text, cells))
    has_color = color and not os.environ.get("NO_COLOR")
    console = Console(
        file=io.StringIO(),
        width=width + 2,
        force_terminal=has_color,
        color_system="256" if has_color else None,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as captured:
        console.print(table)
    lines = [line[1:].rstrip() for line in captured.get().replace(_GLUE, " ").splitlines()]  # the box has a left margin
    return "\n".join([*(line for line in lines if line), wording.count(verdicts)])


def _printable(text: str, longest: int = 28) -> str:
    """Text that moves no cursor and is not too long.

    >>> _printable("a\\x1b[2Jb\\nc")
    'a?[2Jb c'
    """
    flat = "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))
    return flat if len(flat) <= longest else f"{flat[: longest - 3]}..."
