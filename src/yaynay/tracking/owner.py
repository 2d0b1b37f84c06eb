"""Which process a RUNNING run belongs to, so that the run of a process that died can be closed."""

import platform

import psutil

OWNER = "yaynay.owner"
"""Tag that holds a run's owner."""
_TOLERANCE = 2.0
"""Two readings of when the system started may differ by a second [s]; no process id is used again so soon."""


def owner() -> str:
    """This process: host, process id, and when it started; a process id alone is used again."""
    return describe(psutil.Process())


def describe(process: psutil.Process) -> str:
    """A process as `HOST/PID/SECONDS`, its start counted from the system's, so that clock changes do not matter."""
    return f"{platform.node()}/{process.pid}/{process.create_time() - psutil.boot_time():.2f}"


def is_dead(text: str) -> bool:
    """Whether a process that `owner` described has ended; never true of a process on another host."""
    host, _, rest = text.partition("/")
    pid, _, started = rest.partition("/")
    if host != platform.node() or not pid.isdigit():
        return False
    try:
        process = psutil.Process(int(pid))
        is_same = abs(process.create_time() - psutil.boot_time() - float(started)) < _TOLERANCE
        return not is_same or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):  # the system does not say
        return False
