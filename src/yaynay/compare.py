"""`python -m yaynay.compare`: gate, effect and verdict of every table, from records alone."""

import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yaynay import command


def compare(config: DictConfig) -> None:
    """Write reports/verdicts.json and bring the sweeps into MLflow."""
    from yaynay import page, schema
    from yaynay.conclusion import conclude_all
    from yaynay.records import write_json
    from yaynay.tracking.sync import sync

    values: Any = OmegaConf.to_container(config, resolve=True)
    options = schema.parse_compare(values)
    conclusions = conclude_all(Path(options.records), options.verdict)
    runs = sync(conclusions, options.tracking.experiment)
    verdicts = {one.sweep.table_name: one.verdict | {"mlflow_run_id": runs[one.sweep.key]} for one in conclusions}
    reports = Path(options.reports)
    reports.mkdir(parents=True, exist_ok=True)
    write_json(reports / "verdicts.json", verdicts)
    print(page.text_table(verdicts, color=sys.stdout.isatty()))


def body() -> int:
    """The command."""
    from yaynay.compare import compare as task  # by its importable name, also when run as a script

    command.run(task, "compare")
    return 0


if __name__ == "__main__":
    command.finish(body)
