"""`python -m yaynay.compare`: gate, effect and verdict of every table, from records alone."""

import shutil
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yaynay import command


def compare(config: DictConfig) -> None:
    """Write reports/verdicts.json and the pictures, and bring the sweeps into MLflow."""
    from yaynay import page, plots, schema
    from yaynay.conclusion import conclude_all
    from yaynay.records import write_json
    from yaynay.tracking.sync import sync

    values: Any = OmegaConf.to_container(config, resolve=True)
    options = schema.parse_compare(values)
    conclusions = conclude_all(Path(options.records), options.verdict)
    reports = Path(options.reports)
    for name in ("pictures", "plots"):
        shutil.rmtree(reports / name, ignore_errors=True)
        (reports / name).mkdir(parents=True)
    for conclusion in conclusions:
        folder = reports / "pictures" / conclusion.sweep.table_name
        folder.mkdir()
        plots.draw(conclusion, folder)
    runs = sync(conclusions, options.tracking.experiment, reports / "pictures")
    verdicts = {one.sweep.table_name: one.verdict | {"mlflow_run_id": runs[one.sweep.key]} for one in conclusions}
    plots.write_plot_tables(verdicts, conclusions, reports / "plots")
    write_json(reports / "verdicts.json", verdicts)
    print(page.text_table(verdicts, color=sys.stdout.isatty()))


def body() -> int:
    """The command."""
    from yaynay.compare import compare as task  # by its importable name, also when run as a script

    command.run(task, "compare")
    return 0


if __name__ == "__main__":
    command.finish(body)
