"""What the four commands share: Hydra's start, and its errors in one sentence each."""

import difflib
import functools
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import hydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, MissingMandatoryValue, OmegaConfBaseException

from yaynay.cli.checks import Check, CheckTables, check_command_line
from yaynay.cli.project import check_code, conf_folder
from yaynay.errors import OptionError, YaynayError
from yaynay.sweep import SWEEP, SWEEP_OWNER
from yaynay.tracking.owner import owner

_WORDS = """\
Each word is KEY=VALUE; with -m, KEY=VALUE,VALUE runs every combination.
--cfg job shows what a command line would run, --hydra-help lists Hydra's own options.
--debug shows the traceback of an error."""


def run(
    task: Callable[[DictConfig], Any],
    config_name: str,
    check: Check,
    check_tables: CheckTables = list,
    check_store: Check = dict,
    examples: Sequence[str] = (),
) -> None:
    """Compose the configuration from the command line and run a task with it.

    Args:
        task: Called with each job's configuration; from an importable module, so that workers can find it.
        config_name: File in `conf/`.
        check: Called with a configuration before Hydra makes a folder; raises `OptionError`.
        check_tables: As `check`, with a configuration for each table, unless `check_command_line` needs none.
        check_store: As `check`, for what all jobs share; raises `MachineError`.
        examples: Command lines that its help begins with.

    Raises:
        YaynayError: The command line is wrong, or the task raised it.
    """
    if {"--help", "-h"} & set(sys.argv[1:]):
        print("\n".join(f"Example: {example}" for example in examples), _WORDS, sep="\n\n", end="\n\n")
    check_code()
    try:
        _run(task, config_name, (check, check_tables, check_store))
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__  # what a launcher or sweeper of ours said, which Hydra wraps
        raise (cause if isinstance(cause, YaynayError) else OptionError(explain(error))) from error


def _run(task: Callable[[DictConfig], Any], config_name: str, checks: tuple[Check, CheckTables, Check]) -> None:
    check_command_line(conf_folder(), config_name, *checks)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let errors reach `run`
    os.environ[SWEEP] = f"{time.strftime('%Y-%m-%d_%H-%M-%S')}_{secrets.token_hex(4)}"
    os.environ[SWEEP_OWNER] = owner()
    mistakes: list[YaynayError | BrokenPipeError] = []

    @functools.wraps(task)
    def guarded(config: DictConfig) -> Any:
        try:
            return task(config)
        except (YaynayError, BrokenPipeError) as mistake:  # kept from Hydra, which would print more than the one line
            mistakes.append(mistake)
            return None

    hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=config_name)(guarded)()
    if mistakes:
        raise mistakes[0]


def explain(error: Exception) -> str:
    """Hydra's error as one sentence with the key, what is allowed, and the nearest name."""
    message, cause = " ".join(str(error).split()), error.__cause__
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, option = error.missing_cfg_file.rpartition("/")
        if (group, option) == ("dataset", "frame"):
            from yaynay.config.datasets import FRAME_ADVICE

            return FRAME_ADVICE
        options = list(error.options or [])
        return f"option '{group}': '{option}' is unknown; allowed: {', '.join(options)}{_nearest(option, options)}"
    if isinstance(cause, (ConfigAttributeError, ConfigKeyError)) and cause.full_key:
        found = re.search(r"^Could not override '([^']+)'", message)
        return _explain_key(found[1] if found else cause.full_key, cause)
    if found := re.search(r"^Could not override '([^']+)'\. No match in the defaults list", message):
        return f"option '{found[1]}': unknown key for this command; --cfg job lists the keys"
    if isinstance(error, MissingMandatoryValue):
        return f"option '{error.full_key}': no value given; give one with {error.full_key}=..."
    if isinstance(error, OverrideParseException):
        return f"options: '{error.override}' cannot be read; allowed: key=value, such as dataset=engel; {_mend(error)}"
    if found := re.search(r"Ambiguous value for argument '([^'=]+)=", message):  # no exception of its own
        return f"option '{found[1]}': several values; one is allowed without -m; add -m to sweep over them"
    return f"options: {message}"


def _mend(error: OverrideParseException) -> str:
    """What to type instead of an option that Hydra cannot read."""
    from yaynay.config.quoting import requote

    key, equals, value = str(error.override).partition("=")
    is_key = bool(equals and re.fullmatch(r"\+{0,2}[\w./]+", key, re.ASCII))
    return f"quote what is no plain word: {requote(key, value)}" if is_key else "correct it"


def _explain_key(key: str, cause: Any) -> str:
    """An unknown key, with the nearest one of the same command."""
    from yaynay.config.messages import nearest_key
    from yaynay.config.schema import known_keys

    groups = [str(group) for group in cause.parent_node._get_root()]  # of the whole configuration
    mine = [known for known in [*known_keys(), *groups] if known.partition(".")[0] in groups]
    which = "" if key not in known_keys() else " for this table" if key in mine else " for this command"
    nearest = None if which else nearest_key(key, mine)
    advice = f"; did you mean '{nearest}'?" if nearest else ""
    return f"option '{key}': unknown key{which}; --cfg job lists the keys{advice}"


def _nearest(word: str, words: list[str]) -> str:
    nearest = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""
