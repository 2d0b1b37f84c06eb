"""`python -m yaynay sync | ui`: bring records into MLflow, and look at them."""

import argparse
import os
import socket
import sys

from yaynay.command import finish
from yaynay.errors import MachineError


def body() -> int:
    """The command line beside the four Hydra commands."""
    parser = argparse.ArgumentParser(prog="python -m yaynay", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sync = commands.add_parser("sync", help="bring every sweep of the records into MLflow")
    sync.add_argument("--experiment", default="yaynay", help="MLflow experiment (default: yaynay)")
    ui = commands.add_parser("ui", help="serve the MLflow UI on loopback")
    ui.add_argument("--port", type=int, default=5000, help="port; 0 picks a free one (default: 5000)")
    arguments = parser.parse_args()
    return _sync(arguments.experiment) if arguments.command == "sync" else _ui(arguments.port)


def _sync(experiment: str) -> int:
    from yaynay import looks, schema
    from yaynay.conclusion import conclude
    from yaynay.records import Store
    from yaynay.tracking import sync

    store = Store.default()
    sweeps = store.sweeps()
    options = [schema.parse(sweep.records()[0].configuration).verdict for sweep in sweeps]
    conclusions = [looks.note(conclude(*one), store) for one in zip(sweeps, options, strict=True)]
    sync.sync(conclusions, experiment)
    n_runs = sum(len(one.records) for one in conclusions)
    print(f"{len(conclusions)} sweeps with {n_runs} runs are in MLflow")
    return 0


def _ui(port: int) -> int:
    """Serve until interrupted; a taken port is refused, where mlflow itself would end without a word."""
    from yaynay.tracking.store import connect, tracking_uri

    if not 0 <= port <= 65535:
        raise MachineError(f"option '--port': {port} is no port; allowed: 0 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise MachineError(f"option '--port': {port} is taken; choose another, or 0 for any free port") from error
        port = probe.getsockname()[1]
    with connect("yaynay"):  # makes a store where there is none
        pass
    uri = tracking_uri()
    print(f"MLflow UI: http://127.0.0.1:{port}  (Ctrl-C ends it)", flush=True)
    words = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    os.environ["MLFLOW_TRACKING_URI"] = uri
    os.execv(sys.executable, [*words, "--backend-store-uri", uri])  # noqa: S606 - fixed words, no shell


if __name__ == "__main__":
    finish(body)
