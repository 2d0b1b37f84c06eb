"""What a sweep shows: records -> line, gate, effect, verdict, winner and parity; from records alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from yaynay.config.schema import Rule
from yaynay.data.columns import quote
from yaynay.data.plan import MIN_BLOCKS, Plan
from yaynay.data.table import Table
from yaynay.errors import DataError
from yaynay.models import least_squares, ols
from yaynay.models.scores import FoldScores
from yaynay.records.record import Record
from yaynay.records.store import Sweep
from yaynay.verdict import gate as gates
from yaynay.verdict import rule as rules
from yaynay.verdict import sentences
from yaynay.verdict.effect import Effect, check_same, measure
from yaynay.verdict.model import Outcome, Timings, Verdict
from yaynay.verdict.parity import certify
from yaynay.verdict.rule import Decision
from yaynay.verdict.selection import candidates, find_ridge, find_winner, group_by_depth, is_finished
from yaynay.verdict.serial import rows_of_blocks
from yaynay.verdict.shrinkage import measure_ridge


@dataclass(frozen=True, eq=False)
class Conclusion:
    """Everything that pictures, report and tracking show about a sweep; computed here and nowhere else.

    Attributes:
        records: All runs that ended, lines first.
        line, line_fit: Least squares on the plan's folds and on the whole table.
        gate: None for a table too small for it.
        effect: None without folds or without a network.
        winner: The configuration with the best score, a network if there is one; never a baseline.
        verdict: What `reports/verdicts.json` holds for the table.
        timings: What `reports/timings.json` holds for it.
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
    verdict: Verdict
    timings: Timings

    @property
    def finished(self) -> list[Record]:
        return [record for record in self.records if is_finished(record)]

    @cached_property
    def by_depth(self) -> dict[int, list[Record]]:
        """Records of the winner's backend by depth, each with the best first."""
        return group_by_depth(self.records, self.winner)


_last: dict[tuple[str, int], gates.Gate | None] = {}
"""The gate measured last, by its table and number of draws: it is shown before there is a verdict."""


