"""`python -m yaynay.compare`: gate, effect and verdict of every table, from records alone."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app


def compare(config: DictConfig) -> None:
    """Write verdicts.json, timings.json, looks, pictures and the tables of `dvc plots` into the reports folder."""
    from yaynay.config import schema
    from yaynay.reports import files, plots
    from yaynay.reports.gallery import conclude_and_draw
    from yaynay.reports.terminal import text_table
    from yaynay.verdict import looks
    from yaynay.verdict.sweeps import find_newest, is_store

    values: Any = OmegaConf.to_container(config, resolve=True)
    options = schema.parse_compare(values)
    records, reports = Path(options.records), Path(options.reports)
    sweeps = find_newest(records)
    for name in ("pictures", "plots"):
        shutil.rmtree(reports / name, ignore_errors=True)
        (reports / name).mkdir(parents=True)
    conclusions = conclude_and_draw(sweeps, options.verdict, reports / "pictures")
    # looks stay with the sweeps that were compared; those of the pipeline, whose results are made anew, with its report
    folder = (records if is_store(records) else reports) / "looks"
    conclusions = [replace(found, verdict=looks.note(found.verdict, folder)) for found in conclusions]
    verdicts = {found.sweep.table_name: found.verdict for found in conclusions}
    plots.write_plot_tables(verdicts, conclusions, reports / "plots")
    files.write(reports, verdicts, {found.sweep.table_name: found.timings for found in conclusions})
    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    print(text_table(verdicts, color=sys.stdout.isatty(), width=width))


def main() -> int:
    """The command."""
    from yaynay.compare import compare as task  # by its importable name, also when run as a script
    from yaynay.config import schema

    app.run(task, "compare", schema.parse_compare)
    return 0


if __name__ == "__main__":
    app.run_and_exit(main)
