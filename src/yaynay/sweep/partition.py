"""Cut a grid into fleets: configurations of one shape on one table and plan, bounded in memory.

Where configurations are halved (`is_halved`) those of a fleet decide how long each of them trains. So such fleets are
cut from the sweep alone, whatever the number of workers is and whatever has a record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from yaynay.config.schema import CLOSED_FORMS, Configuration
from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models.network import Shape
from yaynay.records.record import companions_digest, record_key
from yaynay.sweep.fit import group_key

MEMORY_MIB = 256
"""What the weights, moments and activations of one fleet may take [MiB]."""
_MOST_MEMBERS = 512
"""A larger fleet saves no more overhead and leaves the processor's cache."""
_MOST_HALVED = 32
"""Configurations that are halved together; more are neither faster nor better (docs/decisions/0015)."""
_HALVED_MIB = 1024
"""As MEMORY_MIB, of a fleet in which all but the best leave soon [MiB]."""

Cell = tuple[Configuration, Table, Plan]


@dataclass(frozen=True)
class FleetSpec:
    """Configurations that train as one fleet, and the digests of their table and plan."""

    configurations: tuple[Configuration, ...]
    table_sha256: str
    plan_sha256: str

    def keys(self, table: Table, plan: Plan) -> list[str]:
        """Keys of the records that it leaves."""
        companions = companions_digest(self.configurations)
        return [record_key(configuration, table, plan, companions) for configuration in self.configurations]

    def singles(self) -> "list[FleetSpec]":
        """The fleet cut into one per configuration; whole where its configurations depend on each other."""
        if companions_digest(self.configurations):
            return [self]
        return [replace(self, configurations=(configuration,)) for configuration in self.configurations]


def find_companions(jobs: Sequence[Cell]) -> list[str]:
    """For each job of a sweep the digest of those that it is halved among (`companions_digest`)."""
    digests = [""] * len(jobs)
    for numbers in _group(jobs):
        configuration, table, plan = jobs[numbers[0]]
        if not configuration.is_halved:
            continue
        names = [record_key(*jobs[number]) for number in numbers]
        distinct = {name: jobs[number][0] for name, number in zip(names, numbers, strict=True)}
        size, order = halved_together(configuration, table, plan), list(distinct)
        parts = [order[start : start + size] for start in range(0, len(order), size)]
        digest_of = {name: companions_digest([distinct[each] for each in part]) for part in parts for name in part}
        for name, number in zip(names, numbers, strict=True):
            digests[number] = digest_of[name]
    return digests


def _group(jobs: Sequence[Cell]) -> list[list[int]]:
    """Numbers of the jobs of each shape, table and plan, in their order."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for number, (configuration, table, plan) in enumerate(jobs):
        groups.setdefault((group_key(configuration), table.sha256, plan.sha256), []).append(number)
    return list(groups.values())


def cut(jobs: Sequence[Cell], n_workers: int) -> list[FleetSpec]:
    """Fleets of a grid: by backend, so that a worker loads one backend after another, the most expensive first.

    One fleet of each shape comes before all others of its backend, so that no two workers compile the same program.

    Args:
        jobs: Configurations with their data. Those that are halved together are all there or none, so that they are
            cut as the whole sweep was.
        n_workers: Fleets are made small enough to give each worker one, where that is possible.
    """
    groups = _group(jobs)
    costed: list[tuple[float, FleetSpec]] = []
    for members in groups:
        configuration, table, plan = jobs[members[0]]
        if not configuration.is_halved:
            share = -(-len(members) * len(groups) // n_workers) if len(groups) < n_workers else len(members)
            size = min(most_configurations(configuration, table, plan), max(1, share))
        else:
            size = halved_together(configuration, table, plan)
        cost = _cost(configuration, table, plan)
        for start in range(0, len(members), size):
            part = tuple(jobs[number][0] for number in members[start : start + size])
            costed.append((cost * len(part), FleetSpec(part, table.sha256, plan.sha256)))
    slowest_first = ("pytensor", "torch", "tensorflow", *CLOSED_FORMS)
    costed.sort(key=lambda pair: -pair[0])
    shapes: set[str] = set()
    ranked: list[tuple[int, bool, FleetSpec]] = []
    for _, spec in costed:
        first, shape = spec.configurations[0], group_key(spec.configurations[0])
        ranked.append((slowest_first.index(first.backend.name), shape in shapes, spec))
        shapes.add(shape)
    return [spec for *_, spec in sorted(ranked, key=lambda each: each[:2])]


def most_configurations(configuration: Configuration, table: Table, plan: Plan) -> int:
    """Configurations that fit into one fleet's memory; at least one."""
    return _fit_into(configuration, table, plan, MEMORY_MIB, _MOST_MEMBERS // _n_units(plan))


def halved_together(configuration: Configuration, table: Table, plan: Plan) -> int:
    """Configurations of a group in which all but the best leave; at least one."""
    return _fit_into(configuration, table, plan, _HALVED_MIB, _MOST_HALVED)


def _fit_into(configuration: Configuration, table: Table, plan: Plan, memory_mib: int, most: int) -> int:
    shape = Shape.of(configuration.model, table.n_features)
    batch = configuration.trainer.batch_size
    rows = table.n_rows if batch == "full" else min(int(batch), table.n_rows)
    if configuration.trainer.goes_to_convergence(configuration.model.depth):
        rows = table.n_features + 2
    cells = 6 * shape.n_parameters + 4 * rows * (shape.n_features + shape.depth * shape.width + 1)
    bytes_per_member = cells * configuration.trainer.precision // 8
    return max(1, min(most, memory_mib * 2**20 // bytes_per_member // _n_units(plan)))


def _cost(configuration: Configuration, table: Table, plan: Plan) -> float:
    """Multiplications of one epoch, to sort by."""
    return float(_n_units(plan) * table.n_rows * Shape.of(configuration.model, table.n_features).n_parameters)


def _n_units(plan: Plan) -> int:
    return (plan.n_splits + 1) * plan.n_inner * plan.n_seeds
