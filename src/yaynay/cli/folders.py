"""The folder that a command works on: a project, or what `yaynay ask` wrote."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from yaynay.errors import OptionError

_ASKED = "yaynay"
"""The folder that `yaynay ask` writes, in the working folder."""
folder_argument = click.argument("folder", required=False, type=click.Path(path_type=Path))


@contextlib.contextmanager
def kept_in(folder: Path | None) -> Iterator[None]:
    """Work on what is kept in a folder: the one that is named, the project, or else ./yaynay where `ask` wrote it."""
    from yaynay.storage import find_root, rooted

    root = find_root()
    if folder is None and not (root / "dvc.yaml").is_file() and _is_kept(root / _ASKED) and not _is_kept(root):
        folder = Path(_ASKED)
        print(f"{folder}/: what yaynay ask wrote here", file=sys.stderr)
    if folder is None:
        yield
        return
    if not (_is_kept(folder) or (folder / "dvc.yaml").is_file()):
        what = "holds no runs" if folder.is_dir() else "no such folder"
        raise OptionError(f"{folder}: {what}; allowed: a project, or the folder that yaynay ask wrote; name one")
    with rooted(folder):
        yield


def _is_kept(folder: Path) -> bool:
    return (folder / "mlflow.db").is_file() or (folder / "records").is_dir()
