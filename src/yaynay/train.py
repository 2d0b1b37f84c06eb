"""`python -m yaynay.train [-m] key=value,value ...`: train configurations, track them, and print each verdict."""

import importlib
import math
import os
from collections.abc import Callable
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app, exits
from yaynay.sweep import SWEEP, server

_EXAMPLES = (
    "yaynay train dataset=engel model.depth=2",
    "yaynay train -m dataset=engel model.depth=0,1,2 optimizer.lr=0.001,0.01",
)


def main() -> int:
    """The command."""
    from yaynay.train import train as task  # by its importable name, also when run as a script

    server.foresee()
    lost = None
    try:
        app.run(task, "config", _later("check"), _later("check_tables"), _later("check_store"), _EXAMPLES)
    except Exception as error:
        if not type(error).__module__.startswith(("joblib.", "submitit.")):
            raise
        lost = error  # a job's process died under another launcher; what the others finished is kept
    from yaynay.sweep.summary import conclude_jobs

    return conclude_jobs(os.environ[SWEEP], lost)


def _later(name: str) -> Callable[[Any], Any]:
    """A check of `sweep.before`, whose imports `--help` does without."""
    return lambda values: getattr(importlib.import_module("yaynay.sweep.before"), name)(values)


def train(config: DictConfig) -> float:
    """One Hydra job, in this process; `hydra/launcher=fleet` calls `run_jobs` for all jobs at once instead.

    Returns:
        Its score on inner folds, for sweepers that optimise; infinity for a run without scores.
    """
    from yaynay.sweep.jobs import Job
    from yaynay.sweep.run import run_jobs

    values: Any = OmegaConf.to_container(config, resolve=True)
    engine = "alone" if HydraConfig.get().mode is RunMode.RUN else "here"
    (objective,) = run_jobs([Job(values, list(HydraConfig.get().overrides.task))], engine)
    return math.inf if isinstance(objective, Exception) else objective


if __name__ == "__main__":
    exits.run_and_exit(main)
