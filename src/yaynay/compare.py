"""`python -m yaynay.compare`: gate, effect and verdict of every table, from records alone."""

import functools
import multiprocessing
import os
import shutil
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app
from yaynay.processes import end_with_starter

if TYPE_CHECKING:
    from yaynay.config.schema import Verdict
    from yaynay.records.store import Sweep
    from yaynay.verdict.conclusion import Conclusion


def compare(config: DictConfig) -> None:
    """Write reports/verdicts.json and the pictures, and bring the sweeps into MLflow."""
    from yaynay.config import schema
    from yaynay.records.store import Store
    from yaynay.reports import page, plots
    from yaynay.storage import write_json
    from yaynay.tracking.sync import sync
    from yaynay.verdict import looks
    from yaynay.verdict.conclusion import find_sweeps

    values: Any = OmegaConf.to_container(config, resolve=True)
    options = schema.parse_compare(values)
    found = sorted(find_sweeps(Path(options.records)), key=lambda sweep: sweep.started_at)
    newest = {sweep.table_name: sweep for sweep in found}
    for name, count in Counter(sweep.table_name for sweep in found).items():
        if count > 1:
            print(f"{name}: {count} sweeps in {options.records}; the newest is compared", file=sys.stderr)
    sweeps = [newest[name] for name in sorted(newest)]
    reports = Path(options.reports)
    for name in ("pictures", "plots"):
        shutil.rmtree(reports / name, ignore_errors=True)
        (reports / name).mkdir(parents=True)
    n_workers = min(len(sweeps), os.cpu_count() or 1)
    conclude_one = functools.partial(_conclude, options=options.verdict, pictures=reports / "pictures")
    if n_workers == 1:
        conclusions = [conclude_one(sweep) for sweep in sweeps]
    else:
        with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn"), end_with_starter) as pool:
            conclusions = list(pool.map(conclude_one, sweeps))
    store = Store.default()
    conclusions = [looks.note(one, store) for one in conclusions]
    runs = sync(conclusions, options.tracking.experiment, reports / "pictures")
    verdicts = {one.sweep.table_name: one.verdict | {"mlflow_run_id": runs[one.sweep.key]} for one in conclusions}
    plots.write_plot_tables(verdicts, conclusions, reports / "plots")
    write_json(reports / "verdicts.json", verdicts)
    print(page.text_table(verdicts, color=sys.stdout.isatty()))


def _conclude(sweep: "Sweep", options: "Verdict", pictures: Path) -> "Conclusion":
    from yaynay.reports import plots
    from yaynay.verdict.conclusion import conclude

    conclusion = conclude(sweep, options)
    folder = pictures / sweep.table_name
    folder.mkdir()
    plots.draw(conclusion, folder)
    return conclusion


def main() -> int:
    """The command."""
    from yaynay.compare import compare as task  # by its importable name, also when run as a script
    from yaynay.config import schema

    app.run(task, "compare", schema.parse_compare)
    return 0


if __name__ == "__main__":
    app.run_and_exit(main)
