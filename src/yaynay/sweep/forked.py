"""Workers on Linux: forked from a server of this package alone; `multiprocessing` stays as the user has set it.

The standard library's server is one for all of a process, with one set of modules and signals, and it runs the main
module in each worker.
"""

import contextlib
import io
import os
import signal
import sys
import threading
from concurrent.futures import Future
from multiprocessing import context, forkserver, popen_forkserver, process, reduction, resource_tracker, util
from pathlib import Path
from typing import Any

from yaynay.sweep import server


class _Modules(list[str]):
    """Modules to import. It counts as false, or the standard library would settle the default start method."""

    def __bool__(self) -> bool:
        return False


class Server(forkserver.ForkServer):
    """The process that workers are forked from; it is started when it is needed and not there.

    A thread waits for it as long as it lives: the kernel ends it with the thread that started it, and threads of the
    user's may end at any time.
    """

    _forkserver_address: str | None
    _forkserver_alive_fd: int | None
    _forkserver_pid: int | None

    def __init__(self) -> None:
        super().__init__()
        self._starting = threading.Lock()
        self.set_forkserver_preload(_Modules(["yaynay.sweep._server"]))
        self.backend = ""

    def warm_up(self, backend: str) -> None:
        """As `server.warm_up`."""
        if not self._lives():
            self.backend = backend
            self.ensure_running()

    def ensure_running(self) -> None:
        """Start it if it is not there; an interrupt ends the wait for it and nothing else."""
        if not self._lives():
            started: Future[None] = Future()
            threading.Thread(target=self._keep, args=(started,), name="yaynay-server", daemon=True).start()
            started.result()

    def _keep(self, started: "Future[None]") -> None:
        try:
            with self._starting:
                is_mine = not self._lives()
                if is_mine:
                    self._start()
        except Exception as error:
            started.set_exception(error)
            return
        started.set_result(None)
        if is_mine and (pid := self._forkserver_pid) is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    def _start(self) -> None:
        self.forget()
        values = {
            server.STARTER: str(os.getpid()),
            server.PRELOAD: self.backend and f"yaynay.models.backends.{self.backend}",
        }
        if not {"", str(Path.cwd())} & set(sys.path):  # it would import what lies in the user's folder
            values["PYTHONSAFEPATH"] = "1"
        resource_tracker.ensure_running()  # the server would start it, and unblock what follows
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited: Ctrl-C is for the starter alone
        with server.environment(values):
            super().ensure_running()

    def _lives(self) -> bool:
        if (pid := self._forkserver_pid) is None:
            return False
        try:
            return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:  # dead, and the user's code has waited for it
            return False

    def forget(self) -> None:
        """Let go of a server that is dead, or another process's."""
        pid, alive = self._forkserver_pid, self._forkserver_alive_fd
        self._forkserver_address = self._forkserver_alive_fd = self._forkserver_pid = None
        if pid is not None and alive is not None:
            os.close(alive)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


SERVER = Server()


def _after_fork() -> None:
    """The server is the parent's, and so may be who holds its locks."""
    SERVER.forget()
    SERVER.__init__()  # type: ignore[misc]


os.register_at_fork(after_in_child=_after_fork)


class _Popen(popen_forkserver.Popen):
    """A worker that is told all but the main module; one whose start is interrupted ends."""

    _fds: list[int]

    def _launch(self, process_obj: process.BaseProcess) -> None:
        told, own = io.BytesIO(), process.current_process()
        about = {"name": process_obj.name, "authkey": own.authkey, "sys_path": sys.path, "sys_argv": sys.argv}
        context.set_spawning_popen(self)
        try:
            reduction.dump(about | {"dir": str(Path.cwd())}, told)
            reduction.dump(process_obj, told)
        finally:
            context.set_spawning_popen(None)
        self.pid = 0
        self.sentinel, pipe = SERVER.connect_to_new_process(self._fds)
        # held open for as long as this process lives: it is how the worker sees that it ended
        self.finalizer = util.Finalize(self, _close, (os.dup(pipe), self.sentinel))
        try:
            with os.fdopen(pipe, "wb") as words:
                self.pid = forkserver.read_signed(self.sentinel)  # takes as long as the server imports
                words.write(told.getbuffer())
        except BaseException:  # told too little, it ends by itself
            self.finalizer()
            if self.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
            raise


def _close(*files: int) -> None:
    for file in files:
        os.close(file)


class _Process(context.ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: process.BaseProcess) -> Any:  # noqa: N802 - the standard library's name
        return _Popen(process_obj)


class Context(server.Noting, context.ForkServerContext):  # type: ignore[misc]
    """How workers start."""

    kind = _Process
