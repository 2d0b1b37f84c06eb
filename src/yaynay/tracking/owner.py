"""Which process a RUNNING run belongs to, so that the run of a process that died can be closed."""

import os
import platform
from pathlib import Path

OWNER = "yaynay.owner"
"""Tag that holds a run's owner."""


def owner() -> str:
    """This process: host, boot, process id and start time; a process id alone is used again."""
    return _describe(os.getpid())


def is_dead(text: str) -> bool:
    """Whether a process that `owner` described has ended; never true of a process on another host."""
    host, _, rest = text.partition("/")
    pid = rest.split("/")[1] if rest.count("/") == 2 else ""
    if host != platform.node() or not pid.isdigit():
        return False
    return _describe(int(pid)) != text


def _describe(pid: int) -> str:
    return f"{platform.node()}/{_boot()}/{pid}/{_started(pid)}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # not Linux
        return "?"


def _started(pid: int) -> str:
    """Start time in clock ticks since boot, "?" where the system does not say, "gone" without a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except OSError:  # it is there, and is somebody else's
        pass
    return "?"
