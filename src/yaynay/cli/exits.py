"""How a command ends: one clear line and an exit code, whatever ended it. Needs neither Hydra nor NumPy."""

import contextlib
import errno
import gc
import logging
import os
import select
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from yaynay.errors import MachineError, YaynayError, redact

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_UNREAD = 141
"""What a shell reports of a program that SIGPIPE ended."""


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
        from yaynay.processes import end_with_starter

        end_with_starter()  # a stage that outlives DVC would write into the outputs of the next
        with contextlib.suppress(BrokenPipeError):
            print(f"{stage} ...", flush=True)  # `dvc repro -q` says nothing itself
    code = _run(main, is_debug)
    if code in (130, 143):  # it is already ending; another signal would change the exit code
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
    if not _flush() and code == 0:
        code = _UNREAD
    gc.freeze()  # Python looks for garbage before it ends, among millions of objects of libraries for a second
    sys.exit(code)


def _run(main: Callable[[], int], is_debug: bool) -> int:
    """The exit code of a command, with one line for what ended it early."""
    try:
        code = _with_traceback(main) if is_debug else main()
    except YaynayError as error:
        code = _say(error, error.exit_code)
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


def _say(error: BaseException | str, code: int) -> int:
    with contextlib.suppress(BrokenPipeError):  # nobody reads it
        print(f"error: {redact(' '.join(str(error).split()))}", file=sys.stderr)
    return code
