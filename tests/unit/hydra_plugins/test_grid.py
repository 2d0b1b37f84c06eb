"""A grid has the jobs that Hydra's own sweeper would start, and two grids have those of both."""

from typing import Any

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from hydra_plugins.yaynay_fleet.grid import Asked, expand, read
from yaynay.errors import OptionError


@pytest.mark.parametrize(
    "words",
    [
        ["seed=1"],
        ["seed=1,2,3", "backend=torch,tensorflow", "dataset=engel"],
        ["seed=range(0,3)", "model={depth: 1}", "model.start=[1,2],[3,4]"],
        ["seed=1,2", "seed=5"],
        ["dataset.path='a, b.csv','c d.csv'", "+x=choice(1,2)", "~y"],
    ],
)
def test_jobs_are_hydra_s(words: list[str]) -> None:
    overrides = OverridesParser.create().parse_overrides(words)
    (expected,) = BasicSweeper.split_arguments(overrides, None)
    assert expand(overrides) == expected


@pytest.mark.parametrize("sweep", ["interval(0,1)", "interval(0,1),interval(2,3)"])
def test_an_interval_is_refused_and_the_way_to_a_search_is_said(sweep: str) -> None:
    with pytest.raises(
        OptionError, match=r"option 'optimizer\.lr': an interval has no values .*hydra\.sweeper\.n_trials"
    ):
        expand(OverridesParser.create().parse_overrides([f"optimizer.lr={sweep}"]))


PARAMS = {"dataset": "engel,sine,linear", "backend": "torch", "seed": "1,2"}
ALSO = {"dataset": "engel,sine", "backend": "torch,pytensor"}


def ask(*arguments: str, hydra: tuple[str, ...] = (), **sweeper: Any) -> Asked:
    grids = {"params": OmegaConf.create(PARAMS), "also": OmegaConf.create(ALSO)}  # as Hydra gives them to a sweeper
    return read(OverridesParser.create(), grids | sweeper, arguments, hydra)


def test_two_grids_have_the_jobs_of_both_and_equal_ones_once() -> None:
    jobs = ask("plan.seed=3").jobs()
    first = [
        f"dataset={name} backend=torch seed={seed} plan.seed=3"
        for name in ("engel", "sine", "linear")
        for seed in (1, 2)
    ]
    more = [f"dataset={name} backend=pytensor seed={seed} plan.seed=3" for name in ("engel", "sine") for seed in (1, 2)]
    assert [" ".join(job) for job in jobs] == first + more


def test_the_second_grid_adds_no_table() -> None:
    """A table that was taken off the list of tables is not trained, whatever else names it."""
    jobs = ask(params=OmegaConf.create(PARAMS | {"dataset": "sine,linear"})).jobs()
    assert {job[0] for job in jobs} == {"dataset=sine", "dataset=linear"}
    assert sum("backend=pytensor" in job for job in jobs) == 2


@pytest.mark.parametrize(
    ("arguments", "hydra"),
    [
        (["dataset=sine"], ()),
        (["backend=torch,pytensor"], ()),
        ([], ("hydra.sweeper.params.backend=torch",)),
    ],
)
def test_a_key_of_the_second_grid_that_is_given_otherwise_drops_it(
    arguments: list[str], hydra: tuple[str, ...]
) -> None:
    assert len(ask(*arguments, hydra=hydra).grids) == 1
    assert len(ask("seed=5", hydra=("hydra.sweeper.params.seed=4",)).grids) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_trials": 5}, r"option 'hydra\.sweeper\.also': a search draws from one grid"),
        ({"n_trials": 0}, r"option 'hydra\.sweeper\.n_trials': 0 is not allowed; allowed: whole numbers from 1"),
        ({"n_trials": "many"}, r"option 'hydra\.sweeper\.n_trials': 'many'"),
        ({"n_trials": True}, r"option 'hydra\.sweeper\.n_trials': True"),
        ({"seed": -1}, r"option 'hydra\.sweeper\.seed': -1 is not allowed; allowed: whole numbers from 0"),
    ],
)
def test_an_option_of_the_sweeper_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        ask(**options)
