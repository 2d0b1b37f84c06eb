"""Random search: jobs drawn from Hydra's own grammar of choices, ranges and intervals."""

import math
import random
from collections.abc import Callable, Iterable
from itertools import islice

from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep

from yaynay.errors import OptionError

_DIGITS = 6
"""Significant digits of a drawn number: as many as a run's name shows."""
_MOST_VALUES = 100_000

Draw = Callable[[float], str]
"""A value from a uniform number of [0, 1)."""


def draw(overrides: Iterable[Override], n_trials: int, seed: int) -> list[list[str]]:
    """Draw trials, each key on its own; a longer search begins with the trials of a shorter one.

    A key's draws depend on its name and the seed alone, so other keys may be added without changing them.

    Args:
        overrides: Choices and ranges are drawn from uniformly; so are intervals, or uniformly in the logarithm with
            `tag(log, interval(...))`. An interval of integers, `int(interval(8, 128))`, includes both ends. A key
            given twice has its last values.
        n_trials: Trials to draw.
        seed: Same seed, same trials.

    Returns:
        The overrides of each trial; equal trials once.

    Raises:
        OptionError: No key is swept, or one cannot be drawn from.
    """
    last = {override.get_key_element(): override for override in overrides}
    draws = {key: _make_draw(key, override) for key, override in last.items() if override.is_sweep_override()}
    if not draws:
        raise OptionError(
            "option 'hydra.sweeper.n_trials': no key has several values to draw from; allowed: with a key such as "
            "optimizer.lr='tag(log, interval(1e-4, 1e-1))'; give one, or leave n_trials out"
        )
    fixed = {key: override.get_value_element_as_str() for key, override in last.items() if key not in draws}
    streams = {key: random.Random(f"{seed} {key}") for key in draws}  # noqa: S311 - no secret
    trials = []
    for _ in range(n_trials):
        values = {key: value(streams[key].random()) for key, value in draws.items()}
        trials.append(tuple(f"{key}={values[key] if key in values else fixed[key]}" for key in last))
    return [list(trial) for trial in dict.fromkeys(trials)]


def _make_draw(key: str, override: Override) -> Draw:
    sweep = override.value()
    if isinstance(sweep, IntervalSweep):
        return _make_interval(key, sweep)
    assert isinstance(sweep, (ChoiceSweep, RangeSweep))
    if sweep.shuffle:
        raise OptionError(
            f"option '{key}': shuffle() orders a grid, and a search is random already; allowed: the same values "
            "without it; take it out"
        )
    if sweep.tags:
        raise OptionError(f"option '{key}': tag() is for an interval in a search; allowed: plain values; take it out")
    if isinstance(sweep, ChoiceSweep) and any(isinstance(value, IntervalSweep) for value in sweep.list):
        raise OptionError(f"option '{key}': several intervals; allowed: one for each key; give one that covers them")
    values = list(islice(override.sweep_string_iterator(), _MOST_VALUES + 1))
    if not values:
        raise OptionError(f"option '{key}': no values, nothing matches; allowed: one value or more; give one")
    if len(values) > _MOST_VALUES:
        raise OptionError(
            f"option '{key}': more than {_MOST_VALUES:,} values to draw from; allowed: up to {_MOST_VALUES:,}; "
            "use interval(a, b), or int(interval(a, b))"
        )
    return lambda uniform: values[int(uniform * len(values))]


def _make_interval(key: str, sweep: IntervalSweep) -> Draw:
    low, high, is_log = sweep.start, sweep.end, "log" in sweep.tags
    assert low is not None
    assert high is not None
    given = f"interval({low:g}, {high:g})"
    if sweep.tags - {"log"}:
        raise OptionError(
            f"option '{key}': tag '{min(sweep.tags - {'log'})}' is unknown; allowed: log; take it out, or use "
            "range(start, stop, step) for values at steps"
        )
    if not (math.isfinite(low) and math.isfinite(high)):
        raise OptionError(f"option '{key}': {given} has no end; allowed: finite bounds; give two numbers")
    if low > high:
        raise OptionError(f"option '{key}': {given} has its bounds reversed; allowed: the smaller one first; swap them")
    if is_log and low <= 0:
        raise OptionError(
            f"option '{key}': {given} with tag log; allowed: bounds above 0; raise the lower one, or leave log out"
        )
    if isinstance(low, int) and isinstance(high, int):
        return lambda uniform: str(_whole(uniform, low, high, is_log=is_log))
    return lambda uniform: repr(_real(uniform, low, high, is_log=is_log))


def _real(uniform: float, low: float, high: float, *, is_log: bool) -> float:
    """A number between two, with few digits.

    >>> _real(0.5, 1e-4, 1e-2, is_log=True), _real(1 / 3, 0.0, 1.0, is_log=False)
    (0.001, 0.333333)
    """
    if is_log:
        value = math.exp((1 - uniform) * math.log(low) + uniform * math.log(high))
    else:
        value = (1 - uniform) * low + uniform * high
    return min(max(float(f"{value:.{_DIGITS}g}"), low), high)


def _whole(uniform: float, low: int, high: int, *, is_log: bool) -> int:
    """An integer from `low` to `high`; on a log scale k comes with a probability in proportion to log((k + 1) / k).

    >>> [_whole(uniform, 1, 3, is_log=False) for uniform in (0.0, 0.5, 0.99)]
    [1, 2, 3]
    >>> [_whole(uniform, 1, 127, is_log=True) for uniform in (0.0, 0.5, 0.999999)]
    [1, 11, 127]
    """
    value = low * ((high + 1) / low) ** uniform if is_log else low + uniform * (high + 1 - low)
    return min(max(math.floor(value), low), high)
