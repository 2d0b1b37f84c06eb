"""The end of a sweep: its verdict or its answers are printed, and written to MLflow with it."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from yaynay.config import schema
from yaynay.config.schema import Rule
from yaynay.data import prepare
from yaynay.errors import DataError, MachineError, redact
from yaynay.models import ols
from yaynay.records import job_notes
from yaynay.records.export import export
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.reports import files, plots
from yaynay.reports.plots.examples import draw_example
from yaynay.reports.worked import text_table
from yaynay.storage import find_root
from yaynay.tracking.owner import is_dead
from yaynay.tracking.parent import Result, make_stamp
from yaynay.tracking.sync import is_there, sync
from yaynay.verdict import looks
from yaynay.verdict.answers import Answers, find_answers, is_worked
from yaynay.verdict.conclusion import Conclusion, conclude
from yaynay.verdict.names import name_sweeps, name_tables
from yaynay.verdict.recall import recall, recall_rule, remember
from yaynay.verdict.selection import find_winner
from yaynay.verdict.sweeps import find_tables, find_worked


def conclude_jobs(sweep: str, lost: Exception | None = None) -> int:
    """Track what a sweep's jobs left, print each table's answers or verdict, and export what the pipeline asked for.

    Args:
        sweep: Its name.
        lost: How another launcher says, in pages, that a job's process died, out of memory or killed.

    Returns:
        The exit code: 0, 1 where a run has no scores or a figure is not as published, or the mistake's own where
        nothing ran.
    """
    store = Store.default()
    noted = job_notes.take(store, sweep)
    job_notes.remove_abandoned(store, is_dead)
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
    """Runs without scores and figures that are not as published, once every sweep is concluded and in MLflow."""
    configuration = schema.parse(jobs[0]["configuration"])
    sweeps = store.write_sweeps(jobs, {"started_at": time.time()})
    overrides = {job["key"]: " ".join(job["overrides"]) for job in jobs}
    names = name_sweeps(sweeps)
    answers = {sweep.key: find_answers(sweep) for sweep in sweeps if is_worked(sweep)}
    n_wrong = _say_answers(list(answers.values()))
    if configuration.results is not None:  # the pipeline's compare stage concludes
        for sweep, name in zip(sweeps, names, strict=True):
            export(sweep, Path(configuration.results) / name)
            _list_failed(sweep.unscored(), overrides)
        return n_wrong  # but DVC keeps nothing of a failed stage; the verdict counts the runs without scores
    experiment, rule = configuration.tracking.experiment, configuration.verdict
    new: list[Result] = []
    for found in answers.values():
        if not is_there(found.sweep, found, experiment):
            new.append(_answered(found))
    for sweep, name in zip(sweeps, names, strict=True):
        if sweep.key in answers:
            continue
        verdict = recall(sweep, rule)
        if verdict is None or not is_there(sweep, verdict, experiment):
            conclusion = conclude_sweep(sweep, rule, name)
            new.append(Result.of(conclusion, partial(plots.draw, conclusion)))
            verdict = conclusion.verdict
        prepare.say(name, verdict.remarks)
        print(f"{name}: {verdict.outcome}. {verdict.sentence}")
        _say_predictions(sweep, jobs)
    n_failed = sum(_list_failed(sweep.unscored(), overrides) for sweep in sweeps)
    if new:
        sync(new, experiment)
    return n_failed + n_wrong


def _say_answers(found: Sequence[Answers]) -> int:
    """Print the answers of worked examples, and each figure that is not as published; how many those are."""
    shown = [answer for answers in found for answer in answers.answers]
    if shown:  # the pipeline shows the table at its end
        print(text_table(shown).splitlines()[-1] if "DVC_STAGE" in os.environ else text_table(shown), flush=True)
    mistakes = [mistake for answers in found for mistake in answers.mistakes]
    for mistake in mistakes:
        print(f"error: {mistake}", file=sys.stderr)
    return len(mistakes)


def _answered(answers: Answers) -> Result:
    return Result(answers.sweep, answers, None, partial(draw_example, answers), answers.sweep.table_name)


def _say_predictions(sweep: Sweep, jobs: list[dict[str, Any]]) -> None:
    """What the least-squares line and the best model of the sweep predict at each `predict_at`."""
    asked: dict[float, list[Record]] = {}
    for job in jobs:
        where = job["configuration"]["predict_at"]
        is_here = all(job[name] == sweep.about[name] for name in ("table_sha256", "plan_sha256"))
        if is_here and where is not None and sweep.store.has(job["key"]):
            asked.setdefault(where, []).append(sweep.store.read_scores(job["key"]))
    if not asked:
        return
    table, _ = sweep.data()
    line = ols.fit(table.x, table.y)
    for where, records in sorted(asked.items()):
        best = find_winner(records)
        said = [f"line {float(line.predict(np.array([[where]]))[0]):.5g}"]
        if best is not None and not best.parsed.is_closed_form:
            kind = "line by gradient descent" if best.parsed.is_line else "network"
            said.append(f"{kind} {best.scores['prediction']:.5g} ({best.name})")
        print(f"{table.name}: {table.target} at {table.features[0]} {where:g}: {', '.join(said)}")


def conclude_sweep(sweep: Sweep, rule: Rule, name: str) -> Conclusion:
    """Conclude a sweep of the project's records, with earlier looks at its table, and save the verdict beside it.

    What a part of a sweep would say is not a look at its table.
    """
    conclusion = conclude(sweep, rule, name)
    if not sweep.is_whole:
        return conclusion
    verdict = looks.note(conclusion.verdict, sweep.store.folder / "looks", find_root() / "reports" / "looks")
    conclusion = replace(conclusion, verdict=verdict)
    remember(conclusion)
    return conclusion


def bring(experiment: str, records: Path, reports: Path | None) -> int:
    """Write sweeps to MLflow: what `compare` wrote into a reports folder, or else all of the project's records.

    Returns:
        How many sweeps there are.

    Raises:
        DataError: Nothing was compared, or something other than these records.
    """
    return _bring_records(experiment) if reports is None else _bring_compared(experiment, records, reports)


def _bring_records(experiment: str) -> int:
    store = Store.default()
    job_notes.remove_abandoned(store, is_dead)
    sweeps = [sweep for sweep in store.sweeps() if sweep.has_ended_runs()]
    results = []
    for sweep, name in zip(sweeps, name_tables(sweeps), strict=True):
        if is_worked(sweep):
            results.append(_answered(find_answers(sweep)))
            continue
        rule = recall_rule(sweep) or schema.parse(sweep.records()[0].configuration).verdict
        conclusion = conclude_sweep(sweep, rule, name)
        results.append(Result.of(conclusion, partial(plots.draw, conclusion)))
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
    results = [Result(sweep, verdicts[name], timings[name], pictures / name, name) for name, sweep in sweeps.items()]
    results += [_answered(find_answers(sweep)) for sweep in find_worked(records)]
    sync(results, experiment)
    files.note_tracked(reports, {name: make_stamp(verdict) for name, verdict in verdicts.items()})
    return len(results)


def _list_failed(records: Sequence[Record], overrides: dict[str, str]) -> int:
    """Print every run that has no scores, with its overrides and the reason; how many there are."""
    for record in records:
        where = f"{record.table['name']}, {record.name}"
        print(f"error: {where}: {_in_one_line(record.reason or '')} [{overrides[record.key]}]", file=sys.stderr)
    return len(records)


def _in_one_line(text: str) -> str:
    return redact(" ".join(text.split()))
