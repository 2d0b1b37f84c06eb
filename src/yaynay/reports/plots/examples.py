"""The picture of a worked example: data, least squares, and the line of each backend."""

from pathlib import Path

import numpy as np

from yaynay.reports import worked
from yaynay.reports.plots import canvas
from yaynay.reports.plots.canvas import DATA, LINE, NETWORK
from yaynay.verdict.answers import Answers

_DASHES = {"torch": (0, (2, 6)), "tensorflow": (2.7, (2, 6)), "pytensor": (5.4, (2, 6))}
"""Lines that lie on each other stay visible: each one's dashes fill the others' gaps."""
_INKS = {"torch": NETWORK, "tensorflow": "#009E73", "pytensor": "#CC79A7"}


def draw_example(answers: Answers, folder: Path) -> Path:
    """Write fit.png of a worked example.

    Args:
        answers: What the sweep's runs gave.
        folder: An existing folder.
    """
    table, _ = answers.sweep.data()
    x = table.x[:, 0]
    with canvas.style():
        figure = canvas.start(canvas.name(table.name, 32), worked.count_right(answers.answers), 4.4)
        axes = figure.subplots()
        ends = np.array([np.nanmin(x), np.nanmax(x)])
        rows = canvas.thin(table.n_rows)
        axes.scatter(x[rows], table.y[rows], s=26, color=DATA, alpha=0.8, linewidths=0, zorder=3, label="data")
        exact = answers.least_squares
        if "slope" in exact:
            heights = exact["intercept"] + exact["slope"] * ends
            axes.plot(ends, heights, color=LINE, linewidth=5, alpha=0.35, label="least squares")
        for backend, scores in answers.lines.items():
            dashes, color = _DASHES.get(backend, "-"), _INKS.get(backend, LINE)
            heights = scores["intercept"] + scores["slope"] * ends
            axes.plot(ends, heights, linestyle=dashes, dash_capstyle="butt", color=color, linewidth=2.2, label=backend)
        axes.set_xlabel(canvas.name(table.features[0]))
        axes.set_ylabel(canvas.name(table.target))
        canvas.grid(axes)
        for handle in figure.legend(loc="outside lower center", ncols=5).get_lines():
            handle.set_linestyle("-")  # too short to show dashes
        return canvas.save(figure, folder / "fit.png")
