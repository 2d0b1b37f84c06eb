"""Configurations -> records: what is trained together, and the record of each fit."""

from collections.abc import Iterable, Sequence

from yaynay.config.schema import Configuration
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import OptionError
from yaynay.models import fitting
from yaynay.models.backends.base import OnEpoch
from yaynay.records.record import Record

_FUSED = {"lr", "weight_decay"}
"""Optimizer values that may differ within one fleet; the seed may too."""


def group_key(configuration: Configuration) -> str:
    """Configurations with the same key can train as one fleet."""
    optimizer = configuration.optimizer.model_dump(exclude=_FUSED)
    return repr((configuration.backend, configuration.model, optimizer, configuration.trainer))


def train(
    configurations: Sequence[Configuration], table: Table, plan: Plan, on_epoch: OnEpoch | None = None
) -> list[Record]:
    """Train configurations of one `group_key` on one table and plan, as one fleet.

    Args:
        configurations: What to train; only learning rate, weight decay and seed differ.
        table: The data.
        plan: Its folds.
        on_epoch: Called after each epoch with the state of training.

    Returns:
        One record per configuration, in order; the status is "diverged" where a loss or weight was not finite.

    Raises:
        MachineError: The backend is not installed, or a GPU was asked for and there is none.
        OptionError: The configuration does not fit the table.
    """
    check_fit(configurations[0], table)
    fits = fitting.fit(configurations, table, plan, on_epoch)
    return [Record.of(configuration, table, plan, fit) for configuration, fit in zip(configurations, fits, strict=True)]


def check_fit(configuration: Configuration, table: Table) -> None:
    """Check what depends on both configuration and table.

    Raises:
        OptionError: Starting values or `predict_at` do not fit the table's features.
    """
    start, n_features = configuration.model.start, table.n_features
    if start is not None and len(start) != n_features + 1:
        raise OptionError(
            f"option 'model.start': {len(start)} values for {n_features} features; "
            f"allowed: {n_features + 1} values (slopes, then intercept); or leave it null"
        )
    if configuration.predict_at is not None:
        check_one_feature([table])


def check_one_feature(tables: Iterable[Table]) -> None:
    """Check that `predict_at` has one meaning on every table.

    Raises:
        OptionError: Some have several features; each is named.
    """
    several = {table.name: table.n_features for table in tables if table.n_features != 1}
    if several:
        named = ", ".join(f"table '{name}' has {n_features} features" for name, n_features in several.items())
        raise OptionError(
            f"option 'predict_at': {named}; allowed: tables with one feature; leave predict_at or those tables out"
        )
