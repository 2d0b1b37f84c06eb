"""Many sweeps concluded and drawn at once, on all processors."""

import functools
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from yaynay.config.schema import Rule
from yaynay.processes import end_with_starter, usable_cpus
from yaynay.records.store import Sweep
from yaynay.reports import plots
from yaynay.verdict.conclusion import Conclusion, conclude


def conclude_and_draw(sweeps: Sequence[Sweep], rule: Rule, pictures: Path) -> list[Conclusion]:
    """Conclude each sweep, and draw it into a new folder of its table's name.

    Args:
        sweeps: One per table.
        rule: What decides the verdicts.
        pictures: An existing folder.

    Returns:
        The conclusions, in order.

    Raises:
        DataError: A record is damaged, or no run of a sweep ended.
    """
    n_workers = min(len(sweeps), usable_cpus())
    draw_sweep = functools.partial(_conclude_and_draw, rule=rule, pictures=pictures)
    if n_workers == 1:
        return [draw_sweep(sweep) for sweep in sweeps]
    with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn"), end_with_starter) as pool:
        return list(pool.map(draw_sweep, sweeps))


def _conclude_and_draw(sweep: Sweep, rule: Rule, pictures: Path) -> Conclusion:
    conclusion = conclude(sweep, rule)
    folder = pictures / sweep.table_name
    folder.mkdir()
    plots.draw(conclusion, folder)
    return conclusion
