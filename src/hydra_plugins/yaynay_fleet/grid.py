"""The jobs that a sweep asks for: a grid expanded as Hydra's basic sweeper does, a union of two, or a random search."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override

from hydra_plugins.yaynay_fleet.search import draw
from yaynay.errors import OptionError

_PARAMS = "hydra.sweeper.params."
_TABLE = "dataset="


@dataclass(frozen=True)
class Asked:
    """What a sweep file and a command line ask for.

    Attributes:
        grids: Overrides of the grid, and of the second one where there is one.
        n_trials: How many jobs to draw from the one grid; None takes every combination.
        seed: Of the draws.
    """

    grids: tuple[tuple[Override, ...], ...]
    n_trials: int | None = None
    seed: int = 0

    def jobs(self) -> list[list[str]]:
        """The overrides of each job; equal ones once. The second grid adds no table to those of the first.

        Raises:
            OptionError: A key cannot be expanded, or drawn from.
        """
        if self.n_trials is not None:
            return draw(self.grids[0], self.n_trials, self.seed)
        if len(self.grids) == 1:
            return expand(self.grids[0])
        first, second = map(expand, self.grids)
        tables = {word for job in first for word in job if word.startswith(_TABLE)}
        more = [job for job in second if not tables or any(word in tables for word in job)]
        return [list(job) for job in dict.fromkeys(map(tuple, [*first, *more]))]


def read(
    parser: OverridesParser, sweeper: Mapping[str, Any], arguments: Sequence[str], hydra_arguments: Iterable[str] = ()
) -> Asked:
    """What a sweeper's options and a command line ask for.

    Args:
        parser: Hydra's.
        sweeper: `params` and, of our own sweeper, `also`, `n_trials` and `seed`.
        arguments: The command line's overrides of the configuration.
        hydra_arguments: Its overrides of Hydra's own part.

    Raises:
        OptionError: An option of the sweeper is out of range, or does not go with another.
    """
    params, also = sweeper.get("params") or {}, sweeper.get("also") or {}
    n_trials, seed = sweeper.get("n_trials"), sweeper.get("seed", 0)
    _check_whole("n_trials", n_trials, least=1)
    _check_whole("seed", seed, least=0)
    given = {override.key_or_group for override in parser.parse_overrides(list(arguments))}
    keys = (word.lstrip("+~").partition("=")[0] for word in hydra_arguments)
    given |= {key.removeprefix(_PARAMS) for key in keys if key.startswith(_PARAMS)}
    grids = [params]
    if also and not given & set(also):  # a second grid of other tables is not what a table on the command line asks for
        grids.append({**params, **also})  # Hydra gives its own kind of mapping
    if n_trials is not None and len(grids) > 1:
        raise OptionError(
            "option 'hydra.sweeper.also': a search draws from one grid; allowed: null beside hydra.sweeper.n_trials; "
            "set hydra.sweeper.also=null"
        )
    words = [[*(f"{key}={value}" for key, value in grid.items()), *arguments] for grid in grids]
    return Asked(tuple(tuple(parser.parse_overrides(each)) for each in words), n_trials, seed or 0)


def _check_whole(name: str, value: Any, least: int) -> None:
    if value is not None and (type(value) is not int or value < least):
        raise OptionError(
            f"option 'hydra.sweeper.{name}': {value!r} is not allowed; allowed: whole numbers from {least}; correct it"
        )


def expand(overrides: Iterable[Override]) -> list[list[str]]:
    """Every combination; the last key changes fastest, and a key given twice has its last values.

    Raises:
        OptionError: A key is swept over an interval, which has no values to list.
    """
    choices: dict[str, list[str]] = {}
    for override in overrides:
        key = override.get_key_element()
        if not override.is_sweep_override():
            choices[key] = [f"{key}={override.get_value_element_as_str()}"]
        elif override.is_discrete_sweep() and not _has_intervals(override):
            choices[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
        else:
            raise OptionError(
                f"option '{key}': an interval has no values to list; allowed: a,b,c or range(...); "
                "list them, or set hydra.sweeper.n_trials to draw from it"
            )
    return [list(job) for job in itertools.product(*choices.values())]


def _has_intervals(override: Override) -> bool:
    value = override.value()
    return isinstance(value, ChoiceSweep) and any(isinstance(each, IntervalSweep) for each in value.list)
