"""What all pictures share: palette, type, header, and safe names of columns."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE, NETWORK, INK, QUIET, DATA = "#0072B2", "#D55E00", "#222222", "#666666", "#8A8A8A"
"""The first two from Okabe & Ito (2008), Color Universal Design. An outcome has the color of the side that wins."""

_TEXT = {NETWORK: "#B04A00"}
"""Darker where letters need more contrast than dots."""

MARKS = {"yay": (NETWORK, "^"), "nay": (LINE, "s"), "undecided": (QUIET, "o")}
"""Color and marker of each outcome."""

MOST_DOTS = 3000
"""Most rows that a cloud of dots shows; more would be a single blot."""

_WIDTH, _HEADER = 8.0, 0.66
"""[inches]"""
_DPI = 200
_FONT = "DejaVu Sans"  # comes with matplotlib, so that a picture is the same on every machine

_STYLE: Any = {
    "font.family": _FONT,
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,  # a column's name is text, whatever characters it holds
    "axes.edgecolor": "#BBBBBB",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.axisbelow": True,
    "xtick.color": "#BBBBBB",
    "ytick.color": "#BBBBBB",
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.solid_capstyle": "round",
}


@contextmanager
def style() -> Iterator[None]:
    """Draw only with this project's settings, and leave the caller's as they were."""
    import matplotlib

    with matplotlib.rc_context(), np.errstate(all="ignore"):
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def start(title: str, subtitle: str, height: float) -> "Figure":
    """An empty picture with its header.

    Args:
        title: What is shown.
        subtitle: One quiet line below it.
        height: Below the header [inches]; the width is always the same.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    total = height + _HEADER
    below = ConstrainedLayoutEngine(rect=(0.01, 0, 0.98, height / total))
    figure = Figure(figsize=(_WIDTH, total), dpi=_DPI, layout=below, facecolor="white")
    left = 0.16 / _WIDTH
    figure.text(left, 1 - 0.30 / total, title, size=13, weight="bold")
    figure.text(left, 1 - 0.54 / total, subtitle, size=10, color=QUIET)
    return figure


def save(figure: "Figure", path: Path) -> Path:
    """Write a PNG; the same figure gives the same bytes."""
    figure.savefig(path, format="png", metadata={"Software": None})
    return path


def png(figure: "Figure", most_bytes: int) -> bytes:
    """The picture without its header, as a PNG of at most so many bytes, as sharp as they allow."""
    from matplotlib.transforms import Bbox

    width, height = figure.get_size_inches()
    box = Bbox.from_extents(0, 0, width, height - _HEADER)
    for dpi in (160, 120, 90, 60):
        file = BytesIO()
        figure.savefig(file, format="png", metadata={"Software": None}, dpi=dpi, bbox_inches=box)
        if file.tell() <= most_bytes:
            break
    return file.getvalue()


def grid(axes: "Axes", axis: str = "both") -> None:
    """Faint grid lines: "x", "y" or "both"."""
    axes.grid(True, axis=axis, color="#EBEBEB", linewidth=0.8)  # type: ignore[arg-type]


def name(text: str, longest: int = 40) -> str:
    """A name from data as a picture can show it: one line, not too long, only characters that the font has."""
    flat = " ".join(text.split())
    flat = "".join(sign if ord(sign) in _signs() else "\ufffd" for sign in flat) or "(no name)"
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}\u2026"


@functools.cache
def _signs() -> frozenset[int]:
    """Characters that the font has, regular and bold."""
    from matplotlib import font_manager

    faces = [font_manager.FontProperties(family=_FONT, weight=weight) for weight in ("normal", "bold")]
    charmaps = [font_manager.get_font(font_manager.findfont(face)).get_charmap() for face in faces]
    return frozenset(charmaps[0]) & frozenset(charmaps[1])


def ink(color: str) -> str:
    """The color in which to write about what is drawn in `color`."""
    return _TEXT.get(color, color)


def thin(n: int, most: int = MOST_DOTS) -> NDArray[np.intp]:
    """Numbers of the rows or epochs to show: all, or `most` spread evenly."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.intp))
