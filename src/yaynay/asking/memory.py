"""What was shown of a question, to show it again at once; nothing heavier than NumPy is imported here."""

import hashlib
import os
from pathlib import Path
from typing import Any

import yaynay
from yaynay.asking.conf import conf_folder
from yaynay.data.names import stem_name
from yaynay.storage import digest, file_digest, read_json, write_json
from yaynay.tracking.address import sqlite_path

ASKED = "asked.json"
_PARTS = ("index.html", "model", ASKED)
"""What a question leaves in its table's folder."""


def table_folder(out: Path, name: str) -> Path:
    """Where page, model and memory of a table are, in a folder that belongs to `ask` alone."""
    return out / "tables" / name


def name_table(out: Path, path: Path) -> str:
    """What the table in a file is called: by its stem, and a digest of its place where another file has that name."""
    name, place = stem_name(path), str(path.absolute())
    try:
        other = read_json(table_folder(out, name) / ASKED)
    except (OSError, ValueError):
        return name
    return name if isinstance(other, dict) and other.get("file") == place else f"{name}-{digest(place)[:6]}"


def make_key(path: Path, out: Path, options: dict[str, Any]) -> str:
    """Digest of a question: its file, where answer and runs go, its options, and the code and settings that answer.

    Raises:
        OSError: The file cannot be read.
    """
    store = os.environ.get("MLFLOW_TRACKING_URI", "")
    return digest([str(path), str(out), options, file_digest(path), store, _code_digest()])


def recall(out: Path, name: str, key: str) -> dict[str, Any] | None:
    """What `remember` kept of a table, if it was asked with this key and all that it left is there."""
    folder, given = table_folder(out, name), os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    store = sqlite_path(given) if given else out / "mlflow.db"
    left = [*(folder / part for part in _PARTS), out / "records" / "runs", *([store] if store else [])]
    try:
        if not all(path.exists() for path in left):
            return None
        memory = read_json(folder / ASKED)
    except (OSError, ValueError):
        return None
    return memory if isinstance(memory, dict) and memory.get("key") == key else None


def remember(folder: Path, key: str, path: Path, memory: dict[str, Any]) -> None:
    """Keep what was shown of a file in a table's folder; without a key it is not shown again."""
    write_json(folder / ASKED, memory | {"key": key, "file": str(path.absolute())})


def _code_digest() -> str:
    """Digest of all of yaynay's files, and of its settings, which a checkout keeps elsewhere."""
    found = hashlib.sha256(yaynay.__version__.encode())
    for folder in (Path(yaynay.__file__).parent, conf_folder()):
        for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".yaml", ".html", ".css")):
            found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()
