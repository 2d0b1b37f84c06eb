"""MLflow's own server over the project's store, on loopback unless told otherwise."""

import contextlib
import os
import socket
import sys
from typing import NoReturn

from yaynay.errors import MachineError, OptionError
from yaynay.tracking.address import tracking_uri
from yaynay.tracking.store import DeletedError, connect

LOOPBACK = "127.0.0.1"
"""What the UI listens on: MLflow has no login."""


def serve(host: str, port: int) -> NoReturn:
    """Serve until interrupted, in place of this process.

    Args:
        host: Address to listen on.
        port: 0 picks a free one.

    Raises:
        MachineError: The port is taken; MLflow itself would end silently.
        OptionError: There is no such port, or no such address here.
    """
    if not 0 <= port <= 65535:
        raise OptionError(f"option '--port': {port} is not a port; allowed: 0 to 65535; choose one")
    port = _free_port(host, port)
    if host not in (LOOPBACK, "localhost", "::1"):
        print(
            f"warning: option '--host': {host} lets others on the network read and change every run; MLflow does not "
            "ask for a password",
            file=sys.stderr,
        )
    with contextlib.suppress(DeletedError), connect("yaynay"):  # makes a store where there is none
        pass
    uri = tracking_uri()
    print(f"MLflow UI: http://{host}:{port}  (Ctrl-C ends it)", flush=True)
    server = ["-m", "mlflow", "server", "--host", host, "--port", str(port), "--workers", "1"]
    os.environ["MLFLOW_TRACKING_URI"] = uri
    os.execv(sys.executable, [sys.executable, *server, "--backend-store-uri", uri])  # noqa: S606 - fixed words, no shell


def _free_port(host: str, port: int) -> int:
    """The port, or any free one for 0.

    Raises:
        MachineError: It is taken; the message names a free one.
    """
    try:
        return _bind(host, port)
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise OptionError(
                f"option '--host': {host!r} is not an address of this machine; allowed: 127.0.0.1"
            ) from error
        free = _bind(LOOPBACK, 0)
        raise MachineError(
            f"option '--port': {port} is taken on {host} ({error.strerror}); {free} is free; choose that, or 0 for any"
        ) from error


def _bind(host: str, port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return probe.getsockname()[1]
