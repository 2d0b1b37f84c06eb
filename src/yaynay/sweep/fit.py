"""Configurations -> records: what is trained together, and the record of each fit."""

from collections.abc import Iterable, Sequence

from yaynay.config.schema import Configuration
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.errors import OptionError
from yaynay.models import fitting
from yaynay.models.backends.base import OnEpoch
from yaynay.records.record import Record, companions_digest

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
    companions = companions_digest(configurations)
    pairs = zip(configurations, fits, strict=True)
    return [Record.of(configuration, table, plan, fit, companions) for configuration, fit in pairs]


def check_fit(configuration: Configuration, table: Table) -> None:
    """Check what depends on both configuration and table.

    Raises:
        OptionError: Starting values, `predict_at` or `published` do not fit the table's features.
    """
    start, n_features = configuration.model.start, table.n_features
    if start is not None and len(start) != n_features + 1:
        raise OptionError(
            f"option 'model.start': {len(start)} values for {n_features} features; "
            f"allowed: {n_features + 1} values (slopes, then intercept); or leave it null"
        )
    for option in ("predict_at", "published"):
        if getattr(configuration, option) is not None:
            check_one_feature(option, [table])


def check_one_feature(option: str, tables: Iterable[Table]) -> None:
    """Check that an option about a table's one feature has a meaning on every table.

    Raises:
        OptionError: Some have several features; each is named.
    """
    several = {table.name: table.n_features for table in tables if table.n_features != 1}
    if several:
        named = ", ".join(f"table '{name}' has {n_features} features" for name, n_features in several.items())
        raise OptionError(
            f"option '{option}': {named}; allowed: tables with one feature; leave {option} or those tables out"
        )
