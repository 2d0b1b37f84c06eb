"""What was shown of a question, to show it again at once; nothing heavy is imported here."""

import hashlib
import os
from pathlib import Path
from typing import Any

import yaynay
from yaynay.storage import digest, file_digest, read_json, write_json

_FILE = "asked.json"
_PARTS = ("index.html", "model", _FILE)
"""What a question leaves in its table's folder."""


def make_key(path: Path, options: dict[str, Any]) -> str:
    """Digest of a question: the content of its file, its options, where its runs go, and the code that answers.

    Raises:
        OSError: The file cannot be read.
    """
    return digest([str(path), options, file_digest(path), os.environ.get("MLFLOW_TRACKING_URI", ""), _code_digest()])


def recall(folder: Path, key: str) -> dict[str, Any] | None:
    """What `remember` kept in a table's folder, if it was asked with this key and all that it left is there."""
    if not all((folder / name).exists() for name in _PARTS):
        return None
    try:
        memory = read_json(folder / _FILE)
    except (OSError, ValueError):
        return None
    return memory if isinstance(memory, dict) and memory.get("key") == key else None


def remember(folder: Path, key: str, memory: dict[str, Any]) -> None:
    """Keep what was shown, once everything else is written."""
    write_json(folder / _FILE, memory | {"key": key})


def _code_digest() -> str:
    """Digest of all of yaynay's files."""
    source = Path(yaynay.__file__).parent
    found = hashlib.sha256(yaynay.__version__.encode())
    for path in sorted(path for path in source.rglob("*") if path.suffix in (".py", ".yaml", ".html", ".css")):
        found.update(path.relative_to(source).as_posix().encode() + path.read_bytes())
    return found.hexdigest()
