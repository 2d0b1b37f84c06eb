"""Saves a configuration as an MLflow model: `model_code`, its weights and the code that it imports."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import yaynay
from yaynay.data.table import Table
from yaynay.records.record import Record
from yaynay.records.serving import describe_model, descriptions
from yaynay.storage import write_arrays, write_json
from yaynay.tracking import settings

_CODE = (
    "__init__.py",
    "errors.py",
    *(f"data/{name}.py" for name in ("__init__", "columns", "dates", "descriptions", "numerals", "raw")),
    *(f"models/{name}.py" for name in ("__init__", "formula", "network", "served")),
)
"""What `model_code` imports of yaynay, directly or not."""
_REST = '\n__path__ = __import__("pkgutil").extend_path(__path__, __name__)  # an installed yaynay has the rest\n'
"""Added to each copied `__init__.py`: a process that loads a model may import other modules of yaynay later."""
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "safetensors")


def log_model(run_id: str, table: Table, record: Record) -> None:
    """Log a configuration's model on a run, as `save_model` saves it.

    The user may have a run or an experiment of their own active, so nothing here asks MLflow for the active one.
    """
    import mlflow
    from mlflow.models import Model

    client = mlflow.MlflowClient()
    run = client.get_run(run_id)
    with _parts(table, record) as parts:
        model = client.create_logged_model(
            run.info.experiment_id, name="model", source_run_id=run_id, params=run.data.params
        )
        Model.log(None, mlflow.pyfunc, run_id=run_id, model_id=model.model_id, **parts)


def save_model(path: str | Path, table: Table, record: Record) -> None:
    """Save a configuration's model as a folder that `mlflow.pyfunc.load_model` reads.

    It takes raw rows, without pickle and with pinned requirements.

    Args:
        path: The folder; it must not exist, or be empty.
        table: The table that the record was trained on.
        record: The record, with its weights.
    """
    settings.set_up()
    import mlflow

    with _parts(table, record) as parts:
        mlflow.pyfunc.save_model(str(path), **parts)


@contextmanager
def _parts(table: Table, record: Record) -> Iterator[dict[str, Any]]:
    """What MLflow saves.

    The signature has no inputs: MLflow would refuse or convert cells by it before they are read as the table's were,
    and its server can read no CSV by a schema of any type. The metadata name the columns instead.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    versions = record.run["versions"]
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*An input example was not provided")  # it would guess a signature
        folder = Path(name)
        write_json(folder / "model.json", describe_model(table, record))
        write_arrays(folder / "weights.safetensors", record.weights)
        yield {
            "python_model": str(Path(__file__).with_name("model_code.py")),
            "code_paths": [str(_copy_code(folder / "yaynay"))],
            "artifacts": {"about": str(folder / "model.json"), "weights": str(folder / "weights.safetensors")},
            "signature": ModelSignature(outputs=Schema([TensorSpec(np.dtype(np.float64), (-1,))])),
            "metadata": {
                "columns": {column.column: column.words for column in descriptions(table)},
                "target": table.target,
            },
            "pip_requirements": [f"{package}=={versions[package]}" for package in _REQUIREMENTS],
        }


def _copy_code(package: Path) -> Path:
    """The modules that the model imports, as a package that works without the others."""
    source = Path(yaynay.__file__).parent
    for name in _CODE:
        target = package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (source / name).read_text(encoding="utf-8")
        target.write_text(text + _REST * (target.name == "__init__.py"), encoding="utf-8")
    return package
