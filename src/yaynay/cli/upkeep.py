"""`yaynay ui | sync | verify`: what was kept is shown, written to MLflow, or checked."""

import sys
from pathlib import Path

import click

from yaynay.cli.commands import Command
from yaynay.cli.folders import folder_argument, kept_in
from yaynay.errors import DataError, OptionError


@click.command(cls=Command, examples=["yaynay ui", "yaynay ui ./yaynay --port 5001"])
@folder_argument
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

    with kept_in(folder):
        serve(host, port)


@click.command(cls=Command, examples=["yaynay sync", "yaynay sync --experiment houses"])
@folder_argument
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

    with kept_in(folder):
        n_sweeps = summary.bring(experiment, records or Path("results"), reports)
    print(f"{n_sweeps} sweeps are in MLflow")


@click.command(cls=Command, examples=["yaynay verify", "yaynay verify ./yaynay"])
@folder_argument
def verify(folder: Path | None) -> int:
    """Check tables, folds, records, DVC's cache and MLflow's files against their digests.

    FOLDER holds them: a project, or what yaynay ask wrote. By default it is the project of the working folder, or else
    ./yaynay. The exit code is 3 where something is damaged; each such file is named.
    """
    from yaynay.records.verify import verify as find_damage
    from yaynay.storage import find_root
    from yaynay.tracking import sqlite_store

    with kept_in(folder):
        found = [*find_damage(find_root()), *sqlite_store.verify(find_root())]
    damaged = [(path, reason) for path, reason in found if reason is not None]
    for path, reason in damaged:
        print(f"error: {path}: {reason}", file=sys.stderr)
    print(f"{len(found)} checked, {len(damaged)} damaged")
    return DataError.exit_code if damaged else 0
