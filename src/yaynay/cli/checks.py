"""What a command line may ask of Hydra: checked before Hydra makes a folder or starts a job."""

import argparse
import itertools
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from hydra import initialize_config_dir
from hydra._internal.utils import get_args_parser  # the one list of Hydra's own options
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, RangeSweep
from hydra.errors import MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.yaynay_fleet.grid import Asked, expand, read
from yaynay import extras
from yaynay.cli.conf_files import ENVIRONMENT, HYDRA_KEYS, check_files
from yaynay.cli.pipeline import check_untracked
from yaynay.errors import OptionError, holds_password

MOST_JOBS = 10_000
"""Used where a command's configuration has no `max_jobs`."""

_OUTSIDE = ("config_dir", "config_path", "experimental_rerun")
_EXCLUSIVE = ("run", "multirun", "cfg", "info", "shell_completion", "hydra_help")
_ONE_VALUE = ("results", "max_jobs", "published", "verdict", "tracking")
"""Keys and groups that a command has once, whatever it sweeps over."""
_SHOWS = ("help", "hydra_help", "cfg", "shell_completion", "info")

_CODE = re.compile(r"^[^=]*(?<![^.+~])_target_(?![^.=])|[{,\s'\"]_target_['\"]?\s*:")
"""A key `_target_`, alone or inside a value; a text may hold the word."""


class Parser(argparse.ArgumentParser):
    """A parser that explains a mistake in one line, as everything else here does.

    Raises:
        OptionError: The command line cannot be parsed.
    """

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"options: {message}; --help lists what is allowed; correct it")


Check = Callable[[dict[str, Any]], Any]
CheckTables = Callable[[list[dict[str, Any]]], Any]


