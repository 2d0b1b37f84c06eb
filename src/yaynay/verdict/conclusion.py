"""What a sweep shows: records -> line, gate, effect, verdict, winner and parity. From records alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from yaynay.config.schema import Verdict as Options
from yaynay.data.columns import quote
from yaynay.data.plan import MIN_BLOCKS, Plan
from yaynay.data.reading import table_name
from yaynay.data.table import Table
from yaynay.errors import DataError
from yaynay.models import least_squares, ols
from yaynay.models.backends.base import MODULES
from yaynay.models.scores import FoldScores
from yaynay.records.record import Record
from yaynay.records.store import Store, Sweep
from yaynay.records.version import verdict_version
from yaynay.storage import digest, read_json, read_sealed, write_sealed
from yaynay.verdict import gate as gates
from yaynay.verdict import rule as verdicts
from yaynay.verdict.effect import Effect, check_same, measure
from yaynay.verdict.parity import certify
from yaynay.verdict.rule import Decision


@dataclass(frozen=True, eq=False)
class Conclusion:
    """Everything that pictures, report and tracking show of a sweep; computed here and nowhere else.

    Attributes:
        records: All that ended, lines first.
        line, line_fit: Least squares on the plan's folds and on the whole table.
        gate: None for a table too small for it.
        effect: None without folds or without a network.
        winner: The configuration with the lowest val/rmse (train/rmse without folds), a network if there is one.
        verdict: What `reports/verdicts.json` holds of the table.
    """

    sweep: Sweep
    table: Table
    plan: Plan
    records: list[Record]
    line: FoldScores
    line_fit: ols.LeastSquares
    gate: gates.Gate | None
    effect: Effect | None
    winner: Record | None
    verdict: dict[str, Any]

    @property
    def finished(self) -> list[Record]:
        return [record for record in self.records if record.status == "finished"]


def conclude(sweep: Sweep, options: Options) -> Conclusion:
    """Compute gate, effect and verdict of a sweep.

    Raises:
        DataError: No run of the sweep ended, or its records are on different tables or plans.
    """
    table, plan = sweep.data()
    records = sweep.records()
    if not records:
        raise DataError(f"sweep {sweep.key[:12]} on '{sweep.table_name}': no run has ended; train it first")
    check_same(table, plan, records)
    fitted = least_squares.fit(table, plan)
    line = fitted.folds
    gate = _gate(table, options)
    candidates = networks(records)
    effect = measure(table, plan, line, candidates) if plan.n_repeats and candidates else None
    decision = _decide(table, plan, gate, effect, line, options)
    winner = find_winner(records)
    verdict = _summary(table, plan, records, gate, effect, decision, fitted, winner)
    verdict["n_dropped"], verdict["remarks"] = table.n_dropped, remarks(table, fitted.whole)
    verdict["parity"] = _parity(table, plan, records, gate, line, options)
    return Conclusion(sweep, table, plan, records, line, fitted.whole, gate, effect, winner, verdict)


def remarks(table: Table, line: ols.LeastSquares) -> list[str]:
    """What a reader must know of a table before its verdict: rows dropped, numbers rounded, dependent columns."""
    notes = [note for note in table.notes if "dropped" in note or "rounded" in note]
    if line.dependent:
        names = ", ".join(quote(name) for name in ols.name_dependent(line, table.features)[:10])
        notes.append(
            f"the line has rank {line.rank} of {table.n_features + 1}; constant or given by other columns: {names}"
            f"{', ...' * (len(line.dependent) > 10)}; so no coefficient gets a p value, and predictions are as good"
        )
    return notes


def remember(conclusion: Conclusion, options: Options) -> None:
    """Keep a verdict beside its sweep, for `recall`."""
    content = {"basis": _basis(conclusion.sweep, options), "verdict": conclusion.verdict}
    write_sealed(conclusion.sweep.path / "verdict.json", content)


def recall(sweep: Sweep, options: Options) -> dict[str, Any] | None:
    """The verdict that was given on the same runs by the same rule and code; None if there is none."""
    try:
        kept = read_sealed(sweep.path / "verdict.json")
    except DataError:
        return None
    return kept["verdict"] if kept["basis"] == _basis(sweep, options) else None


def _basis(sweep: Sweep, options: Options) -> str:
    ended = [key for key in sweep.about["runs"] if sweep.store.has(key)]
    return digest([sweep.key, ended, options.model_dump(), verdict_version()])


def networks(records: Sequence[Record], backend: str | None = None) -> list[Record]:
    """Finished networks with hidden layers, of one backend: the first in the registry's order that has any.

    A backend is no candidate of its own: the same network in another framework is the same network.
    """
    nets = [record for record in records if record.status == "finished" and not record.parsed.is_line]
    for name in MODULES if backend is None else (backend,):
        found = [record for record in nets if record.parsed.backend.name == name]
        if found:
            return found
    return []


def _parity(
    table: Table,
    plan: Plan,
    records: Sequence[Record],
    gate: gates.Gate | None,
    line: FoldScores,
    options: Options,
) -> dict[str, Any] | None:
    """What backends that trained the same configurations differ by, and each one's outcome; None for one backend."""
    certificates = certify(records)
    if not certificates:
        return None
    outcomes = {}
    for name in (certificates[0].reference, *(one.backend for one in certificates)):
        candidates = networks(records, name)
        effect = measure(table, plan, line, candidates) if plan.n_repeats and candidates else None
        outcomes[name] = _decide(table, plan, gate, effect, line, options).outcome
    return {
        "outcomes": outcomes,
        "n_configurations": min(one.n_configurations for one in certificates),
        "differences": {
            one.backend: {"curves": one.curves, "weights": one.weights, "predictions": one.predictions}
            for one in certificates
        },
    }


