"""The typed, closed configuration: every key, its range, and one clear sentence for a mistake."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from yaynay.config import datasets as dataset_options
from yaynay.config.datasets import Closed
from yaynay.config.messages import leaves, sentence
from yaynay.config.published import Published
from yaynay.errors import OptionError, holds_password

Options = TypeVar("Options", bound=BaseModel)

CLOSED_FORMS = ("least_squares", "ridge", "terms")
"""Backends that solve for a line, or a line with terms, instead of training it; every sweep has a run of each."""


class Backend(Closed):
    name: Literal["least_squares", "ridge", "terms", "torch", "tensorflow", "pytensor"]


class Model(Closed):
    depth: Annotated[int, Field(ge=0, le=64)]
    width: Annotated[int, Field(ge=1, le=65536)]
    activation: Literal["relu", "silu", "tanh"]
    skip: bool
    start: Annotated[list[float], Field(min_length=1)] | None
    """Starting values of all parameters; null leaves the choice to yaynay."""


class Optimizer(Closed):
    name: Literal["sgd", "adam", "adamw"]
    lr: Annotated[float, Field(gt=0, le=1e30)]
    weight_decay: Annotated[float, Field(ge=0, le=1e6)]


class Trainer(Closed):
    max_epochs: Annotated[int, Field(ge=1, le=10_000_000)]
    min_steps: Annotated[int, Field(ge=1, le=10_000_000)]
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"]
    early_stopping: bool
    patience: Annotated[int, Field(ge=1)]
    halving: Annotated[int, Field(ge=2, le=100)] | None = None
    """Configurations of a fleet that go on at each of two rungs: one in so many; null: all."""
    loss: Literal["mean", "sum", "half_mean"]
    shuffle: bool
    standardise: bool
    precision: Literal[32, 64]
    accelerator: Literal["auto", "cpu", "gpu"]

    def goes_to_convergence(self, depth: int) -> bool:
        """Whether networks of this depth train to convergence instead of stopping by held-out rows.

        The problem is convex and has one best answer; without early stopping or standardisation, options are obeyed.
        """
        return depth == 0 and self.early_stopping and self.standardise


class Plan(Closed):
    n_folds: Annotated[int, Field(ge=2, le=100)]
    n_repeats: Annotated[int, Field(ge=1, le=1000)] | None
    n_inner: Annotated[int, Field(ge=2, le=100)]
    n_seeds: Annotated[int, Field(ge=1, le=1000)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]


class Rule(Closed):
    """What decides a verdict; the group `verdict`."""

    alpha: Annotated[float, Field(gt=0, lt=1)]
    delta: Annotated[float, Field(ge=0, lt=1)]
    delta_nay: Annotated[float, Field(ge=0, lt=1)]
    n_draws: Annotated[int, Field(ge=99, le=1_000_000)]


class Tracking(Closed):
    experiment: Annotated[str, Field(min_length=1, max_length=200)]


class Configuration(Closed):
    """One Hydra job, resolved."""

    dataset: dict[str, Any]
    backend: Backend
    model: Model
    optimizer: Optimizer
    trainer: Trainer
    plan: Plan
    verdict: Rule
    tracking: Tracking
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    predict_at: Annotated[float, Field(ge=-1e30, le=1e30)] | None
    """A value of a table's one feature; each model's prediction there is logged as the metric `prediction`."""
    published: Published | None = None
    """Figures that the run has to give; they shape no fit, so they belong to a sweep and not to a record."""
    results: str | None
    """Folder that gets a copy of each table's sweep; the pipeline's train stage sets it."""
    max_jobs: Annotated[int, Field(ge=1)] = 10_000
    """A larger grid is refused."""

    @property
    def is_closed_form(self) -> bool:
        """Whether this configuration is solved for, so that no option of model, optimizer or trainer counts."""
        return self.backend.name in CLOSED_FORMS

    @property
    def is_line(self) -> bool:
        """Whether this configuration can only fit a line."""
        return not self.is_network and self.backend.name != "terms"

    @property
    def is_network(self) -> bool:
        """Whether this configuration is a network with hidden layers."""
        return not self.is_closed_form and self.model.depth > 0

    @property
    def is_halved(self) -> bool:
        """Whether the others of its fleet decide how long it trains; a line in closed form or to convergence is not."""
        is_solved = self.is_closed_form or self.trainer.goes_to_convergence(self.model.depth)
        return self.trainer.halving is not None and not is_solved

    def numerics(self) -> dict[str, Any]:
        """What shapes the fit, and nothing else: the configuration's part of a record's key."""
        if self.is_closed_form:
            return {"backend": self.backend.name, "predict_at": self.predict_at}
        model = self.model.model_dump()
        if self.is_line:  # width, activation and skip of a network without hidden layers mean nothing
            model = {"depth": 0, "start": self.model.start}
        return {
            "backend": self.backend.name,
            "model": model,
            "optimizer": self.optimizer.model_dump(),
            "trainer": self.trainer.model_dump(),
            "seed": self.seed,
            "predict_at": self.predict_at,
        }

    def flat(self) -> dict[str, Any]:
        """All values that count, keyed with dots; `dataset` and `backend` hold their option's name."""
        unused = {"model", "optimizer", "trainer", "seed"} if self.is_closed_form else set()
        pairs = dict(_flatten(self.model_dump(exclude={"published", "results", "max_jobs", *unused})))
        for group in ("dataset", "backend"):
            pairs[group] = pairs.pop(f"{group}.name")
        pairs["dataset"] = pairs.get("dataset.table") or pairs["dataset"]  # the option that `yaynay add` wrote
        return dict(sorted(pairs.items()))


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def parse(values: Mapping[str, Any]) -> Configuration:
    """Check a resolved configuration.

    Raises:
        OptionError: A key is unknown, missing or out of range; the message names it and what is allowed.
    """
    try:
        configuration = Configuration.model_validate(values)
    except ValidationError as error:
        raise OptionError(sentence(error, Configuration, known=known_keys())) from None
    _check_no_password(configuration.model_dump())
    checked = dataset_options.parse(configuration.dataset)
    model = configuration.model
    if model.start is not None and model.depth > 0:
        raise OptionError(
            f"option 'model.start': starting values are for model.depth=0, not {model.depth}; "
            "allowed: null; leave it out to draw them"
        )
    if configuration.published is not None:
        configuration.published.check(configuration.predict_at, model.depth if configuration.is_network else 0)
    return configuration.model_copy(update={"dataset": checked.model_dump()})


