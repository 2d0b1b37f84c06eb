"""What a verdict is: all that `reports/verdicts.json` holds for a table, with the rule that it was made by."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from yaynay.config.schema import Rule
from yaynay.errors import DataError

Outcome = Literal["yay", "nay", "undecided"]

Part = TypeVar("Part", bound="AsJson")


class AsJson:
    """Conversion to JSON and back, at the edge: a file or MLflow."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    def as_json(self) -> dict[str, Any]:
        """Plain values, keyed by field."""
        return TypeAdapter(type(self)).dump_python(self, mode="json")

    @classmethod
    def from_json(cls: type[Part], values: Any, where: str) -> Part:
        """What `as_json` gave.

        Args:
            values: Keyed by field.
            where: The file that holds them, for the message.

        Raises:
            DataError: A value is missing, unknown or of another type.
        """
        try:
            return TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            fault = error.errors()[0]
            reason = f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            raise DataError(f"{where}: not as this version writes it ({reason}); make it again") from None


@dataclass(frozen=True)
class Look:
    """An earlier verdict on the same table with other folds."""

    plan_sha256: str
    outcome: Outcome


@dataclass(frozen=True)
class ByRule:
    """The outcome on a table by one rule, kept so that rules can be seen side by side.

    Attributes:
        rule: What decided.
        outcome: By that rule.
        gain: To four decimals, so that another machine keeps the same.
    """

    rule: Rule
    outcome: Outcome
    gain: float


@dataclass(frozen=True)
class Difference:
    """Largest difference of one backend from the first, over the largest absolute value of the first."""

    curves: float
    weights: float
    predictions: float


@dataclass(frozen=True)
class Parity:
    """How far backends that trained the same configurations agree.

    Attributes:
        outcomes: The verdict from each backend alone, the reference first, on configurations that all of them trained;
            empty where no network is among those.
        n_configurations: Trained on the reference and another backend; the fewest of any such pair.
        differences: Of each backend except the reference.
    """

    outcomes: dict[str, Outcome]
    n_configurations: int
    differences: dict[str, Difference]


@dataclass(frozen=True)
class Timings(AsJson):
    """Times; kept apart from the verdict, because the same verdict takes a different time tomorrow.

    Attributes:
        fit_seconds_linear, fit_seconds_network, fit_seconds_ridge: All folds; the network's over all candidates [s].
        predict_microseconds_per_row: Of the winning network [us].
    """

    fit_seconds_linear: float
    fit_seconds_network: float | None
    predict_microseconds_per_row: float | None
    fit_seconds_ridge: float | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict(AsJson):
    """The answer for one table, and what it rests on; None where a table is too small to say.

    Attributes:
        outcome, sentence: The answer; the sentence is for a reader who knows no statistics.
        rule: What decided it, fixed before the run.
        rows_needed: Rows that would settle an undecided table; None where there is no such number.
        is_between: Undecided at any number of rows, if the measured gain is the true one.
        p_value: The gate's; small where the relation is not linear.
        kernel_p_values: Of each kernel alone.
        gain, gain_low, gain_high: Out of fold, with its 90 % interval [share of the target's variance].
        gain_standard_error, gain_corrected_error: Over rows; over folds, corrected for shared training rows.
        share_of_line: How often the inner folds preferred the line, 0 to 1.
        rmse_linear, rmse_network: Out of fold, or on the training rows without folds [unit of the target].
        rmse_ridge, gain_ridge, gain_ridge_low, gain_ridge_high: As of the network, out of fold; None without a run of
            ridge. What ridge gains is shrinkage alone.
        truth_rmse: Noise around the true mean of a generated table [unit of the target].
        n_configurations: Runs that were asked for and have ended.
        n_failed: Those of them without a score.
        n_candidates: Networks that the inner folds chose from.
        n_dropped: Rows that were dropped for a missing cell.
        winner, winner_key: Name and record of the best configuration.
        parity: None with a single backend.
        remarks: What a reader must know about the table first.
        doubts: Those of them by which the rows are not independent, so that p values and intervals cannot be trusted.
        earlier_looks: Verdicts on this table with other folds, oldest first.
        other_rules: The last outcome by each other rule on these folds, in the order in which they were first used.
    """

    outcome: Outcome
    sentence: str
    rule: Rule
    rows_needed: int | None
    is_between: bool
    p_value: float | None
    kernel_p_values: dict[str, float]
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    gain_standard_error: float | None
    gain_corrected_error: float | None
    share_of_line: float | None
    rmse_linear: float
    rmse_network: float | None
    truth_rmse: float | None
    is_cross_validated: bool
    n_rows: int
    n_features: int
    n_dropped: int
    n_folds: int
    n_repeats: int
    n_configurations: int
    n_candidates: int
    n_failed: int
    n_parameters_linear: int
    n_parameters_network: int | None
    winner: str | None
    winner_key: str | None
    table_sha256: str
    plan_sha256: str
    rmse_ridge: float | None = None
    gain_ridge: float | None = None
    gain_ridge_low: float | None = None
    gain_ridge_high: float | None = None
    parity: Parity | None = None
    remarks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    earlier_looks: tuple[Look, ...] = ()
    other_rules: tuple[ByRule, ...] = ()

    @property
    def by_rule(self) -> ByRule | None:
        """What is kept of it beside verdicts by other rules; None without a gain, where no rule had a say."""
        return None if self.gain is None else ByRule(self.rule, self.outcome, round(self.gain, 4) + 0.0)
