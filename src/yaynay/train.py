"""`python -m yaynay.train [-m] key=value,value ...`: train configurations, track them, and say the verdict.

Jobs leave records; when all have ended, this process puts each table's sweep into MLflow and prints its verdict.
"""

import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app
from yaynay.errors import MachineError, YaynayError, redact
from yaynay.sweep import SWEEP

if TYPE_CHECKING:
    from yaynay.records.record import Record
    from yaynay.records.store import Store

_LAUNCHERS = ("submitit", "joblib")
"""Libraries below Hydra's other launchers, which raise their own exception where a job's process dies."""


def train(config: DictConfig) -> float:
    """One Hydra job: train one configuration, unless its record is there.

    A mistake is noted for the end of the sweep, and the other jobs go on.

    Returns:
        Its score on inner folds, for sweepers that optimise; infinity for a run without scores.
    """
    from yaynay.records.store import Store

    store, sweep = Store.default(), os.environ[SWEEP]
    overrides = list(HydraConfig.get().overrides.task)
    try:
        return _train(config, store, sweep, overrides)
    except YaynayError as mistake:
        about = {"error": redact(str(mistake)), "exit_code": mistake.exit_code, "overrides": overrides}
        store.note_mistake(sweep, about)
        return math.inf


def _train(config: DictConfig, store: "Store", sweep: str, overrides: list[str]) -> float:
    from yaynay.config import schema
    from yaynay.data import prepare
    from yaynay.records.record import run_name
    from yaynay.sweep import fit
    from yaynay.sweep.progress import Progress
    from yaynay.verdict.selection import selection_score

    values: Any = OmegaConf.to_container(config, resolve=True)
    configuration = schema.parse(values)
    table, plan = prepare.load_or_make(configuration.dataset, configuration.plan)
    fit.check_fit(configuration, table)
    key = fit.record_key(configuration, table, plan)
    store.write_table(table, plan)
    store.note_jobs(sweep, [store.job_note(key, table, plan, {"configuration": values, "overrides": overrides})])
    if not store.has(key):
        with Progress(f"{table.name}: {run_name(configuration)}", configuration.trainer.max_epochs) as progress:
            (record,) = fit.train([configuration], table, plan, progress.on_epoch)
            store.write(record)
            progress.say_end(record)
    return selection_score(store.read_scores(key))


def body() -> int:
    """The command; its exit code is 0, 1 where a run has no scores, or a mistake's own where nothing ran."""
    from yaynay.train import train as task  # by its importable name, also when run as a script

    try:
        app.run(task, "config", check, check_table)
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _LAUNCHERS:
            raise
        _note_lost_job(error)  # the others have left what they have
    return conclude_jobs(os.environ[SWEEP])


def _note_lost_job(error: Exception) -> None:
    """A process of another launcher died, out of memory or killed, and what it says is pages long."""
    from yaynay.records.store import Store

    said = f"{type(error).__name__}: {error}"[:200].splitlines()[0]
    about = f"a job of hydra/launcher died ({said}); what has ended is kept; give the same command again"
    mistake = {"error": redact(about), "exit_code": MachineError.exit_code, "overrides": []}
    Store.default().note_mistake(os.environ[SWEEP], mistake)


def check(values: dict[str, Any]) -> None:
    """Check a composed configuration.

    Raises:
        OptionError: It cannot be used.
        MachineError: Its backend is not installed, or a GPU is asked for and is not there.
    """
    from yaynay.config import schema
    from yaynay.models.backends import base

    configuration = schema.parse(values)
    base.check(configuration.backend.name, configuration.trainer.accelerator)


def check_table(values: dict[str, Any]) -> None:
    """Read a file of one's own before anything is written; the jobs of this process find it read.

    Raises:
        DataError: It cannot be used.
    """
    from yaynay.config import schema
    from yaynay.data import prepare

    if values["dataset"]["name"] == "csv":
        prepare.load_or_make(*schema.parse_table({key: values[key] for key in ("dataset", "plan")}))


def conclude_jobs(sweep: str) -> int:
    """Track what a sweep's jobs left, print each table's verdict, and export what the pipeline asked for.

    Returns:
        The exit code.
    """
    from yaynay.records.store import Store

    store = Store.default()
    noted = store.take_jobs(sweep)
    mistakes = [job for job in noted if "error" in job]
    jobs = [job for job in noted if "key" in job]
    jobs = [job for job in jobs if not mistakes or store.has(job["key"]) or store.failure_path(job["key"]).is_file()]
    n_failed = _conclude(store, jobs) if jobs else 0
    for mistake in mistakes:
        where = f" [{' '.join(mistake['overrides'])}]" if mistake["overrides"] else ""
        print(f"error: {_one_line(mistake['error'])}{where}", file=sys.stderr)
    if mistakes and not jobs:
        return max(mistake["exit_code"] for mistake in mistakes)
    return 1 if mistakes or n_failed else 0


def _conclude(store: "Store", jobs: list[dict[str, Any]]) -> int:
    """Runs without scores, once every sweep is concluded and in MLflow."""
    from yaynay.config import schema
    from yaynay.storage import find_root
    from yaynay.tracking.sync import is_there, sync
    from yaynay.verdict import looks
    from yaynay.verdict.conclusion import conclude, recall, remember

    configuration = schema.parse(jobs[0]["configuration"])
    sweeps = store.write_sweeps(jobs, {"started_at": time.time()})
    overrides = {job["key"]: " ".join(job["overrides"]) for job in jobs}
    if configuration.results is not None:  # the pipeline's compare stage concludes
        for sweep in sweeps:
            store.export(sweep, Path(configuration.results) / sweep.table_name)
            _list_failed(sweep.unscored(), overrides)
        return 0  # a stage that fails keeps nothing; the verdict counts the runs without scores
    experiment, options = configuration.tracking.experiment, configuration.verdict
    new = []
    for sweep in sweeps:
        verdict = recall(sweep, options)
        if verdict is None or not is_there(sweep, verdict.as_json(), experiment):
            conclusion = conclude(sweep, options)
            verdict = looks.note(conclusion.verdict, store.folder / "looks", find_root() / "reports" / "looks")
            new.append(replace(conclusion, verdict=verdict))
            remember(new[-1])
        for remark in verdict.remarks:
            print(f"{sweep.table_name}: {remark}", file=sys.stderr)
        print(f"{sweep.table_name}: {verdict.outcome}. {verdict.sentence}")
    n_failed = sum(_list_failed(sweep.unscored(), overrides) for sweep in sweeps)
    if new:
        sync(new, experiment)
    return n_failed


def _list_failed(records: Sequence["Record"], overrides: dict[str, str]) -> int:
    """Name every run that has no scores, with its overrides and the reason; how many there are."""
    for record in records:
        where = f"{record.table['name']}, {record.name}"
        print(f"error: {where}: {_one_line(record.reason or '')} [{overrides[record.key]}]", file=sys.stderr)
    return len(records)


def _one_line(text: str) -> str:
    return redact(" ".join(text.split()))


if __name__ == "__main__":
    app.finish(body)
