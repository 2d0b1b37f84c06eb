"""What the four commands share: Hydra's start, and one clear line and exit code for a mistake."""

import contextlib
import difflib
import errno
import functools
import logging
import os
import re
import secrets
import select
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    # before NumPy starts: products here are small and many, and cores are used by processes
    os.environ.setdefault(_name, "1")

import hydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, MissingMandatoryValue, OmegaConfBaseException

from yaynay.cli.checks import Check, CheckTables, check_command_line
from yaynay.cli.project import check_code, conf_folder
from yaynay.errors import MachineError, OptionError, YaynayError, redact
from yaynay.processes import end_with_starter
from yaynay.sweep import SWEEP, SWEEP_OWNER
from yaynay.tracking.owner import owner

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_UNREAD = 141
"""What a shell reports of a program that SIGPIPE ended."""


def run(
    task: Callable[[DictConfig], Any],
    config_name: str,
    check: Check,
    check_tables: CheckTables = list,
    check_store: Check = dict,
) -> None:
    """Compose the configuration from the command line and run a task with it.

    Args:
        task: Called with each job's configuration; from an importable module, so that workers can find it.
        config_name: File in `conf/`.
        check: Called with a configuration before Hydra makes a folder; raises `OptionError`.
        check_tables: As `check`, with a configuration for each table, unless `check_command_line` needs none.
        check_store: As `check`, for what all jobs share; raises `MachineError`.

    Raises:
        YaynayError: The command line is wrong, or the task raised it.
    """
    check_command_line(conf_folder(), config_name, check, check_tables, check_store)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let errors reach `run_and_exit`
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


def run_and_exit(main: Callable[[], int]) -> None:
    """Run a command and exit with its exit code; a bug gets one line, and a traceback with --debug."""
    is_debug = "--debug" in sys.argv
    if is_debug:
        sys.argv.remove("--debug")
        logging.getLogger("yaynay").setLevel(logging.DEBUG)  # why a training failed, too
    if not sys.warnoptions:  # libraries' warnings are for developers, who ask with -W
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"  # workers too
    _listen()
    if stage := os.environ.get("DVC_STAGE"):
        end_with_starter()  # a stage that outlives DVC would write into the outputs of the next
        with contextlib.suppress(BrokenPipeError):
            print(f"{stage} ...", flush=True)  # `dvc repro -q` says nothing itself
    code = _run(main, is_debug)
    if code in (130, 143):  # it is already ending; another signal would change the exit code
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
    if not _flush() and code == 0:
        code = _UNREAD
    sys.exit(code)


def _run(main: Callable[[], int], is_debug: bool) -> int:
    """The exit code of a command, with one line for what ended it early."""
    try:
        check_code()
        code = _with_traceback(main) if is_debug else main()
    except YaynayError as error:
        code = _say(error, error.exit_code)
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__  # what a launcher or sweeper of ours said, which Hydra wraps
        known = cause if isinstance(cause, YaynayError) else OptionError(explain(error))
        code = _say(known, known.exit_code)
    except OSError as error:
        is_unread = isinstance(error, BrokenPipeError) and _has_lost_reader()
        code = _UNREAD if is_unread else _say(explain_os(error), MachineError.exit_code)
    except SystemExit as end:  # of --help
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        exec("")  # noqa: S102 - Python keeps in mind that a library's exec() was interrupted, and would end by the signal
        code = 130
    except _TerminatedError:
        code = 143
    except Exception as error:  # one line as well, and the way to its traceback
        code = _say(
            f"{type(error).__name__}: {error}; this is a bug in yaynay; run again with --debug and report it", 1
        )
    return code


def _flush() -> bool:
    """Write what is left to print; whether somebody reads it. If not, as after `| head`, it goes to nowhere."""
    is_read = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # Python flushes again when it ends
            is_read = False
    return is_read


def _has_lost_reader() -> bool:
    """Whether nobody reads what this process prints; any other broken pipe is a fault."""
    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    for stream in (sys.stdout, sys.stderr):
        poll.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _listen() -> None:
    """React to signals whatever the parent process does: a shell's background job starts with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _with_traceback(main: Callable[[], int]) -> int:
    try:
        return main()
    except Exception:
        traceback.print_exc()
        raise


class _TerminatedError(BaseException):
    """SIGTERM; not a SystemExit, which libraries raise too, and which fails only a job."""


def _terminate(*_: object) -> None:
    raise _TerminatedError


def explain_os(error: OSError) -> str:
    """What the system refused, with its path, and the free space where that is the cause.

    >>> explain_os(PermissionError(13, "Permission denied", "records"))
    'records: Permission denied; a writable folder is needed; choose another, or change its permissions'
    """
    path = error.filename or Path.cwd()
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(Path.cwd()).free
        return f"{path}: {reason}, {free / 2**20:.0f} MiB free; free some and run the same command again"
    return f"{path}: {reason}; a writable folder is needed; choose another, or change its permissions"


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


def _say(error: BaseException | str, code: int) -> int:
    with contextlib.suppress(BrokenPipeError):  # nobody reads it
        print(f"error: {redact(' '.join(str(error).split()))}", file=sys.stderr)
    return code
