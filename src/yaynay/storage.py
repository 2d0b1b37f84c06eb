"""Files of a project: where they are, how they are replaced, and formats that run no code when read."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yaynay.errors import DataError

Arrays = dict[str, NDArray]

CHECKSUMS = "digests.json"
"""SHA-256 of each file beside it, for `python -m yaynay verify`."""


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def digest(value: Any) -> str:
    """SHA-256 of a JSON value in canonical form.

    >>> digest({"b": 1, "a": 2.0}) == digest({"a": 2.0, "b": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


_rooted: list[Path] = []


@contextmanager
def rooted(folder: Path) -> Iterator[None]:
    """Keep records and runs in this folder, in all threads of this process, whatever project the working folder is in.

    Args:
        folder: Made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _rooted.append(folder.absolute())
    try:
        yield
    finally:
        _rooted.pop()


def find_root() -> Path:
    """The project that holds the working folder (the nearest folder upwards with a dvc.yaml), or else that folder.

    Within `rooted` it is the folder given there.
    """
    if _rooted:
        return _rooted[-1]
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dvc.yaml").is_file():
            return folder
    return here


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path at which to write a file or folder, which becomes `path` at the end, whole or not at all.

    A folder never replaces an existing one: the first stays.

    Raises:
        OSError: It cannot be moved into place.
    """
    with tempfile.TemporaryDirectory(prefix=".part-", dir=path.parent, ignore_cleanup_errors=True) as folder:
        aside = Path(folder) / path.name
        yield aside
        try:
            os.replace(aside, path)
        except OSError:
            if not (aside.is_dir() and path.is_dir()):
                raise


def write_json(path: Path, value: Any) -> None:
    """Write sorted, indented JSON.

    Raises:
        ValueError: A number is not finite.
    """
    with replacing(path) as aside:
        aside.write_text(json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_with_digest(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object with the digest of its content in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, content | {"sha256": digest(content)})


def read_with_digest(path: Path) -> dict[str, Any]:
    """Read what `write_with_digest` wrote.

    Raises:
        DataError: The file is missing, or is not as it was written.
    """
    try:
        content = dict(read_json(path))
        stated = content.pop("sha256")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: not readable ({error}); remove it and run the same command again") from error
    if stated != digest(content):
        raise DataError(f"{path}: does not match its SHA-256; remove it and run the same command again")
    return content


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write arrays as safetensors, a format that runs no code when read."""
    from safetensors.numpy import save

    path.write_bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def read_arrays(path: Path) -> Arrays:
    """Read what `write_arrays` wrote.

    Raises:
        ValueError: The file is not valid safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
