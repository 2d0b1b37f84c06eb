"""`yaynay ui | sync | verify`: what was kept is shown, written to MLflow, or checked."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from yaynay.cli.commands import Command
from yaynay.errors import DataError, OptionError

_ASKED = "yaynay"
"""The folder that `yaynay ask` writes, in the working folder."""
_folder = click.argument("folder", required=False, type=click.Path(path_type=Path))


@contextlib.contextmanager
def _kept_in(folder: Path | None) -> Iterator[None]:
    """Work on what is kept in a folder: the one that is named, the project, or else ./yaynay where `ask` wrote it."""
    from yaynay.storage import find_root, rooted

    root = find_root()
    if folder is None and not (root / "dvc.yaml").is_file() and _is_kept(root / _ASKED) and not _is_kept(root):
        folder = Path(_ASKED)
        print(f"{folder}/: what yaynay ask wrote here", file=sys.stderr)
    if folder is None:
        yield
        return
    if not folder.is_dir():
        raise OptionError(f"{folder}: no such folder; allowed: a project, or what yaynay ask wrote; name one")
    with rooted(folder):
        yield


def _is_kept(folder: Path) -> bool:
    return (folder / "mlflow.db").is_file() or (folder / "records").is_dir()


@click.command(cls=Command, examples=["yaynay ui", "yaynay ui ./yaynay --port 5001"])
@_folder
@click.option(
    "--host", metavar="ADDRESS", default="127.0.0.1", help="Address to listen on (default: this machine alone)."
)
@click.option("--port", metavar="NUMBER", type=int, default=5000, help="Port; 0 picks a free one (default: 5000).")
def ui(folder: Path | None, host: str, port: int) -> None:
    """Show every run in MLflow, in the browser, until Ctrl-C.

    FOLDER holds the runs: a project, or what yaynay ask wrote. By default it is the project of the working folder, or
    else ./yaynay.
    """
    from yaynay.tracking.ui import serve

    with _kept_in(folder):
        serve(host, port)


@click.command(cls=Command, examples=["yaynay sync", "yaynay sync --experiment houses"])
@_folder
@click.option("--experiment", metavar="NAME", default="yaynay", help="MLflow's experiment (default: yaynay).")
@click.option(
    "--reports", metavar="FOLDER", type=click.Path(path_type=Path), help="Write what compare left in this folder."
)
@click.option("--records", metavar="FOLDER", type=click.Path(path_type=Path), help="With --reports: what was compared.")
def sync(folder: Path | None, experiment: str, reports: Path | None, records: Path | None) -> None:
    """Write every sweep of the records to MLflow; what is there stays as it is.

    FOLDER holds the records: a project, or what yaynay ask wrote. By default it is the project of the working folder,
    or else ./yaynay.
    """
    if records is not None and reports is None:
        raise OptionError("option '--records': needs --reports; without it, all of records/ is written; add it")
    from yaynay.sweep import summary

    with _kept_in(folder):
        n_sweeps = summary.bring(experiment, records or Path("results"), reports)
    print(f"{n_sweeps} sweeps are in MLflow")


@click.command(cls=Command, examples=["yaynay verify", "yaynay verify ./yaynay"])
@_folder
def verify(folder: Path | None) -> int:
    """Check tables, folds, records, DVC's cache and MLflow's files against their digests.

    FOLDER holds them: a project, or what yaynay ask wrote. By default it is the project of the working folder, or else
    ./yaynay. The exit code is 3 where something is damaged; each such file is named.
    """
    from yaynay.records.verify import verify as find_damage
    from yaynay.storage import find_root
    from yaynay.tracking import sqlite_store

    with _kept_in(folder):
        found = [*find_damage(find_root()), *sqlite_store.verify(find_root())]
    damaged = [(path, reason) for path, reason in found if reason is not None]
    for path, reason in damaged:
        print(f"error: {path}: {reason}", file=sys.stderr)
    print(f"{len(found)} checked, {len(damaged)} damaged")
    return DataError.exit_code if damaged else 0
