"""Folders of a store: written aside with checksums, and read with an error that a user can fix."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yaynay.errors import DataError
from yaynay.storage import CHECKSUMS, file_digest, replacing, write_json


@contextmanager
def with_checksums(path: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `path` at the end, with the digest of each of its files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as aside:
        aside.mkdir()
        yield aside
        write_json(aside / CHECKSUMS, {file.name: file_digest(file) for file in aside.iterdir()})


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn a missing or damaged file into an error that a user can fix."""
    try:
        yield
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: not a readable record ({error}); remove it and train again") from error
