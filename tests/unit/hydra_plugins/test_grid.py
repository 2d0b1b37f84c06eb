"""A grid has the jobs that Hydra's own sweeper would start."""

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser

from hydra_plugins.yaynay_fleet.grid import expand
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


def test_an_interval_is_refused() -> None:
    with pytest.raises(OptionError, match=r"option 'optimizer\.lr': an interval has no values to list"):
        expand(OverridesParser.create().parse_overrides(["optimizer.lr=interval(0,1)"]))
