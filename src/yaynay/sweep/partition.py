"""Cut a grid into fleets: configurations of one shape on one table and plan, bounded in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from yaynay.config.schema import Configuration
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models.network import Shape
from yaynay.sweep.fit import group_key

MEMORY_MIB = 256
"""What the weights, moments and activations of one fleet may take [MiB]."""
_MOST_MEMBERS = 512
"""A larger fleet saves no more overhead and leaves the processor's cache."""


@dataclass(frozen=True)
class FleetSpec:
    """Configurations that train as one fleet, and the digests of their table and plan."""

    configurations: tuple[Configuration, ...]
    table_sha256: str
    plan_sha256: str


def cut(jobs: Sequence[tuple[Configuration, Table, Plan]], n_workers: int) -> list[FleetSpec]:
    """Fleets of a grid: by backend, so that a worker loads one backend after another, the most expensive first.

    Args:
        jobs: Configurations with their data.
        n_workers: Fleets are made small enough to give each worker one, where that is possible.
    """
    groups: dict[tuple[str, str, str], list[tuple[Configuration, Table, Plan]]] = {}
    for job in jobs:
        configuration, table, plan = job
        groups.setdefault((group_key(configuration), table.sha256, plan.sha256), []).append(job)
    costed: list[tuple[float, FleetSpec]] = []
    for (_, table_sha256, plan_sha256), members in groups.items():
        configuration, table, plan = members[0]
        share = -(-len(members) * len(groups) // n_workers) if len(groups) < n_workers else len(members)
        size = min(most_configurations(configuration, table, plan), max(1, share))
        cost = _cost(configuration, table, plan)
        for start in range(0, len(members), size):
            part = tuple(chosen for chosen, _, _ in members[start : start + size])
            costed.append((cost * len(part), FleetSpec(part, table_sha256, plan_sha256)))
    slowest_first = ("pytensor", "torch", "tensorflow", "least_squares")
    costed.sort(key=lambda pair: (slowest_first.index(pair[1].configurations[0].backend.name), -pair[0]))
    return [spec for _, spec in costed]


def most_configurations(configuration: Configuration, table: Table, plan: Plan) -> int:
    """Configurations that fit into one fleet's memory; at least one."""
    n_units = _n_units(plan)
    shape = Shape.of(configuration.model, table.n_features)
    batch = configuration.trainer.batch_size
    rows = table.n_rows if batch == "full" else min(int(batch), table.n_rows)
    if configuration.trainer.goes_to_convergence(configuration.model.depth):
        rows = table.n_features + 2
    cells = 6 * shape.n_parameters + 4 * rows * (shape.n_features + shape.depth * shape.width + 1)
    bytes_per_member = cells * configuration.trainer.precision // 8
    most_members = min(_MOST_MEMBERS, MEMORY_MIB * 2**20 // bytes_per_member)
    return max(1, most_members // n_units)


def _cost(configuration: Configuration, table: Table, plan: Plan) -> float:
    """Multiplications of one epoch, to sort by."""
    return float(_n_units(plan) * table.n_rows * Shape.of(configuration.model, table.n_features).n_parameters)


def _n_units(plan: Plan) -> int:
    return (plan.n_splits + 1) * plan.n_inner * plan.n_seeds
