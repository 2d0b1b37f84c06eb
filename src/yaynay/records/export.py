"""A sweep as a store of its own, for a pipeline that keeps each table's results apart."""

import shutil
from pathlib import Path

from yaynay.records.store import Sweep
from yaynay.storage import replacing

_VERDICT = shutil.ignore_patterns("verdict.json")
"""A verdict is kept beside its sweep, and is not part of what was trained."""


def export(sweep: Sweep, path: Path) -> None:
    """Make `path` a store that holds this sweep alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    store, keys = sweep.store, sweep.about["runs"]
    table = store.table_path(sweep.about["plan_sha256"], sweep.about["table_sha256"])
    with replacing(path) as aside:
        for source in [sweep.path, table, *(store.path(key) for key in keys if store.has(key))]:
            shutil.copytree(source, aside / source.relative_to(store.folder), ignore=_VERDICT)
        for source in filter(Path.is_file, (store.failure_path(key) for key in keys if not store.has(key))):
            (aside / "failures").mkdir(exist_ok=True)
            shutil.copy2(source, aside / "failures")
        shutil.rmtree(path, ignore_errors=True)