def test_shape(table: Table, rule: Rule) -> gates.Gate | None:
    """The gate of a table; None for one that is too small for it."""
    key = (table.sha256, rule.n_draws)
    if key not in _last:
        x = least_squares.impute(table.x, np.arange(table.n_rows))
        try:
            gate = gates.measure(x, table.y, n_draws=rule.n_draws, groups=table.groups, times=table.time)
        except DataError:  # too few rows for it; the verdict says so
            gate = None
        _last.clear()
        _last[key] = gate
    return _last[key]


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What every decision on one sweep starts from: the data, its line, its gate, and the rule."""

    table: Table
    plan: Plan
    line: least_squares.Line
    gate: gates.Gate | None
    rule: Rule

    @classmethod
    def gather(cls, table: Table, plan: Plan, rule: Rule) -> "_Evidence":
        return cls(table, plan, least_squares.fit(table, plan), test_shape(table, rule), rule)

    def measure(self, networks: Sequence[Record]) -> Effect | None:
        """The effect; None without folds or networks."""
        if not self.plan.n_repeats or not networks:
            return None
        return measure(self.table, self.plan, self.line.folds, networks)

    def decide(self, effect: Effect | None) -> Decision:
        if self.plan.n_repeats == 0 or self.gate is None:
            return self._decline()
        if effect is None:
            return Decision("undecided", sentences.no_network(self.gate.p_value))
        return rules.decide(self.gate, effect, self.table.n_rows, self.rule)

    def _decline(self) -> Decision:
        """Too few rows, groups or times for folds, or for the gate."""
        table, plan = self.table, self.plan
        is_exact = table.n_rows <= table.n_features + 1  # passes through every point, whatever they are
        r2 = None if is_exact else 1 - float(np.mean((self.line.folds.whole - table.y) ** 2) / np.var(table.y))
        n_free, what = table.n_rows, "rows"
        if (units := table.groups if table.groups is not None else table.time) is not None:
            n_free, what = int(units.max()) + 1, "groups" if units is table.groups else "times"
        n_needed = max(MIN_BLOCKS, plan.n_folds * plan.n_inner, 2 * (table.n_features + 2))
        if table.time is not None:  # the first half has to hold a training set
            n_needed = max(n_needed, 2 * plan.n_folds, 3 * (table.n_features + 2))
        if plan.n_repeats:  # the gate has no freedom left
            n_needed = table.n_features + 1 + gates.MIN_FREEDOM
            if what == "times":  # which it counts in blocks
                n_needed = max(rows_of_blocks(n_needed), n_free + 1)
        p_value = self.gate.p_value if self.gate else None
        return Decision("undecided", sentences.too_small(f"{n_free} {what}", n_needed, p_value, r2), n_needed)


def conclude(sweep: Sweep, rule: Rule, name: str | None = None) -> Conclusion:
    """Compute gate, effect and verdict of a sweep.

    Args:
        sweep: What was trained on one table.
        rule: What decides.
        name: What the table is called where several are shown; None for its own name.

    Raises:
        DataError: No run of the sweep ended, or its records are on different tables or plans.
    """
    table, plan = sweep.data()
    table = replace(table, name=name) if name not in (None, table.name) else table
    records = sweep.records()
    if not records:
        raise DataError(f"sweep {sweep.key[:12]} on '{sweep.table_name}': no run has ended; train it first")
    check_same(table, plan, records)
    evidence = _Evidence.gather(table, plan, rule)
    effect = evidence.measure(candidates(records))
    asked = [record for record in records if record.key not in sweep.baselines]
    winner, line = find_winner(asked), evidence.line
    verdict = _summarise(evidence, records, asked, effect)
    timings = _time(line, records, winner)
    return Conclusion(
        sweep, table, plan, records, line.folds, line.whole, evidence.gate, effect, winner, verdict, timings
    )


def _summarise(
    evidence: _Evidence, records: Sequence[Record], asked: Sequence[Record], effect: Effect | None
) -> Verdict:
    table, plan, gate = evidence.table, evidence.plan, evidence.gate
    decision, networks, winner = evidence.decide(effect), candidates(records), find_winner(asked)
    line_metrics = evidence.line.folds.metrics(table.y)

    def decide_by(some: Sequence[Record]) -> Outcome:
        return evidence.decide(evidence.measure(candidates(some))).outcome

    network = winner.scores if winner is not None and networks else {}
    return Verdict(
        outcome=decision.outcome,
        sentence=decision.sentence + sentences.hang_together(table.doubts if effect and gate else ()),
        rule=evidence.rule,
        rows_needed=decision.rows_needed,
        is_between=decision.is_between,
        p_value=gate.p_value if gate else None,
        kernel_p_values=gate.kernel_p_values if gate else {},
        **_say_gain(effect),
        **measure_ridge(table, plan, evidence.line.folds, find_ridge(records)),
        rmse_linear=line_metrics.get("test/rmse", line_metrics["train/rmse"]),
        rmse_network=_finite(effect.rmse_network if effect else network.get("train/rmse")),
        truth_rmse=float(np.sqrt(np.mean(table.truth.noise_sd**2))) if table.truth else None,
        is_cross_validated=plan.n_repeats > 0,
        n_rows=table.n_rows,
        n_features=table.n_features,
        n_dropped=table.n_dropped,
        n_folds=plan.n_folds if plan.n_repeats else 0,
        n_repeats=plan.n_repeats,
        n_configurations=len(asked),
        n_candidates=len(networks),
        n_failed=sum(not is_finished(record) for record in asked),
        n_parameters_linear=table.n_features + 1,
        n_parameters_network=int(network["n_parameters"]) if network else None,
        winner=winner.name if winner else None,
        winner_key=winner.key if winner else None,
        table_sha256=table.sha256,
        plan_sha256=plan.sha256,
        parity=certify(records, decide_by),
        remarks=_remarks(table, evidence.line.whole),
        doubts=table.doubts,
    )


def _say_gain(effect: Effect | None) -> dict[str, Any]:
    """The effect's values in a verdict; None where there is none, or where it is not finite."""
    names = {
        "gain": "gain",
        "gain_low": "low",
        "gain_high": "high",
        "gain_standard_error": "standard_error",
        "gain_corrected_error": "corrected_error",
        "share_of_line": "share_of_line",
    }
    return {name: _finite(getattr(effect, attribute, None)) for name, attribute in names.items()}


def _finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return None if value is None or not np.isfinite(value) else float(value)


def _remarks(table: Table, line: ols.LeastSquares) -> tuple[str, ...]:
    """What a reader must know about a table before its verdict: how its file was read, and dependent columns."""
    notes = list(table.remarks)
    if line.dependent:
        names = ", ".join(quote(name) for name in ols.name_dependent(line, table.features)[:10])
        notes.append(
            f"the line has rank {line.rank} of {table.n_features + 1}; constant or given by other columns: {names}"
            f"{', ...' * (len(line.dependent) > 10)}; so no coefficient gets a p value; predictions are not affected"
        )
    return tuple(notes)


def _time(line: least_squares.Line, records: Sequence[Record], winner: Record | None) -> Timings:
    networks, ridge = candidates(records), find_ridge(records)
    return Timings(
        fit_seconds_linear=line.seconds,
        fit_seconds_network=sum(record.run["fit_seconds"] for record in networks) if networks else None,
        predict_microseconds_per_row=winner.run.get("predict_microseconds_per_row") if winner and networks else None,
        fit_seconds_ridge=ridge.run["fit_seconds"] if ridge else None,
    )
