"""`python -m yaynay add | sync | ui | verify`: add a table, write records to MLflow, show them, check for damage."""

import sys
from pathlib import Path

from yaynay.cli.app import run_and_exit
from yaynay.cli.checks import Parser
from yaynay.cli.own_table import add, add_arguments, parse_words
from yaynay.errors import DataError, OptionError


def main() -> int:
    """The command line beside the four Hydra commands."""
    parser = Parser(prog="python -m yaynay", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    add_arguments(commands.add_parser("add", help="put a table of your own into the pipeline"))
    sync = commands.add_parser("sync", help="write every sweep of the records to MLflow")
    sync.add_argument("--experiment", default="yaynay", help="MLflow experiment (default: yaynay)")
    sync.add_argument("--reports", type=Path, help="write what compare left in this folder, instead of concluding anew")
    sync.add_argument("--records", type=Path, help="with --reports: what was compared (default: results)")
    ui = commands.add_parser("ui", help="serve the MLflow UI on loopback")
    ui.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    ui.add_argument("--port", type=int, default=5000, help="port; 0 picks a free one (default: 5000)")
    commands.add_parser("verify", help="check tables, plans, records, DVC's cache and MLflow's files")
    if (options := parser.parse_args()).command in ("add", "verify"):
        is_add = options.command == "add"
        return add(options.file, options.target, options.table, parse_words(options.options)) if is_add else verify()
    if options.command == "sync":
        if options.records is not None and options.reports is None:
            raise OptionError("option '--records': needs --reports; without it, all of records/ is written; add it")
        from yaynay.sweep import summary

        print(summary.bring(options.experiment, options.records or Path("results"), options.reports), "sweeps written")
        return 0
    from yaynay.tracking.ui import serve

    return serve(options.host, options.port)


def verify() -> int:
    """Name every damaged file; the exit code, 3 where there is one."""
    from yaynay.records.verify import verify as find_damage
    from yaynay.storage import find_root
    from yaynay.tracking import sqlite_store

    found = [*find_damage(find_root()), *sqlite_store.verify(find_root())]
    damaged = [(path, reason) for path, reason in found if reason is not None]
    for path, reason in damaged:
        print(f"error: {path}: {reason}", file=sys.stderr)
    print(f"{len(found)} checked, {len(damaged)} damaged")
    return DataError.exit_code if damaged else 0


def run() -> None:
    """The console script `yaynay`."""
    run_and_exit(main)


if __name__ == "__main__":
    run()
