"""A grid is cut into fleets that fit into memory and keep every worker busy."""

import numpy as np
import pytest
from unit.sweep.test_fit import configure

from yaynay.data import prepare
from yaynay.models.network import Shape
from yaynay.sweep.partition import MEMORY_MIB, cut, most_configurations


def jobs(n: int, *overrides: str) -> list:
    found = [configure("dataset=engel", f"seed={seed}", *overrides) for seed in range(n)]
    table, plan = prepare.make(found[0].dataset, found[0].plan)
    return [(configuration, table, plan) for configuration in found]


@pytest.mark.parametrize(("n_workers", "sizes"), [(1, [6]), (2, [3, 3]), (4, [2, 2, 2]), (9, [1] * 6)])
def test_one_group_is_shared_among_the_workers(n_workers: int, sizes: list[int]) -> None:
    grid = jobs(6, "model.depth=1")
    specs = cut(grid, n_workers)
    assert [len(spec.configurations) for spec in specs] == sizes
    assert [configuration for spec in specs for configuration in spec.configurations] == [
        configuration for configuration, _, _ in grid
    ]


def test_configurations_of_two_shapes_or_backends_share_no_fleet_and_the_dearest_starts_first() -> None:
    specs = cut([*jobs(2, "model.depth=1"), *jobs(2, "model.depth=3"), *jobs(1, "backend=least_squares")], 1)
    assert [(spec.configurations[0].model.depth, len(spec.configurations)) for spec in specs[:2]] == [(3, 2), (1, 2)]
    assert specs[2].configurations[0].backend.name == "least_squares"


@pytest.mark.parametrize("width", [8, 512, 4096])
def test_a_fleet_of_several_configurations_stays_within_its_memory(width: int) -> None:
    ((configuration, table, plan),) = jobs(1, "model.depth=2", f"model.width={width}")
    most = most_configurations(configuration, table, plan)
    n_members = most * (plan.n_splits + 1) * plan.n_inner * plan.n_seeds
    n_parameters = Shape(
        table.n_features, 2, width, configuration.model.activation, configuration.model.skip
    ).n_parameters
    weights_and_moments = 3 * n_members * n_parameters * np.dtype(np.float32).itemsize
    assert most == 1 or weights_and_moments <= MEMORY_MIB * 2**20
    assert n_members <= 512 or most == 1
