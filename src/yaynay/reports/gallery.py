"""Many sweeps concluded and drawn at once, on all processors."""

import functools
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from yaynay.config.schema import Rule
from yaynay.processes import end_with_starter, usable_cpus
from yaynay.records.store import Sweep
from yaynay.reports import plots
from yaynay.verdict.conclusion import Conclusion, conclude


def conclude_and_draw(sweeps: Mapping[str, Sweep], rule: Rule, pictures: Path) -> dict[str, Conclusion]:
    """Conclude each sweep, and draw it into a new folder of its table's name.

    Args:
        sweeps: By name of the table, which its pictures show.
        rule: What decides the verdicts.
        pictures: An existing folder.

    Returns:
        The conclusions, by name.

    Raises:
        DataError: A record is damaged, or no run of a sweep ended.
    """
    n_workers = min(len(sweeps), usable_cpus())
    draw_sweep = functools.partial(_conclude_and_draw, rule=rule, pictures=pictures)
    if n_workers == 1:
        return {name: draw_sweep(name, sweep) for name, sweep in sweeps.items()}
    with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn"), end_with_starter) as pool:
        return dict(zip(sweeps, pool.map(draw_sweep, sweeps.keys(), sweeps.values()), strict=True))


def _conclude_and_draw(name: str, sweep: Sweep, rule: Rule, pictures: Path) -> Conclusion:
    conclusion = conclude(sweep, rule, name)
    folder = pictures / name
    folder.mkdir()
    plots.draw(conclusion, folder)
    return conclusion