def _check_no_password(values: Mapping[str, Any]) -> None:
    """A value is written into records and MLflow, where others read it."""
    for key, value in _flatten(values):
        if isinstance(value, str) and holds_password(value):
            raise OptionError(f"option '{key}': holds a password; allowed: none in a configuration; take it out")


def known_keys() -> list[str]:
    """Every key of a configuration, with dots."""
    keys = [f"dataset.{name}" for kind in dataset_options.KINDS for name in kind.model_fields]
    return sorted({*keys, *leaves(Configuration)})


def parse_table(values: Mapping[str, Any]) -> tuple[dict[str, Any], Plan]:
    """Check the groups that make a table: dataset and plan.

    Raises:
        OptionError: As `parse`.
    """
    made = _check(_TableOptions, values)
    return dataset_options.parse(made.dataset).model_dump(), made.plan


class _TableOptions(Closed):
    dataset: dict[str, Any]
    plan: Plan


class CompareOptions(Closed):
    """What `compare` is asked."""

    verdict: Rule
    records: Annotated[str, Field(min_length=1)]
    """A store of records, or a folder of such stores."""
    reports: Annotated[str, Field(min_length=1)]
    """Where verdicts and pictures go."""


class ReportOptions(Closed):
    """What `report` is asked."""

    reports: Annotated[str, Field(min_length=1)]
    """Where verdicts and pictures are, and the report goes."""
    worked: Annotated[str, Field(min_length=1)] | None
    """Records of worked examples; null: there are none."""


def parse_compare(values: Mapping[str, Any]) -> CompareOptions:
    """Check the options of `compare`.

    Raises:
        OptionError: As `parse`.
    """
    return _check(CompareOptions, values)


def parse_report(values: Mapping[str, Any]) -> ReportOptions:
    """Check the options of `report`.

    Raises:
        OptionError: As `parse`.
    """
    return _check(ReportOptions, values)


def _check(kind: type[Options], values: Mapping[str, Any]) -> Options:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise OptionError(sentence(error, kind)) from None
