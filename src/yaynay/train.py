"""`python -m yaynay.train [-m] key=value,value ...`: train configurations, track them, and print each verdict."""

import math
import os
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app
from yaynay.sweep import SWEEP


def main() -> int:
    """The command."""
    from yaynay.train import train as task  # by its importable name, also when run as a script

    lost = None
    try:
        app.run(task, "config", check, check_table)
    except Exception as error:
        if not type(error).__module__.startswith(("joblib.", "submitit.")):
            raise
        lost = error  # a job's process died under another launcher; what the others finished is kept
    from yaynay.sweep.summary import conclude_jobs

    return conclude_jobs(os.environ[SWEEP], lost)


def check(values: dict[str, Any]) -> None:
    """Refuse a configuration that cannot be used."""
    from yaynay.sweep.run import Job, check_jobs

    check_jobs([Job(values, overrides=[])])


def check_table(values: dict[str, Any]) -> None:
    """Read your own file before anything is written, and say how; the jobs of this process use what was read."""
    from yaynay.config import schema
    from yaynay.data import prepare

    if values["dataset"]["name"] == "csv":
        prepare.read_aloud(*schema.parse_table({key: values[key] for key in ("dataset", "plan")}))


def train(config: DictConfig) -> float:
    """One Hydra job, in this process; `hydra/launcher=fleet` calls `run_jobs` for all jobs at once instead.

    Returns:
        Its score on inner folds, for sweepers that optimise; infinity for a run without scores.
    """
    from yaynay.sweep.run import Job, run_jobs

    values: Any = OmegaConf.to_container(config, resolve=True)
    (objective,) = run_jobs([Job(values, list(HydraConfig.get().overrides.task))])
    return math.inf if isinstance(objective, Exception) else objective


if __name__ == "__main__":
    app.run_and_exit(main)
