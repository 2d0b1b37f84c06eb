"""An answer as JSON: one object, whose schema has a number."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from yaynay.data.table import Table
from yaynay.reports import wording
from yaynay.reports.phrases import equation_text, remarks
from yaynay.verdict.comparison import Comparison
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.equation import Equation
from yaynay.verdict.model import Outcome, Verdict
from yaynay.verdict.sentences import advice

SCHEMA: Literal[1] = 1
"""Raised when a field changes its meaning or goes; a new one may come without."""


class _Part(BaseModel):
    """A part of the answer, made from what has attributes of these names; JSON has no NaN, and neither has a part."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, from_attributes=True)


class Interval(_Part):
    """A measured value with its 90 % interval; the bounds are null where no rows were held out."""

    value: float
    low: float | None
    high: float | None


class Column(_Part):
    """What became of a column of the file or frame."""

    name: str
    kind: Annotated[Literal["number", "category", "left out"], Field(description="what the models take it for")]
    rule: Annotated[str | None, Field(description="the rule that decided; null where the source says what it is")]
    note: Annotated[str | None, Field(description="what was recognised or decided, or why it was left out")]
    becomes: Annotated[list[str], Field(description="columns of the table that it became")]
    n_missing: Annotated[int, Field(description="missing cells, in rows that were kept", ge=0)]


class AboutTable(_Part):
    """What was read."""

    name: str
    target: str
    n_rows: int
    n_dropped: Annotated[int, Field(description="rows that were left out, because a cell was missing")]
    n_features: Annotated[int, Field(description="columns of numbers that the models see, one for each level")]
    columns: list[Column]
    notes: Annotated[list[str], Field(description="what a reader should know")]
    remarks: Annotated[list[str], Field(description="what may change how far the answer is trusted, loudest first")]
    sha256: Annotated[str, Field(description="digest of the content")]


class Model(_Part):
    """One model: the line, ridge regression, or the tuned network."""

    name: Literal["line", "ridge", "network"]
    what: Annotated[str, Field(description="for instance 'torch 2 x 32 + skip, adamw lr 0.01'")]
    rmse: Annotated[Interval | None, Field(description="unit of the target; on held-out rows, if there are any")]
    r2: Annotated[float | None, Field(description="share of the variance explained on held-out rows")]
    gain: Annotated[Interval | None, Field(description="over the line, share of the variance; null for the line")]
    fit_seconds: Annotated[float | None, Field(description="all folds; a network's over all configurations")]
    predict_microseconds: Annotated[float | None, Field(description="per row, many at once")]
    n_parameters: int | None


class Gate(_Part):
    """The test of a straight line."""

    p_value: Annotated[float, Field(ge=0, le=1)]
    is_smallest: Annotated[bool, Field(description="whether it is a bound: no smaller p can come from so many draws")]
    kernels: Annotated[dict[str, float], Field(description="p of each kernel alone; comparisons, not tests")]
    n_draws: int


class Bend(_Part):
    """Where the relation bends; only where the gate says that it does."""

    shapes: list[str]
    feature: Annotated[str | None, Field(description="along which a curve explains most of what the line misses")]
    share: Annotated[float | None, Field(description="how much of the line's squared error that is")]


class Term(_Part):
    """One term of the line."""

    feature: str
    coefficient: float
    standard_error: float | None


class Line(_Part):
    """The least-squares line on all rows."""

    equation: Annotated[str, Field(description="intercept and largest terms, for a reader")]
    intercept: Term
    terms: Annotated[list[Term], Field(description="the largest by |coefficient| x standard deviation of the feature")]
    n_further: Annotated[int, Field(description="terms that are not listed")]


class Rule(_Part):
    """What decided, fixed before the run; shares of the variance, and the level of the gate."""

    alpha: float
    delta: float
    delta_nay: float
    n_draws: int


class Folds(_Part):
    """How rows were held out; 0 repeats for a table that is too small for it."""

    n_folds: int
    n_repeats: int


class Files(_Part):
    """Where the parts of an answer are; null for what was not written."""

    report: Annotated[str | None, Field(description="the page")] = None
    runs: Annotated[str | None, Field(description="the MLflow store, or its address")] = None
    model: Annotated[str | None, Field(description="the model to predict with")] = None
    records: Annotated[str | None, Field(description="the records of all runs")] = None


