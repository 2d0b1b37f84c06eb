"""The address of MLflow's store, read without importing MLflow, which takes seconds.

A relative address counts from the working folder, as MLflow itself reads it.
"""

import errno
import os
import re
import socket
import tempfile
import textwrap
from pathlib import Path
from urllib.parse import unquote, urlsplit

from yaynay import extras
from yaynay.errors import MachineError, redact
from yaynay.storage import find_root

ALLOWED = "sqlite:///FILE, http://HOST:PORT, postgresql://HOST:PORT/NAME"
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
_BY_PSYCOPG = ("postgresql", "postgresql+psycopg")
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(?P<file>[^?]+)(?P<query>\?.*)?", re.DOTALL)


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI where it is set, and otherwise mlflow.db in the project's folder; a file's is absolute."""
    given = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    path = sqlite_path(given) if given else find_root() / "mlflow.db"
    if path is None:
        return given
    match = _SQLITE.fullmatch(given)
    return sqlite_uri(path) + ((match["query"] or "") if match else "")


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite store; None for another store, or one in memory.

    >>> sqlite_path("sqlite:////data/my%20runs.db?timeout=60").as_posix()
    '/data/my runs.db'
    """
    match = _SQLITE.fullmatch(uri)
    if match is None or match["file"].startswith((":memory:", "file:")):
        return None
    return Path.cwd() / unquote(match["file"])


def sqlite_uri(path: Path) -> str:
    """The address of a SQLite file."""
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


def check_address(uri: str) -> None:
    """Check what can be known of an address without MLflow: that a server listens, or that a file can be written.

    Raises:
        MachineError: It cannot be used.
    """
    path = sqlite_path(uri)
    if path is not None:
        _check_file(path)
        return
    if uri.startswith("sqlite"):
        raise MachineError(
            f"MLFLOW_TRACKING_URI {uri}: names no file; allowed: sqlite:///FILE, or sqlite:////FOLDER/FILE from the "
            "root; correct or unset it"
        )
    try:
        address = urlsplit(uri)
        port = address.port or _PORTS.get(address.scheme.split("+")[0])
        if address.scheme.startswith("http") and not address.hostname:
            raise ValueError("no host")
    except ValueError as error:
        raise MachineError(
            f"MLFLOW_TRACKING_URI {redact(uri)}: not a valid address ({error}); allowed: {ALLOWED}; correct or unset it"
        ) from error
    if address.scheme in _BY_PSYCOPG:
        extras.check("psycopg", f"MLFLOW_TRACKING_URI {redact(uri)}")
    if not address.hostname or port is None:
        return
    try:
        socket.create_connection((address.hostname, port), timeout=2).close()
    except OSError as error:
        raise _no_answer(uri, type(error).__name__) from error


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):  # SQLite writes a journal there
            can_write = not path.exists() or os.access(path, os.W_OK)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise MachineError(
            f"MLflow store {path}: no file can be made or used there ({error.strerror}); allowed: a file in a writable "
            "folder; change its permissions, or choose another with MLFLOW_TRACKING_URI"
        ) from error
    if not can_write:
        raise MachineError(
            f"MLflow store {path}: it cannot be written; change its permissions or choose another with "
            "MLFLOW_TRACKING_URI; then run the same command again; records are kept"
        )


def explain(uri: str, error: Exception) -> MachineError:
    """The error for a store of any kind that MLflow cannot use, in its words where ours would not be better."""
    scheme, kind, words = urlsplit(uri).scheme, type(error).__name__, " ".join(redact(str(error)).split())
    if scheme.split("+")[0] in _PORTS:
        return _no_answer(
            uri, kind if isinstance(error, OSError) else f"{kind}: {textwrap.shorten(words, 200, placeholder='...')}"
        )
    if "MLFLOW_ALLOW_FILE_STORE" in words:
        what = "this MLflow keeps runs in a folder only where MLFLOW_ALLOW_FILE_STORE=true is set"
    elif kind == "UnsupportedModelRegistryStoreURIException":
        what = f"MLflow knows no stores of the kind '{scheme}'"
    else:
        what = f"MLflow cannot use it ({textwrap.shorten(words, 400, placeholder='...')})"
    return MachineError(f"MLFLOW_TRACKING_URI {redact(uri)}: {what}; allowed: {ALLOWED}; correct or unset it")


def _no_answer(uri: str, reason: str) -> MachineError:
    return MachineError(
        f"MLflow store {redact(uri)}: no answer ({reason}); records are kept; start the store and run: "
        "python -m yaynay sync; or unset MLFLOW_TRACKING_URI to use SQLite"
    )
