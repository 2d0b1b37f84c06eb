"""On PYTHONPATH, makes the packages that ABSENT names look as if they were not installed."""

import os
import pkgutil
from collections.abc import Iterator
from importlib.machinery import FileFinder, ModuleSpec
from typing import Any

_ABSENT = tuple(os.environ["ABSENT"].split(","))
_find, _iterate = FileFinder.find_spec, pkgutil.iter_modules


def _find_spec(self: FileFinder, name: str, *others: Any) -> ModuleSpec | None:
    return None if name in _ABSENT else _find(self, name, *others)


def _iter_modules(path: Any = None, prefix: str = "") -> Iterator[pkgutil.ModuleInfo]:
    return (module for module in _iterate(path, prefix) if module.name not in _ABSENT)


FileFinder.find_spec = _find_spec  # type: ignore[method-assign, assignment]
pkgutil.iter_modules = _iter_modules  # type: ignore[assignment]
