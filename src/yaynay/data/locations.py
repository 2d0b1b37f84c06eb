"""Where a table's file is, and what a path names that is no file."""

import difflib
import re
from pathlib import Path

from yaynay.config.quoting import override
from yaynay.errors import DataError, redact

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://?(?=[^/]|/[^/]|//)")


def check_file(path: str | Path, start: Path | None = None) -> Path:
    """The path of a file that exists.

    Args:
        path: As it was typed.
        start: The folder at which a relative path starts; None for the current one.

    Raises:
        DataError: It is an address, a folder, a device, or not there; the message says what is near.
    """
    if (found := _ADDRESS.match(str(path))) and not Path(path).exists():
        raise _refuse_address(str(path), found[1].lower())
    whole = Path(path) if start is None else start / path
    try:
        if whole.is_file():
            return whole
        is_folder, is_there = whole.is_dir(), whole.exists()
        files = sorted(_files(whole if is_folder else whole.parent))
    except OSError as error:
        raise DataError(
            f"{whole}: cannot be reached ({error.strerror}); a file that you may read is needed; copy it, or change "
            "its permissions"
        ) from error
    if is_folder:
        advice = (
            f"use one of them, such as {_give(Path(path) / files[0])}" if files else "choose another (dataset.path)"
        )
        raise DataError(f"{whole}: is a folder with {len(files)} files in it; a file is needed; {advice}")
    if is_there:
        raise DataError(
            f"{whole}: is a device or a pipe; a file is needed, because a table is read more than once; save what "
            "comes from it as a file, and use that (dataset.path)"
        )
    raise DataError(f"{whole}: no such file; {_find_near(Path(path), whole, files)}")


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _give(path: Path) -> str:
    return override("dataset.path", str(path))


def _find_near(path: Path, whole: Path, files: list[str]) -> str:
    """What to do about a file that is not there."""
    if whole.is_symlink():
        return f"it is a link to {whole.readlink()}, which is not there; link it anew, or use another (dataset.path)"
    if path.parts[:1] == ("~",):
        return f"~ stands for nothing here; use {_give(path.expanduser())}"
    if not path.is_absolute() and whole != path and path.is_file():
        folder = whole.parents[len(path.parts) - 1]
        return f"a relative path starts at {folder}, and the file is in the current folder; use {_give(path.resolve())}"
    folded = {name.casefold(): name for name in files}
    if nearest := difflib.get_close_matches(path.name.casefold(), folded, n=1):
        return f"{whole.parent} holds one that is nearly called so; use {_give(path.with_name(folded[nearest[0]]))}"
    return "give the path of a table (dataset.path)"


def _refuse_address(address: str, scheme: str) -> DataError:
    shown = redact(re.sub(r":/+", "://" + "/" * (scheme == "file"), address, count=1))  # Path made one slash of two
    if scheme == "file":
        return DataError(f"{shown}: is an address; a path is needed; leave out {shown[:7]} (dataset.path)")
    is_web = scheme in ("http", "https", "ftp")
    way = "such as curl -O" if is_web else "with the tool of its storage"
    return DataError(f"{shown}: is an address; a file on this machine is needed; download it, {way}, and use that file")
