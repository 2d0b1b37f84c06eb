"""On PYTHONPATH, makes training fail for the seeds that MISBEHAVE maps to a way to fail, and touches ANNOUNCE's file
when an epoch of a single run has ended."""

import importlib.util
import json
import os
import signal
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

WAYS = {
    "exception": lambda: 1 / 0,
    "exit": lambda: sys.exit(0),
    "leave": lambda: os._exit(0),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


def misbehave(fit: Any) -> None:
    train, ways = fit.train, json.loads(os.environ["MISBEHAVE"])

    def fail_or_train(configurations: Any, *others: Any) -> Any:
        for configuration in configurations:
            if str(configuration.seed) in ways:
                WAYS[ways[str(configuration.seed)]]()
        return train(configurations, *others)

    fit.train = fail_or_train


def announce(progress: Any) -> None:
    on_epoch = progress.Progress.on_epoch

    def announce_and_go_on(self: Any, *values: Any) -> Any:
        Path(os.environ["ANNOUNCE"]).touch()
        return on_epoch(self, *values)

    progress.Progress.on_epoch = announce_and_go_on


class Finder(MetaPathFinder):
    """Finds a module in the usual way, and changes it once it has run."""

    def __init__(self, name: str, change: Any) -> None:
        self.name, self.change = name, change

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        run = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            run(module)
            self.change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if "MISBEHAVE" in os.environ:
    sys.meta_path.insert(0, Finder("yaynay.sweep.fit", misbehave))
if "ANNOUNCE" in os.environ:
    sys.meta_path.insert(0, Finder("yaynay.sweep.progress", announce))
