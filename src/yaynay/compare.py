"""`python -m yaynay.compare`: gate, effect and verdict of every table, from records alone."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app, exits


def compare(config: DictConfig) -> None:
    """Write verdicts.json, metrics.json, timings.json, looks, depths.png and pictures into the reports folder."""
    from yaynay.config import schema
    from yaynay.reports import files, plots
    from yaynay.reports.gallery import conclude_and_draw
    from yaynay.reports.terminal import text_table
    from yaynay.reports.wording import count
    from yaynay.verdict import looks
    from yaynay.verdict.sweeps import find_tables, is_store

    values: Any = OmegaConf.to_container(config, resolve=True)
    options = schema.parse_compare(values)
    records, reports = Path(options.records), Path(options.reports)
    sweeps = find_tables(records)
    shutil.rmtree(reports / "pictures", ignore_errors=True)
    (reports / "pictures").mkdir(parents=True)
    found = conclude_and_draw(sweeps, options.verdict, reports / "pictures")
    # looks stay with the sweeps that were compared; those of the pipeline, whose results are made anew, with its report
    folder = (records if is_store(records) else reports) / "looks"
    found = {name: replace(one, verdict=looks.note(one.verdict, folder)) for name, one in found.items()}
    plots.draw_all_depths(found, reports / "depths.png")
    files.write(reports, found)
    verdicts = {name: one.verdict for name, one in found.items()}
    if "DVC_STAGE" in os.environ:  # the pipeline shows the table at its end
        print(count(verdicts))
        return
    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    print(text_table(verdicts, color=sys.stdout.isatty(), width=width))


def main() -> int:
    """The command."""
    from yaynay.compare import compare as task  # by its importable name, also when run as a script
    from yaynay.config import schema

    app.run(task, "compare", schema.parse_compare, examples=("yaynay compare", "yaynay compare verdict.delta=0.02"))
    return 0


if __name__ == "__main__":
    exits.run_and_exit(main)
