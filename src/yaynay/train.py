"""`python -m yaynay.train [-m] key=value,value ...`: train configurations, track them, and say the verdict.

Jobs leave records; when all have ended, this process puts each table's sweep into MLflow and prints its verdict.
"""

import math
import os
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yaynay import command
from yaynay.errors import YaynayError


def train(config: DictConfig) -> float:
    """One Hydra job: train one configuration, unless its record is there.

    Returns:
        Its score on inner folds, for sweepers that optimise; infinity for a run that diverged.
    """
    from yaynay import schema, tables, training
    from yaynay.records import Store

    values: Any = OmegaConf.to_container(config, resolve=True)
    configuration = schema.parse(values)
    table, plan = tables.load_or_make(configuration.dataset, configuration.plan)
    store, key = Store.default(), training.record_key(configuration, table, plan)
    store.write_table(table, plan)
    note = {"key": key, "table": table.name, "table_sha256": table.sha256, "plan_sha256": plan.sha256}
    store.note_job(os.environ[command.SWEEP], note | {"configuration": values})
    if not store.has(key):
        with _progress(f"{table.name}: {schema.run_name(configuration)}", configuration.trainer.max_epochs) as on_epoch:
            (record,) = training.train([configuration], table, plan, on_epoch)
        store.write(record)
    scores = store.read(key).scores
    return scores.get("val/rmse", scores.get("train/rmse", math.inf))
