"""All tables' answers in one picture, for the README and the top of the report."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yaynay.reports.plots import canvas
from yaynay.reports.plots.canvas import INK, MARKS, QUIET
from yaynay.reports.wording import common_rule, count, gain, in_order
from yaynay.verdict.model import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST, _MOST = -0.3, 1.0
"""The widest range of gains that the axis shows; what is outside gets an arrow."""
_LEAST_MARGIN = 0.02
"""The axis reaches at least this far from zero, however small all gains are."""
_TICKS = (0, 0.02, 0.1, 1, -0.02, -0.1, 0.5, 0.2, 0.05, -0.05, -0.2)
"""The most wanted first."""
_LINEAR = 0.03
"""Gains beyond this are drawn on a nearly logarithmic scale: 2 % decides, and 80 % occurs."""


def draw_overview(verdicts: Mapping[str, Verdict], path: Path) -> Path:
    """Draw the gain of every table with its 90 % interval, and the margins of the rule where all share one.

    Args:
        verdicts: By table.
        path: PNG to write.
    """
    with canvas.style():
        rows = in_order(verdicts)
        figure = canvas.start(
            "What a network gains over a straight line",
            f"{count(verdicts)}; on rows that it has not seen, with 90 % intervals",
            1.0 + 0.31 * len(rows),
        )
        axes = figure.subplots()
        low, high = _limits(verdicts)
        axes.set_xscale("asinh", linear_width=_LINEAR)
        axes.axvspan(low, 0, color="#F6F6F6", linewidth=0)
        axes.axvline(0, color=QUIET, linewidth=1)
        axes.set_xlabel(f"gain in explained variance\n{_draw_margins(axes, verdicts)}")
        for row, (_, verdict) in enumerate(rows):
            _draw_row(axes, row, verdict, low, high)
        axes.set_yticks(range(len(rows)), [canvas.name(name, 28) for name, _ in rows])
        axes.tick_params(axis="y", length=0, pad=8, labelcolor=INK, labelsize=10)
        ticks = _ticks(low, high)
        axes.set_xticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
        axes.set_xticks([], minor=True)
        axes.set_xlim(low, high)
        axes.set_ylim(max(1, len(rows)) - 0.4, -0.6)
        axes.spines["left"].set_visible(False)
        return canvas.save(figure, path)


def _draw_margins(axes: "Axes", verdicts: Mapping[str, Verdict]) -> str:
    """Dotted lines at the margins that decided the verdicts; the text about them below the axis."""
    if not verdicts:
        return ""
    rule = common_rule(verdicts)
    if rule is None:
        return "no margins are drawn: different rules decided for these tables"
    for margin in (rule.delta, rule.delta_nay):
        axes.axvline(margin, color=QUIET, linewidth=1, linestyle=":")
    return f"dotted: {100 * rule.delta:g} % (a yay needs it) and {100 * rule.delta_nay:g} % (a nay excludes it)"


def _limits(verdicts: Mapping[str, Verdict]) -> tuple[float, float]:
    """Ends of the axis: room for every margin and interval, but not for an endless verdict."""
    margin = max((max(verdict.rule.delta, verdict.rule.delta_nay) for verdict in verdicts.values()), default=0.0)
    margin = max(margin, _LEAST_MARGIN)
    low = min((verdict.gain_low for verdict in verdicts.values() if verdict.gain_low is not None), default=0.0)
    high = max((verdict.gain_high for verdict in verdicts.values() if verdict.gain_high is not None), default=0.0)
    return max(_LEAST, 1.2 * min(low, -margin)), min(_MOST, 1.2 * max(high, 2 * margin))


def _ticks(low: float, high: float) -> list[float]:
    """Ticks that leave each other room for a label."""
    room = 0.1 * (np.arcsinh(high / _LINEAR) - np.arcsinh(low / _LINEAR))
    ticks: list[float] = []
    for tick in _TICKS:
        gaps = [abs(np.arcsinh(tick / _LINEAR) - np.arcsinh(other / _LINEAR)) for other in ticks]
        if low <= tick <= high and min(gaps, default=room) >= room:
            ticks.append(tick)
    return sorted(ticks)


def _draw_row(axes: "Axes", row: int, verdict: Verdict, low: float, high: float) -> None:
    """One table: its interval, arrows where that leaves the picture, its outcome and gain beside it."""
    color, marker = MARKS[verdict.outcome]
    _write_at_right(axes, row, 10, verdict.outcome, color=canvas.ink(color), weight="bold")
    if verdict.gain is None or verdict.gain_low is None or verdict.gain_high is None:
        reason = "no network to compare with" if verdict.is_cross_validated else "too small"
        note = axes.annotate(f"{reason}: {verdict.n_rows:,} rows", (0, row), xytext=(7, 0), textcoords="offset points")
        note.set(size=9, color=QUIET, va="center_baseline")
        note.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.5})
        return
    _write_at_right(axes, row, 84, gain(verdict), size=9)
    ends = max(low, verdict.gain_low), min(high, verdict.gain_high)
    axes.plot(ends, (row, row), color=color, linewidth=2.4, solid_capstyle="butt")
    for end, is_cut, arrow in ((low, verdict.gain_low < low, "<"), (high, verdict.gain_high > high, ">")):
        if is_cut:
            axes.plot(end, row, arrow, color=color, markersize=8, clip_on=False)
    if low <= verdict.gain <= high:
        axes.plot(verdict.gain, row, marker, color=color, markersize=8, markeredgecolor="white")


def _write_at_right(axes: "Axes", row: int, points: int, text: str, **look: Any) -> None:
    """Text beside the axes, this many points from their right end."""
    axes.annotate(
        text,
        (1, row),
        xycoords=("axes fraction", "data"),
        xytext=(points, 0),
        textcoords="offset points",
        va="center_baseline",
        annotation_clip=False,
        **look,
    )
