"""Where a run came from: time, machine, versions and commit; everything that differs when it is run again."""

import functools
import importlib.metadata
import platform
import subprocess
from pathlib import Path
from typing import Any

from yaynay.records.version import numerics_version

_PACKAGES = (
    "yaynay",
    "numpy",
    "pandas",
    "scipy",
    "hydra-core",
    "mlflow",
    "pytorch-lightning",
    "safetensors",
    "torch",
)
_FRAMEWORKS = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "pytensor": ("pytensor", "numba")}


def run_facts(backend: str, started_at: float, fit_seconds: float, device: str) -> dict[str, Any]:
    """Facts of one run.

    Args:
        backend: Whose versions to note beside those that every run uses.
        started_at: [seconds since 1970]
        fit_seconds: Wall time of the fit; a fused fit is shared equally [s].
        device: What it ran on.
    """
    return {
        "started_at": started_at,
        "fit_seconds": fit_seconds,
        "device": device,
        "python": platform.python_version(),
        "processor": processor(),
        "versions": {
            name: version for name in (*_PACKAGES, *_FRAMEWORKS.get(backend, ())) if (version := _version(name))
        },
        "numerics": numerics_version(backend)[:16],
        **git_state(),
    }


@functools.cache
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


@functools.cache
def processor() -> str:
    """The processor's model, as the system names it: arithmetic rounds differently on another one."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


@functools.cache
def git_state() -> dict[str, Any]:
    """Commit of the working folder and whether the tree has changes; nulls outside git."""
    status = _ask_git("status", "--porcelain")
    return {
        "git_commit": _ask_git("rev-parse", "HEAD"),
        "git_dirty": None if status is None else bool(status),
    }


def _ask_git(*words: str) -> str | None:
    command = ["git", *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return None
