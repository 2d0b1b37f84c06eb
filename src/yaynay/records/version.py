"""The version of the numerics: a digest of the modules that shape a fit."""

import ast
import functools
import hashlib
from pathlib import Path

_SHARED = (
    "data/table",
    "models/network",
    "models/units",
    "models/fleet",
    "models/training",
    "models/optimizers",
    "models/scores",
    "models/fitting",
)
_OF_BACKEND = {
    "least_squares": ("data/table", "models/ols", "models/scores", "models/least_squares"),
    "torch": (*_SHARED, "models/backends/base", "models/backends/stacked", "models/backends/lightning"),
    "tensorflow": (*_SHARED, "models/backends/base", "models/backends/tensorflow"),
    "pytensor": (*_SHARED, "models/backends/base", "models/backends/pytensor"),
}


_OF_VERDICT = (
    "models/ols",
    "models/scores",
    "verdict/gate",
    "verdict/effect",
    "verdict/rule",
    "verdict/parity",
    "verdict/conclusion",
    "models/least_squares",
)


def numerics_version(backend: str) -> str:
    """Digest of the code that a backend's fits run through; comments and docstrings do not count.

    A record carries it in its key: change the arithmetic and fits are made anew, change a sentence and they
    are not.
    """
    return _digest(_OF_BACKEND[backend])


def verdict_version() -> str:
    """Digest of the code that a verdict runs through."""
    return _digest(_OF_VERDICT)


@functools.cache
def _digest(modules: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module in modules:
        source = (Path(__file__).parents[1] / f"{module}.py").read_text(encoding="utf-8")
        digest.update(_without_words(source).encode())
    return digest.hexdigest()


def _without_words(source: str) -> str:
    """Code alone, in one spelling.

    >>> _without_words('def f():  # one\\n    "two"\\n    return 3') == _without_words("def f():\\n  return 3")
    True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_words(one)] or [ast.Pass()]  # type: ignore[attr-defined]  # has a body
    return ast.unparse(tree)


def _is_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
