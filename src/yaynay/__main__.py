"""`python -m yaynay sync | ui | verify`: write records to MLflow, show them, and check them for damage."""

import sys
from pathlib import Path

from yaynay.cli.app import run_and_exit
from yaynay.cli.checks import Parser
from yaynay.errors import DataError, OptionError


def main() -> int:
    """The command line beside the four Hydra commands."""
    parser = Parser(prog="python -m yaynay", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sync = commands.add_parser("sync", help="write every sweep of the records to MLflow")
    sync.add_argument("--experiment", default="yaynay", help="MLflow experiment (default: yaynay)")
    sync.add_argument("--reports", type=Path, help="write what compare left in this folder, instead of concluding anew")
    sync.add_argument("--records", type=Path, help="with --reports: what was compared (default: results)")
    ui = commands.add_parser("ui", help="serve the MLflow UI on loopback")
    ui.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    ui.add_argument("--port", type=int, default=5000, help="port; 0 picks a free one (default: 5000)")
    commands.add_parser("verify", help="check tables, plans, records, DVC's cache and MLflow's files")
    if (options := parser.parse_args()).command == "verify":
        return verify()
    if options.command == "sync":
        return bring(options.experiment, options.records, options.reports)
    from yaynay.tracking.ui import serve

    return serve(options.host, options.port)


def bring(experiment: str, records: Path | None, reports: Path | None) -> int:
    """Write sweeps to MLflow; `OptionError` for `records` without `reports`."""
    if records is not None and reports is None:
        raise OptionError("option '--records': needs --reports; without it, all of records/ is written; add it")
    from yaynay.sweep import summary

    n_sweeps = summary.bring(experiment, records or Path("results"), reports)
    print(f"{n_sweeps} sweeps are in MLflow")
    return 0


def verify() -> int:
    """Name every damaged file; the exit code, 3 where there is one."""
    from yaynay.records.verify import verify as find_damage
    from yaynay.storage import find_root
    from yaynay.tracking import sqlite_store

    n_checked = n_damaged = 0
    for path, reason in (*find_damage(find_root()), *sqlite_store.verify(find_root())):
        n_checked += 1
        if reason is not None:
            n_damaged += 1
            print(f"error: {path}: {reason}", file=sys.stderr)
    print(f"{n_checked} checked, {n_damaged} damaged")
    return DataError.exit_code if n_damaged else 0


if __name__ == "__main__":
    run_and_exit(main)
