"""Every picture. Nothing is computed here: a conclusion says what to draw."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from yaynay.reports.plots import canvas
from yaynay.reports.plots.depths import draw_all_depths
from yaynay.reports.plots.fits import draw_fit, draw_residuals
from yaynay.reports.plots.heatmap import draw_heatmap
from yaynay.reports.plots.overview import draw_overview
from yaynay.reports.plots.sweeps import draw_curves, draw_depths
from yaynay.verdict.conclusion import Conclusion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_all_depths", "draw_overview"]

_PICTURES: dict[str, Callable[[Conclusion], "Figure | None"]] = {
    "fit": draw_fit,
    "residuals": draw_residuals,
    "depths": draw_depths,
    "heatmap": draw_heatmap,
    "curves": draw_curves,
}


def draw(conclusion: Conclusion, folder: Path) -> list[Path]:
    """Write the pictures of one table's sweep.

    Args:
        conclusion: What the sweep shows.
        folder: An existing folder.

    Returns:
        fit.png, residuals.png, depths.png, heatmap.png and curves.png, without those that have nothing to
        show: no curves without a network, no error by depth without folds.
    """
    paths = []
    with canvas.style():
        for name, picture in _PICTURES.items():
            figure = picture(conclusion)
            if figure is not None:
                paths.append(canvas.save(figure, folder / f"{name}.png"))
    return paths
