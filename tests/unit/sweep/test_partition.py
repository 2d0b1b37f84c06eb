"""A grid is cut into fleets that fit into memory and keep every worker busy; halved ones by the sweep alone."""

import numpy as np
import pytest
from unit.sweep.test_fit import configure

from yaynay.data import prepare
from yaynay.models.network import Shape
from yaynay.records.record import record_key
from yaynay.sweep.partition import MEMORY_MIB, cut, find_companions, halved_together, most_configurations


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


def test_workers_begin_with_different_shapes() -> None:
    """Two that began with one shape would compile the same program twice."""
    grid = [*jobs(60, "model.depth=3"), *jobs(1, "model.depth=1"), *jobs(1, "model.depth=2")]
    depths = [spec.configurations[0].model.depth for spec in cut(grid, 2)]
    assert depths[:3] == [3, 2, 1]
    assert set(depths[3:]) == {3}


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


def halved_jobs(n: int, *overrides: str) -> list:
    """Jobs of one shape that differ in their learning rate; of hidden layers, they are halved."""
    ((configuration, table, plan),) = jobs(1, "model.depth=1", "trainer.halving=3", *overrides)
    rates = [configuration.optimizer.model_copy(update={"lr": 1e-3 * (1 + i)}) for i in range(n)]
    return [(configuration.model_copy(update={"optimizer": each}), table, plan) for each in rates]


@pytest.mark.parametrize("n_workers", [1, 2, 7])
def test_what_is_halved_together_depends_on_the_sweep_alone(n_workers: int) -> None:
    grid = halved_jobs(70)
    size = halved_together(*grid[0])
    assert 30 <= size <= 64
    expected = [tuple(job[0] for job in grid[start : start + size]) for start in range(0, 70, size)]
    assert sorted(map(repr, (spec.configurations for spec in cut(grid, n_workers)))) == sorted(map(repr, expected))
    companions = find_companions(grid)
    assert [companions.index(each) // size * size for each in companions] == [i // size * size for i in range(70)]


def test_a_fleet_leaves_the_records_that_its_jobs_look_for_whichever_groups_are_missing() -> None:
    grid = halved_jobs(70)
    size, companions = halved_together(*grid[0]), find_companions(grid)
    wanted = [record_key(*job, each) for job, each in zip(grid, companions, strict=True)]
    for part in (slice(None), slice(size, None), slice(2 * size, None)):
        found = [key for spec in cut(grid[part], 2) for key in spec.keys(*grid[0][1:])]
        assert sorted(found) == sorted(wanted[part])


def test_a_key_names_its_companions_and_a_job_alone_or_without_halving_has_none() -> None:
    few, more = halved_jobs(2), halved_jobs(3)
    assert len({find_companions(grid)[0] for grid in (few, more)}) == 2
    assert find_companions(halved_jobs(1)) == find_companions(jobs(1, "model.depth=1")) == [""]
    assert find_companions(jobs(3, "model.depth=1")) == [""] * 3


@pytest.mark.parametrize("line", ["model.depth=0", "backend=least_squares", "backend=ridge"])
def test_one_more_learning_rate_in_a_halved_grid_trains_no_line_again(line: str) -> None:
    few, more = halved_jobs(3, line), halved_jobs(4, line)
    assert find_companions(more) == [""] * 4
    keys = [{key for spec in cut(grid, 1) for key in spec.keys(*grid[0][1:])} for grid in (few, more)]
    assert keys[0] <= keys[1]
    (spec,) = cut(more, 1)
    assert len(spec.singles()) == 4


def test_lines_that_are_told_not_to_converge_are_halved() -> None:
    assert all(find_companions(halved_jobs(2, "model.depth=0", "trainer.early_stopping=false")))


def test_a_job_that_comes_twice_is_one_of_its_group() -> None:
    once = halved_jobs(3)
    assert find_companions([*once, once[1]]) == [find_companions(once)[0]] * 4


def test_other_shapes_are_other_groups() -> None:
    shallow = halved_jobs(2)
    deep = [
        (job.model_copy(update={"model": job.model.model_copy(update={"depth": 2})}), *data) for job, *data in shallow
    ]
    mixed = [shallow[0], deep[0], shallow[1], deep[1]]
    assert find_companions(mixed)[0::2] == find_companions(shallow)
    assert find_companions(mixed)[1::2] == find_companions(deep)


def test_what_is_halved_together_fails_together_and_nothing_else_does() -> None:
    (halved,) = cut(halved_jobs(3), 1)
    assert halved.singles() == [halved]
    (plain,) = cut(jobs(3, "model.depth=1"), 1)
    assert [len(single.configurations) for single in plain.singles()] == [1, 1, 1]