def find_winner(records: Sequence[Record]) -> Record | None:
    """The network whose inner folds score best; a line where the sweep has no network."""
    candidates = networks(records) or [record for record in records if record.status == "finished"]
    if not candidates:
        return None
    return min(candidates, key=lambda record: record.scores.get("val/rmse", record.scores["train/rmse"]))


def _gate(table: Table, options: Options) -> gates.Gate | None:
    x = least_squares.impute(table.x, np.arange(table.n_rows))
    try:
        return gates.measure(x, table.y, n_draws=options.n_draws, groups=table.groups)
    except DataError:  # too few rows for it; the verdict says so
        return None


def _decide(
    table: Table,
    plan: Plan,
    gate: gates.Gate | None,
    effect: Effect | None,
    line: FoldScores,
    options: Options,
) -> Decision:
    if plan.n_repeats == 0 or gate is None:
        is_exact = table.n_rows <= table.n_features + 1  # passes through every point, whatever they are
        r2 = None if is_exact else 1 - float(np.mean((line.whole - table.y) ** 2) / np.var(table.y))
        n_free, what = (table.n_rows, "rows") if table.groups is None else (int(table.groups.max()) + 1, "groups")
        n_needed = max(MIN_BLOCKS, plan.n_folds * plan.n_inner, 2 * (table.n_features + 2))
        if plan.n_repeats:  # the gate has no freedom left
            n_needed = table.n_features + 1 + gates.MIN_FREEDOM
        return verdicts.too_small(f"{n_free} {what}", n_needed, gate.p_value if gate else None, r2)
    if effect is None:
        return verdicts.no_network(gate.p_value)
    return verdicts.decide(gate, effect, table.n_rows, options)


def _summary(
    table: Table,
    plan: Plan,
    records: Sequence[Record],
    gate: gates.Gate | None,
    effect: Effect | None,
    decision: Decision,
    line: least_squares.Line,
    winner: Record | None,
) -> dict[str, Any]:
    """The verdict as JSON; nulls where a table is too small to say."""
    line_metrics = line.folds.metrics(table.y)
    candidates = networks(records)
    network = winner if candidates else None
    verdict: dict[str, Any] = {
        "outcome": decision.outcome,
        "sentence": decision.sentence,
        "p_value": gate.p_value if gate else None,
        "kernel_p_values": gate.kernel_p_values if gate else {},
        "gain": effect.gain if effect else None,
        "gain_low": effect.low if effect else None,
        "gain_high": effect.high if effect else None,
        "gain_standard_error": effect.standard_error if effect else None,
        "gain_corrected_error": effect.corrected_error if effect else None,
        "share_of_line": effect.share_of_line if effect else None,
        "rows_needed": decision.rows_needed,
        "rmse_linear": line_metrics.get("test/rmse", line_metrics["train/rmse"]),
        "rmse_network": effect.rmse_network if effect else network and network.scores["train/rmse"],
        "is_cross_validated": plan.n_repeats > 0,
        "n_rows": table.n_rows,
        "n_features": table.n_features,
        "n_folds": plan.n_folds if plan.n_repeats else 0,
        "n_repeats": plan.n_repeats,
        "n_configurations": len(records),
        "n_candidates": len(candidates),
        "n_failed": sum(record.status != "finished" for record in records),
        "n_parameters_linear": table.n_features + 1,
        "n_parameters_network": network and network.scores["n_parameters"],
        "fit_seconds_linear": line.seconds,
        "fit_seconds_network": sum(record.run["fit_seconds"] for record in candidates) if candidates else None,
        "predict_microseconds_per_row": network and network.run.get("predict_microseconds_per_row"),
        "winner": winner.name if winner else None,
        "winner_key": winner.key if winner else None,
        "table_sha256": table.sha256,
        "plan_sha256": plan.sha256,
        "truth_rmse": float(np.sqrt(np.mean(table.truth.noise_sd**2))) if table.truth else None,
    }
    return verdicts.as_json(verdict)


def find_sweeps(records: Path) -> list[Sweep]:
    """Every sweep of a store, or of each store in a folder, by table.

    Args:
        records: A store, or a folder of stores.

    Raises:
        DataError: There is none.
    """
    stores = [Store(records)] if (records / "sweeps").is_dir() else [Store(path) for path in sorted(records.glob("*"))]
    for store in stores:
        for path in (store.folder / "sweeps").glob("*/sweep.json"):
            _check_sweep(path)
    sweeps = [sweep for store in stores for sweep in store.sweeps()]
    if not sweeps:
        raise DataError(
            f"{records}: no sweep here; allowed: a store of records, or a folder of stores; train first, or say "
            "records=records for the sweeps of your own commands"
        )
    return sorted(sweeps, key=lambda sweep: sweep.table_name)


def _check_sweep(path: Path) -> None:
    """A store may come from others: what its sweep names becomes folders here."""
    try:
        about = read_json(path)
        digests = [about["table_sha256"], about["plan_sha256"], *about["runs"]]
        is_sweep = (
            all(re.fullmatch(r"[0-9a-f]{64}", one) for one in digests) and table_name(about["table"]) == about["table"]
        )
        is_sweep &= isinstance(about["started_at"], float)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a sweep ({type(error).__name__}); remove its folder, and train again") from error
    if not is_sweep:
        raise DataError(f"{path}: not a sweep, a name or digest in it is none; remove its folder, and train again")
