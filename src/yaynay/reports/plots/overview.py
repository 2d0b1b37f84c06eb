"""All tables' answers in one picture: the README's, and the head of the report."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yaynay.reports.plots import canvas
from yaynay.reports.plots.canvas import INK, MARKS, QUIET
from yaynay.reports.wording import Verdict, count, gain, in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST, _MOST = -0.3, 1.0
"""Gains that the axis shows at most; what lies outside gets an arrow."""
_TICKS = (0, 0.02, 0.1, 1, -0.02, -0.1, 0.5, 0.2, 0.05, -0.05, -0.2)
"""Most welcome first."""
_LINEAR = 0.03
"""Gains beyond this are drawn on a nearly logarithmic scale: 2 % decides, and 80 % happens."""


def draw_overview(verdicts: Mapping[str, Verdict], path: Path, delta: float = 0.01, delta_nay: float = 0.02) -> Path:
    """Draw the gain of every table with its 90 % interval.

    Args:
        verdicts: By table, as in verdicts.json.
        path: PNG to write.
        delta: Gain that a yay needs [share of the variance].
        delta_nay: Gain that a nay excludes [share of the variance].
    """
    with canvas.style():
        rows = in_order(verdicts)
        figure = canvas.start(
            "What a network gains over a straight line",
            f"{count(verdicts)}; on rows that it has not seen, with 90 % intervals",
            1.0 + 0.31 * len(rows),
        )
        axes = figure.subplots()
        low, high = _limits(verdicts, delta_nay)
        axes.set_xscale("asinh", linear_width=_LINEAR)
        axes.axvspan(low, 0, color="#F6F6F6", linewidth=0)
        axes.axvline(0, color=QUIET, linewidth=1)
        for value in (delta, delta_nay):
            axes.axvline(value, color=QUIET, linewidth=1, linestyle=":")
        for place, (_, verdict) in enumerate(rows):
            _draw_row(axes, place, verdict, low, high)
        axes.set_yticks(range(len(rows)), [canvas.name(name, 28) for name, _ in rows])
        axes.tick_params(axis="y", length=0, pad=8, labelcolor=INK, labelsize=10)
        ticks = _ticks(low, high)
        axes.set_xticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
        axes.set_xticks([], minor=True)
        axes.set_xlim(low, high)
        axes.set_ylim(max(1, len(rows)) - 0.4, -0.6)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(
            "gain in explained variance\n"
            f"dotted: {100 * delta:g} % (a yay has it) and {100 * delta_nay:g} % (a nay excludes it)"
        )
        return canvas.save(figure, path)


def _limits(verdicts: Mapping[str, Verdict], delta_nay: float) -> tuple[float, float]:
    """Ends of the axis: room for every interval, but not for an endless one."""
    known = [verdict for verdict in verdicts.values() if verdict["gain"] is not None]
    low = min((verdict["gain_low"] for verdict in known), default=0.0)
    high = max((verdict["gain_high"] for verdict in known), default=0.0)
    return max(_LEAST, 1.2 * min(low, -delta_nay)), min(_MOST, 1.2 * max(high, 2 * delta_nay))


def _ticks(low: float, high: float) -> list[float]:
    """Ticks that leave each other room for a label."""
    room = 0.1 * (np.arcsinh(high / _LINEAR) - np.arcsinh(low / _LINEAR))
    ticks: list[float] = []
    for tick in _TICKS:
        nearest = min((abs(np.arcsinh(tick / _LINEAR) - np.arcsinh(one / _LINEAR)) for one in ticks), default=room)
        if low <= tick <= high and nearest >= room:
            ticks.append(tick)
    return sorted(ticks)


def _draw_row(axes: "Axes", place: int, verdict: Verdict, low: float, high: float) -> None:
    """One table: its interval, arrows where that leaves the picture, its outcome and gain beside it."""
    color, marker = MARKS[verdict["outcome"]]
    _write_at_right(axes, place, 10, verdict["outcome"], color=canvas.ink(color), weight="bold")
    if verdict["gain"] is None:
        reason = "no network to compare with" if verdict["is_cross_validated"] else "too small"
        note = axes.annotate(
            f"{reason}: {verdict['n_rows']:,} rows", (0, place), xytext=(7, 0), textcoords="offset points"
        )
        note.set(size=9, color=QUIET, va="center_baseline")
        note.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.5})
        return
    _write_at_right(axes, place, 84, gain(verdict), size=9)
    ends = max(low, verdict["gain_low"]), min(high, verdict["gain_high"])
    axes.plot(ends, (place, place), color=color, linewidth=2.4, solid_capstyle="butt")
    for end, is_cut, arrow in (
        (low, verdict["gain_low"] < low, "<"),
        (high, verdict["gain_high"] > high, ">"),
    ):
        if is_cut:
            axes.plot(end, place, arrow, color=color, markersize=8, clip_on=False)
    if low <= verdict["gain"] <= high:
        axes.plot(verdict["gain"], place, marker, color=color, markersize=8, markeredgecolor="white")


def _write_at_right(axes: "Axes", place: int, points: int, text: str, **look: Any) -> None:
    """Text beside the axes, so many points from their right end."""
    axes.annotate(
        text,
        (1, place),
        xycoords=("axes fraction", "data"),
        xytext=(points, 0),
        textcoords="offset points",
        va="center_baseline",
        annotation_clip=False,
        **look,
    )