class AnswerJson(_Part):
    """The answer of `yaynay ask`."""

    schema_: Annotated[Literal[1], Field(alias="schema", description="version of this schema")] = SCHEMA
    yaynay: Annotated[str, Field(description="version of yaynay")]
    outcome: Outcome
    advice: Annotated[str, Field(description="what to do, in one line")]
    sentence: Annotated[str, Field(description="why, for a reader who knows no statistics")]
    rows_needed: Annotated[int | None, Field(description="rows that would settle an undecided table")]
    table: AboutTable
    folds: Folds
    models: list[Model]
    gain: Annotated[Interval | None, Field(description="of the network over the line, share of the variance")]
    gate: Annotated[Gate | None, Field(description="null for a table that is too small for it")]
    bend: Bend | None
    line: Line
    rule: Rule
    paths: Files
    seconds: Annotated[float, Field(description="from the question to the answer", ge=0)]


def answer_json(
    conclusion: Conclusion, comparison: Comparison, *, paths: Mapping[str, str | None], seconds: float, version: str
) -> str:
    """The answer as one JSON object, indented, without a line end.

    Args:
        conclusion: What the sweep shows.
        comparison: Its models side by side.
        paths: Any of report, runs, model and records.
        seconds: From the question to the answer [s].
        version: Of yaynay.
    """
    verdict = conclusion.verdict
    network = comparison.find("network")
    answer = AnswerJson(
        yaynay=version,
        outcome=verdict.outcome,
        advice=advice(verdict),
        sentence=verdict.sentence,
        rows_needed=verdict.rows_needed,
        table=_table(conclusion.table, verdict),
        folds=Folds(n_folds=verdict.n_folds, n_repeats=verdict.n_repeats),
        models=[Model.model_validate(row) for row in comparison.models],
        gain=None if network is None or network.gain is None else Interval.model_validate(network.gain),
        gate=_gate(verdict),
        bend=None if comparison.bend is None else Bend.model_validate(comparison.bend),
        line=_line(comparison.equation),
        rule=Rule.model_validate(verdict.rule),
        paths=Files(**paths),
        seconds=round(seconds, 3),
    )
    return answer.model_dump_json(by_alias=True, indent=2, ensure_ascii=False)


def schema() -> dict[str, Any]:
    """The JSON schema of `answer_json`; docs/ask.schema.json is a copy."""
    return AnswerJson.model_json_schema(by_alias=True)


def _table(table: Table, verdict: Verdict) -> AboutTable:
    return AboutTable(
        name=table.name,
        target=table.target,
        n_rows=table.n_rows,
        n_dropped=table.n_dropped,
        n_features=table.n_features,
        columns=_columns(table),
        notes=list(table.notes),
        remarks=remarks(verdict),
        sha256=table.sha256,
    )


def _columns(table: Table) -> list[Column]:
    """What was decided on each column; the table's own columns where nothing had to be decided."""
    kinds = table.kinds
    n_missing = {str(name): int(count) for name, count in table.frame.isna().sum().items()}
    entries = table.reading or tuple({"column": name, "rule": None, "note": "", "becomes": [name]} for name in kinds)
    found = []
    for entry in entries:
        becomes = list(entry["becomes"])
        found.append(
            Column(
                name=entry["column"],
                kind=kinds[becomes[0]] if becomes else "left out",  # type: ignore[arg-type]
                rule=entry["rule"],
                note=entry["note"] or None,
                becomes=becomes,
                n_missing=max((n_missing[name] for name in becomes), default=0),
            )
        )
    return found


def _gate(verdict: Verdict) -> Gate | None:
    if verdict.p_value is None:
        return None
    n_draws = verdict.rule.n_draws
    is_smallest = wording.is_smallest(verdict.p_value, n_draws)
    return Gate(p_value=verdict.p_value, is_smallest=is_smallest, kernels=verdict.kernel_p_values, n_draws=n_draws)


def _line(equation: Equation) -> Line:
    return Line(
        equation=equation_text(equation),
        intercept=Term.model_validate(equation.intercept),
        terms=[Term.model_validate(term) for term in equation.terms],
        n_further=equation.n_further,
    )
