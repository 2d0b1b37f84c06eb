"""The end of a sweep: its verdict is printed, and written to MLflow with it."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from yaynay.config import schema
from yaynay.config.schema import Rule
from yaynay.errors import DataError, MachineError, redact
from yaynay.records import job_notes
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.reports import files, plots
from yaynay.storage import find_root
from yaynay.tracking.parent import Result, make_stamp
from yaynay.tracking.sync import is_there, sync
from yaynay.verdict import looks
from yaynay.verdict.conclusion import conclude, recall, recall_rule, remember
from yaynay.verdict.names import name_sweeps, name_tables
from yaynay.verdict.sweeps import find_tables


def conclude_jobs(sweep: str, lost: Exception | None = None) -> int:
    """Track what a sweep's jobs left, print each table's verdict, and export what the pipeline asked for.

    Args:
        sweep: Its name.
        lost: How another launcher says, in pages, that a job's process died, out of memory or killed.

    Returns:
        The exit code: 0, 1 where a run has no scores, or the mistake's own where nothing ran.
    """
    store = Store.default()
    noted = job_notes.take(store, sweep)
    mistakes = [job for job in noted if "error" in job]
    if lost is not None:
        said = f"{type(lost).__name__}: {lost}"[:200].splitlines()[0]
        reason = f"a job of hydra/launcher died ({said}); what has ended is kept; run the same command again"
        mistakes.append({"error": reason, "exit_code": MachineError.exit_code, "overrides": []})
    jobs = [job for job in noted if "key" in job]
    jobs = [job for job in jobs if not mistakes or store.has(job["key"]) or store.failure_path(job["key"]).is_file()]
    n_failed = _conclude(store, jobs) if jobs else 0
    for mistake in mistakes:
        where = f" [{' '.join(mistake['overrides'])}]" if mistake["overrides"] else ""
        print(f"error: {_in_one_line(mistake['error'])}{where}", file=sys.stderr)
    if mistakes and not jobs:
        return max(mistake["exit_code"] for mistake in mistakes)
    return 1 if mistakes or n_failed else 0


def _conclude(store: Store, jobs: list[dict[str, Any]]) -> int:
    """Runs without scores, once every sweep is concluded and in MLflow."""
    configuration = schema.parse(jobs[0]["configuration"])
    sweeps = store.write_sweeps(jobs, {"started_at": time.time()})
    overrides = {job["key"]: " ".join(job["overrides"]) for job in jobs}
    names = name_sweeps(sweeps)
    if configuration.results is not None:  # the pipeline's compare stage concludes
        for sweep, name in zip(sweeps, names, strict=True):
            store.export(sweep, Path(configuration.results) / name)
            _list_failed(sweep.unscored(), overrides)
        return 0  # DVC keeps nothing of a failed stage; the verdict counts the runs without scores
    experiment, rule = configuration.tracking.experiment, configuration.verdict
    new: list[Result] = []
    for sweep, name in zip(sweeps, names, strict=True):
        verdict = recall(sweep, rule)
        if verdict is None or not is_there(sweep, verdict, experiment):
            new.append(_conclude_sweep(sweep, rule, name))
            verdict = new[-1].verdict
        for remark in verdict.remarks:
            print(f"{name}: {remark}", file=sys.stderr)
        print(f"{name}: {verdict.outcome}. {verdict.sentence}")
    n_failed = sum(_list_failed(sweep.unscored(), overrides) for sweep in sweeps)
    if new:
        sync(new, experiment)
    return n_failed


def _conclude_sweep(sweep: Sweep, rule: Rule, name: str) -> Result:
    """Conclude a sweep of the project's records, with earlier looks at its table, and save the verdict beside it.

    What a part of a sweep would say is not a look at its table.
    """
    conclusion = conclude(sweep, rule, name)
    if not sweep.is_whole:
        return Result.of(conclusion, partial(plots.draw, conclusion))
    verdict = looks.note(conclusion.verdict, sweep.store.folder / "looks", find_root() / "reports" / "looks")
    conclusion = replace(conclusion, verdict=verdict)
    remember(conclusion)
    return Result.of(conclusion, partial(plots.draw, conclusion))


def bring(experiment: str, records: Path, reports: Path | None) -> int:
    """Write sweeps to MLflow: what `compare` wrote into a reports folder, or else all of the project's records.

    Returns:
        How many sweeps there are.

    Raises:
        DataError: Nothing was compared, or something other than these records.
    """
    return _bring_records(experiment) if reports is None else _bring_compared(experiment, records, reports)


def _bring_records(experiment: str) -> int:
    sweeps = [sweep for sweep in Store.default().sweeps() if sweep.has_ended_runs()]
    results = []
    for sweep, name in zip(sweeps, name_tables(sweeps), strict=True):
        rule = recall_rule(sweep) or schema.parse(sweep.records()[0].configuration).verdict
        results.append(_conclude_sweep(sweep, rule, name))
    sync(results, experiment)
    return len(sweeps)


def _bring_compared(experiment: str, records: Path, reports: Path) -> int:
    """What `compare` concluded and drew, without concluding again."""
    verdicts, timings = files.read(reports)
    sweeps = find_tables(records)
    compared = {name: (verdict.table_sha256, verdict.plan_sha256) for name, verdict in verdicts.items()}
    if compared != {name: (sweep.about["table_sha256"], sweep.about["plan_sha256"]) for name, sweep in sweeps.items()}:
        raise DataError(f"{reports / files.VERDICTS}: does not belong to {records}; run python -m yaynay.compare first")
    pictures = reports / "pictures"
    sync(
        [Result(sweep, verdicts[name], timings[name], pictures / name, name) for name, sweep in sweeps.items()],
        experiment,
    )
    files.note_tracked(reports, {name: make_stamp(verdict) for name, verdict in verdicts.items()})
    return len(sweeps)


def _list_failed(records: Sequence[Record], overrides: dict[str, str]) -> int:
    """Print every run that has no scores, with its overrides and the reason; how many there are."""
    for record in records:
        where = f"{record.table['name']}, {record.name}"
        print(f"error: {where}: {_in_one_line(record.reason or '')} [{overrides[record.key]}]", file=sys.stderr)
    return len(records)


def _in_one_line(text: str) -> str:
    return redact(" ".join(text.split()))