def check_command_line(
    folder: Path, config_name: str, check: Check, check_tables: CheckTables, check_store: Check = dict
) -> None:
    """Check the configuration files, the command line, and the whole configuration of a single run.

    Args:
        folder: The configuration files.
        config_name: The command's own.
        check: Raises `OptionError` for a composed configuration that the command cannot use.
        check_tables: Raises `DataError` or `OptionError` for tables that cannot be used; its configurations differ in
            table and `predict_at` alone. There are none where built-in tables are swept and nothing is to be predicted.
        check_store: Raises `MachineError` where the results of the command could not be kept.

    Raises:
        DataError: From `check_tables`.
        MachineError: From `check_store`, or a launcher is not installed.
        OptionError: Something would run code, leave the project or give a secret away, is out of range, or the grid
            is empty or too large.
    """
    options = _parse_options(folder)
    _check_overrides(options.overrides)
    check_files(folder)
    if any(getattr(options, name) for name in _SHOWS):
        return
    mode = RunMode.MULTIRUN if options.multirun else RunMode.RUN
    with initialize_config_dir(str(folder), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
    try:
        config = loader.load_configuration(options.config_name or config_name, options.overrides, mode)
    except ValueError as error:
        raise OptionError(f"options: {error}; allowed: key=value; correct it") from None
    except MissingConfigException as error:
        extras.check_launcher(error.missing_cfg_file or "")
        raise
    _check_folders(config)
    if mode is RunMode.MULTIRUN:
        asked = _check_sweep(config, options.overrides, loader, check)
        chosen = [words for grid in asked.grids for words in _choose_tables(config, grid)]
        check_tables([_values(loader.load_sweep_config(config, words)) for words in chosen])
    else:
        check(_values(config))
        check_tables([_values(config)])
    check_store(_values(config))


def _parse_options(folder: Path) -> argparse.Namespace:
    """Hydra's options and the overrides, as Hydra itself would read them."""
    options = Parser(parents=[get_args_parser()], add_help=False).parse_args()
    if sum(bool(getattr(options, name)) for name in _EXCLUSIVE) > 1:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in _EXCLUSIVE)
        raise OptionError(f"options: more than one of {named}; one at a time is allowed; leave the others out")
    for name in _OUTSIDE:
        if getattr(options, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise OptionError(f"option '{option}': is not allowed; allowed: files in {folder}; put the file there")
    return options


def _check_sweep(config: DictConfig, overrides: list[str], loader: ConfigLoader, check: Check) -> Asked:
    """Check the size of a sweep, and its jobs unless our own launcher does."""
    asked = _parse_sweep(config, overrides, loader)
    _check_size(config, asked)
    if not str(config.hydra.launcher._target_).startswith("hydra_plugins.yaynay"):  # ours checks the grid itself
        for job in asked.jobs():
            check(_values(loader.load_sweep_config(config, job)))
    for override in (override for grid in asked.grids for override in grid):
        if override.is_sweep_override() and override.key_or_group.partition(".")[0] in _ONE_VALUE:
            raise OptionError(
                f"option '{override.key_or_group}': several values; one per command is allowed, for all of its jobs; "
                "run the command once for each"
            )
    return asked


def _choose_tables(config: DictConfig, grid: Sequence[Override]) -> list[list[str]]:
    """Overrides of a grid that choose a table and where to predict, for each choice."""
    chosen = [override for override in grid if override.key_or_group.partition(".")[0] in ("dataset", "predict_at")]
    keys = {override.key_or_group for override in chosen}
    sweeps_tables = any(override.is_sweep_override() for override in chosen if override.key_or_group != "predict_at")
    is_plain = config.get("predict_at") is None and "predict_at" not in keys
    return [] if sweeps_tables and is_plain and _are_built_in(config, chosen) else expand(chosen)


def _are_built_in(config: DictConfig, chosen: Sequence[Override]) -> bool:
    """Whether no table of a sweep is a file of one's own."""
    from yaynay.config.datasets import NAMES

    names = {str(config.dataset.name)} if "dataset" in config else set()
    for override in (override for override in chosen if override.key_or_group == "dataset"):
        swept = override.is_sweep_override()
        names = set(map(str, override.sweep_string_iterator() if swept else [override.value()]))
    return names <= set(NAMES) - {"csv"}


def _values(config: DictConfig) -> dict[str, Any]:
    """The configuration as the command receives it, without Hydra's own part."""
    OmegaConf.set_struct(config, False)
    own = [key for key in map(str, config) if key != "hydra"]
    values: Any = OmegaConf.to_container(OmegaConf.masked_copy(config, own), resolve=True)
    return values


def _parse_sweep(config: DictConfig, overrides: list[str], loader: ConfigLoader) -> Asked:
    """What a sweep file and the command line ask for, as Hydra's sweepers read them."""
    sweeper: Any = OmegaConf.to_container(config.hydra.sweeper, resolve=True)
    if not str(sweeper.get("_target_")).startswith(
        "hydra_plugins.yaynay"
    ):  # the same words may mean other things there
        sweeper = {"params": sweeper.get("params")}
    return read(OverridesParser.create(config_loader=loader), sweeper, overrides, overrides)


def _check_overrides(overrides: list[str]) -> None:
    for override in overrides:
        key = override.partition("=")[0].lstrip("+~")
        name = key if len(key) <= 60 and not holds_password(key) else "override"
        if holds_password(override):
            raise OptionError(
                f"option '{name}': holds a password, which would be written into records; allowed: none on the command "
                "line; set MLFLOW_TRACKING_URI in the environment"
            )
        if _CODE.search(override):
            raise OptionError(f"option '{name}': '_target_' would run code; allowed: names in conf/; leave it out")
        if ENVIRONMENT.search(override):
            raise OptionError(
                f"option '{name}': would copy an environment variable into records; allowed: plain values; write it out"
            )
        is_hydra, below = key.startswith(("hydra.", "hydra/")), key[6:].partition(".")[0].partition("@")[0]
        if key == "hydra" or (is_hydra and below not in HYDRA_KEYS):
            raise OptionError(
                f"option '{name}': cannot be set; allowed: hydra.{', hydra.'.join(HYDRA_KEYS)}; leave it out"
            )
        if key.endswith("()"):
            raise OptionError(f"option '{name}': '()' would run code; leave it out")


def _check_folders(config: DictConfig) -> None:
    """Check that output folders are in the project: they are made anew, and what is in their place is removed."""
    here = Path.cwd().resolve()
    for key in ("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir"):
        folder = OmegaConf.select(config, key, throw_on_resolution_failure=False)
        _check_inside(str(folder), key, here, may_be_root=True)
    for key in ("results", "reports"):
        folder = config.get(key)
        if isinstance(folder, str):
            from yaynay.storage import find_root

            _check_inside(folder, key, find_root().resolve(), may_be_root=False)
            check_untracked(folder, key)


def _check_inside(folder: str, key: str, root: Path, *, may_be_root: bool) -> None:
    resolved = (Path.cwd() / folder).resolve()
    if root not in resolved.parents and not (may_be_root and resolved == root):
        raise OptionError(
            f"option '{key}': {folder!r} is not a folder below {root}; allowed: folders below it; choose one"
        )


def _check_size(config: DictConfig, asked: Asked) -> None:
    """Count a sweep's jobs; a grid is not expanded for it."""
    most = config.get("max_jobs", MOST_JOBS)
    if type(most) is not int or most < 1:
        raise OptionError(f"option 'max_jobs': {most!r} is not allowed; allowed: whole numbers from 1; correct it")
    if asked.n_trials is not None:
        if asked.n_trials > most:
            raise _too_many(f"{asked.n_trials:,} trials (hydra.sweeper.n_trials)", most)
        asked.jobs()  # says which key cannot be drawn from
        return
    for grid in asked.grids:
        _check_grid_size(grid, most)
    if len(asked.grids) > 1 and (n_jobs := len(asked.jobs())) > most:
        raise _too_many(f"{n_jobs:,} jobs (of two grids, hydra.sweeper.params and also)", most)


def _check_grid_size(grid: Sequence[Override], most: int) -> None:
    last = {override.key_or_group: override for override in grid}  # the command line replaces a sweep file's values
    counts = [(key, _count(sweep, most + 1)) for key, sweep in last.items() if sweep.is_discrete_sweep()]
    n_jobs = math.prod(count for _, count in counts)
    if n_jobs == 0:
        empty = next(key for key, count in counts if count == 0)
        raise OptionError(f"option '{empty}': 0 jobs, nothing matches; allowed: one value or more; give one")
    if n_jobs > most:
        factors = " x ".join(f"{key}: {count}{' or more' * (count > most)}" for key, count in counts)
        raise _too_many(f"{n_jobs:,}{' or more' * any(count > most for _, count in counts)} jobs ({factors})", most)


def _too_many(what: str, most: int) -> OptionError:
    return OptionError(f"option 'max_jobs': {what}; allowed: {most:,}; sweep less, or raise max_jobs")


def _count(sweep: Override, most: int) -> int:
    """Values of a sweep, counted up to a limit."""
    value = sweep.value()
    values = value.range() if isinstance(value, RangeSweep) else sweep.sweep_string_iterator()
    return sum(1 for _ in itertools.islice(values, most))
