"""The jobs of a grid, expanded as Hydra's basic sweeper does."""

import itertools
from collections.abc import Iterable

from hydra.core.override_parser.types import Override

from yaynay.errors import OptionError


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
        elif override.is_discrete_sweep():
            choices[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
        else:
            raise OptionError(
                f"option '{key}': an interval has no values to list; allowed: a,b,c or range(...); list them"
            )
    return [list(job) for job in itertools.product(*choices.values())]
