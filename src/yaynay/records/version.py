"""The version of the numerics: a digest of every module that shapes a fit, found by following its imports.

It is part of a record's key: change the arithmetic and fits are made anew; change a docstring, a picture or the
tracking and they are not.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yaynay.models.backends.base import MODULES

FIT = "yaynay.models.fitting"
"""Every fit runs through this module and what it imports; backends are loaded by name."""
VERDICT = "yaynay.verdict.conclusion"
"""Every verdict runs through this module and what it imports."""

_SOURCE = Path(__file__).parents[2]
"""The folder that holds the package."""
_KNOWN: dict[Any, str] = {}


def numerics_version(backend: str, source: Path = _SOURCE) -> str:
    """Digest of the code that a backend's fits run through; comments and docstrings do not count.

    Args:
        backend: A closed form or a key of `MODULES`.
        source: The folder that holds the package.
    """
    return _digest(fit_entries(backend), source)


def verdict_version(source: Path = _SOURCE) -> str:
    """Digest of the code that a verdict runs through."""
    return _digest((VERDICT,), source)


def fit_entries(backend: str) -> tuple[str, ...]:
    """The modules from which a backend's fits start."""
    return (FIT, f"yaynay.models.backends.{MODULES[backend]}") if backend in MODULES else (FIT,)


def known() -> dict[Any, str]:
    """Versions that this process has found out, for `adopt` in the processes that it starts: it takes a moment."""
    return dict(_KNOWN)


def adopt(versions: dict[Any, str]) -> None:
    """Take over what the process that started this one found out about the same code."""
    _KNOWN.update(versions)


def _digest(entries: tuple[str, ...], source: Path) -> str:
    if (entries, source) not in _KNOWN:
        _KNOWN[entries, source] = _find_digest(entries, source)
    return _KNOWN[entries, source]


def _find_digest(entries: tuple[str, ...], source: Path) -> str:
    digest = hashlib.sha256()
    for path in import_closure(entries, source):
        code = _without_words(path.read_text(encoding="utf-8"))
        digest.update(f"{path.relative_to(source).as_posix()}\n{code}\n".encode())
    return digest.hexdigest()


def import_closure(entries: tuple[str, ...], source: Path = _SOURCE) -> list[Path]:
    """Files of yaynay that are loaded when these modules are used, in order of their path.

    Imports inside functions count; those for type checkers do not.

    Args:
        entries: Dotted names of modules.
        source: The folder that holds the package.
    """
    found: set[Path] = set()
    waiting = list(entries)
    while waiting:
        path = _find(waiting.pop(), source)
        if path is not None and path not in found:
            found.add(path)
            waiting += _imports(path.read_text(encoding="utf-8"))
    return sorted(found)


def _find(module: str, source: Path) -> Path | None:
    """File of a module of yaynay; None for anything else."""
    path = source.joinpath(*module.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if module.startswith("yaynay") and file.is_file()), None)


@functools.cache
def _imports(source: str) -> tuple[str, ...]:
    """Names that code imports, and the packages that they are in; names that are not modules are skipped later.

    yaynay's own `__init__` is left out: it holds only the version number, which shapes no fit.
    """
    dotted: list[str] = []
    for node in _walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            dotted += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            dotted += [f"{node.module}.{alias.name}" for alias in node.names]
    parts = [name.split(".") for name in dotted]
    return tuple({".".join(names[:n]) for names in parts for n in range(2, len(names) + 1)})


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs; what is below `if TYPE_CHECKING:` does not."""
    yield node
    is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    for child in node.orelse if is_for_types else ast.iter_child_nodes(node):  # type: ignore[attr-defined]  # an ast.If
        yield from _walk(child)


@functools.cache
def _without_words(source: str) -> str:
    """Only the code, formatted in one way.

    >>> _without_words('def f():  # one\\n    "two"\\n    return 3') == _without_words("def f():\\n  return 3")
    True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [child for child in body if not _is_words(child)] or [ast.Pass()]  # type: ignore[attr-defined]  # has a body
    return ast.unparse(tree)


def _is_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
