"""`python -m yaynay.train [-m] key=value,value ...`: train configurations, track them, and say the verdict.

Jobs leave records; when all have ended, this process puts each table's sweep into MLflow and prints its verdict.
"""

import math
import os
import sys
import time
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from yaynay import command


def train(config: DictConfig) -> float:
    """One Hydra job: train one configuration, unless its record is there.

    Returns:
        Its score on inner folds, for sweepers that optimise; infinity for a run that diverged.
    """
    from yaynay import schema, tables, training
    from yaynay.progress import Progress
    from yaynay.records import Store, run_name

    values: Any = OmegaConf.to_container(config, resolve=True)
    configuration = schema.parse(values)
    table, plan = tables.load_or_make(configuration.dataset, configuration.plan)
    store, key = Store.default(), training.record_key(configuration, table, plan)
    store.write_table(table, plan)
    overrides = list(HydraConfig.get().overrides.task)
    store.note_job(os.environ[command.SWEEP], key, table, plan, {"configuration": values, "overrides": overrides})
    if not store.has(key):
        with Progress(f"{table.name}: {run_name(configuration)}", configuration.trainer.max_epochs) as progress:
            (record,) = training.train([configuration], table, plan, progress.on_epoch)
            store.write(record)
            progress.say_end(record)
    scores = store.read(key).scores
    return scores.get("val/rmse", scores.get("train/rmse", math.inf))


def body() -> int:
    """The command: 0 done, 1 where a run has no scores."""
    from yaynay.train import train as task  # by its importable name, also when run as a script

    failure: Exception | None = None
    try:
        command.run(task, "config")
    except Exception as error:  # what has ended is tracked before the error goes on its way
        failure = error
    n_failed = conclude_sweeps(os.environ[command.SWEEP])
    if failure is not None:
        raise failure
    return 1 if n_failed else 0


def conclude_sweeps(name: str) -> int:
    """Track what a sweep's jobs left, print each table's verdict, and export what the pipeline asked for.

    Returns:
        Runs without scores.
    """
    from yaynay.records import Store

    store = Store.default()
    jobs = store.take_jobs(name)
    if not jobs:
        return 0
    from yaynay import schema
    from yaynay.conclusion import conclude
    from yaynay.tracking.sync import sync

    configuration = schema.parse(jobs[0]["configuration"])
    sweeps = store.write_sweeps(jobs, {"started_at": time.time()})
    if configuration.results is not None:
        for sweep in sweeps:
            store.export(sweep, Path(configuration.results) / sweep.table_name)
    conclusions = []
    for sweep in sweeps:
        conclusions.append(conclude(sweep, configuration.verdict))
        verdict = conclusions[-1].verdict
        print(f"{sweep.table_name}: {verdict['outcome']}. {verdict['sentence']}")
    sync(conclusions, configuration.tracking.experiment)
    failed = [record for one in conclusions for record in one.records if record.status != "finished"]
    for record in failed:
        print(f"error: {record.table['name']}, {record.name}: {record.reason}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    command.finish(body)
