"""`python -m yaynay sync | ui | verify`: bring records into MLflow, look at them, and check them for damage."""

import os
import socket
import sys

from yaynay.cli.app import run_and_exit
from yaynay.cli.checks import Parser
from yaynay.errors import DataError, MachineError, OptionError

LOOPBACK = "127.0.0.1"
"""What the UI listens on unless told otherwise: MLflow has no login."""


def main() -> int:
    """The command line beside the four Hydra commands."""
    parser = Parser(prog="python -m yaynay", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sync = commands.add_parser("sync", help="bring every sweep of the records into MLflow")
    sync.add_argument("--experiment", default="yaynay", help="MLflow experiment (default: yaynay)")
    ui = commands.add_parser("ui", help="serve the MLflow UI on loopback")
    ui.add_argument("--host", default=LOOPBACK, help="address to listen on (default: 127.0.0.1, this machine alone)")
    ui.add_argument("--port", type=int, default=5000, help="port; 0 picks a free one (default: 5000)")
    commands.add_parser("verify", help="check tables, plans, records and DVC's cache against their digests")
    arguments = parser.parse_args()
    if arguments.command == "verify":
        return _verify()
    return _sync(arguments.experiment) if arguments.command == "sync" else _ui(arguments.host, arguments.port)


def _sync(experiment: str) -> int:
    from yaynay.config import schema
    from yaynay.records.store import Store
    from yaynay.tracking import sync
    from yaynay.verdict import looks
    from yaynay.verdict.conclusion import conclude

    store = Store.default()
    sweeps = [sweep for sweep in store.sweeps() if sweep.has_ended_runs()]
    options = [schema.parse(sweep.records()[0].configuration).verdict for sweep in sweeps]
    conclusions = [looks.note(conclude(*one), store) for one in zip(sweeps, options, strict=True)]
    sync.sync(conclusions, experiment)
    n_runs = sum(len(one.records) for one in conclusions)
    print(f"{len(conclusions)} sweeps with {n_runs} runs are in MLflow")
    return 0


def _verify() -> int:
    """Name every damaged file; 3 where there is one."""
    from yaynay.records.verify import verify
    from yaynay.storage import find_root

    findings = list(verify(find_root()))
    damaged = [(path, reason) for path, reason in findings if reason is not None]
    for path, reason in damaged:
        print(f"error: {path}: {reason}", file=sys.stderr)
    print(f"{len(findings)} checked, {len(damaged)} damaged")
    return DataError.exit_code if damaged else 0


def _ui(host: str, port: int) -> int:
    """Serve until interrupted; a taken port is refused, where mlflow itself would end without a word."""
    from yaynay.tracking.store import connect, tracking_uri

    if not 0 <= port <= 65535:
        raise OptionError(f"option '--port': {port} is no port; allowed: 0 to 65535; choose one")
    port = _free_port(host, port)
    if host not in (LOOPBACK, "localhost", "::1"):
        print(
            f"warning: option '--host': {host} lets others on the network read and change every run; MLflow asks for "
            "no password",
            file=sys.stderr,
        )
    with connect("yaynay"):  # makes a store where there is none
        pass
    uri = tracking_uri()
    print(f"MLflow UI: http://{host}:{port}  (Ctrl-C ends it)", flush=True)
    words = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    os.environ["MLFLOW_TRACKING_URI"] = uri
    os.execv(sys.executable, [*words, "--backend-store-uri", uri])  # noqa: S606 - fixed words, no shell


def _free_port(host: str, port: int) -> int:
    """The port, or any free one for 0.

    Raises:
        MachineError: It is taken; the message names a free one.
    """
    try:
        return _bind(host, port)
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise OptionError(f"option '--host': {host!r} is no address of this machine; allowed: 127.0.0.1") from error
        free = _bind(LOOPBACK, 0)
        raise MachineError(
            f"option '--port': {port} is taken on {host} ({error.strerror}); {free} is free; choose that, or 0 for any"
        ) from error


def _bind(host: str, port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return probe.getsockname()[1]


if __name__ == "__main__":
    run_and_exit(main)
