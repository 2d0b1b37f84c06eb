"""Logs the winning configuration as an MLflow model: `model_code`, its weights and the code that it imports."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import yaynay
from yaynay.data.columns import describe
from yaynay.data.table import Table
from yaynay.models.network import Shape
from yaynay.records.record import Record
from yaynay.storage import write_arrays, write_json
from yaynay.tracking.dataset import schema

_CODE = ("__init__.py", "errors.py", "data/__init__.py", "data/columns.py", "models/__init__.py", "models/network.py")
"""What `model_code` imports of yaynay, directly or not."""
_REST = '\n__path__ = __import__("pkgutil").extend_path(__path__, __name__)  # an installed yaynay has the rest\n'
"""Added to each copied `__init__.py`: a process that loads a model may import other modules of yaynay later."""
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "safetensors")


def log_model(run_id: str, table: Table, winner: Record) -> None:
    """Log a configuration's model on a run, with signature, without pickle and with pinned requirements."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    versions = winner.run["versions"]
    features = [name for name in table.kinds if name != table.target]
    signature = ModelSignature(schema(table, features), Schema([TensorSpec(np.dtype(np.float64), (-1,))]))
    with tempfile.TemporaryDirectory() as name, mlflow.start_run(run_id=run_id):
        folder = Path(name)
        write_json(folder / "model.json", _describe(table, winner))
        write_arrays(folder / "weights.safetensors", winner.weights)
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("model_code.py")),
            code_paths=[str(_copy_code(folder / "yaynay"))],
            artifacts={"about": str(folder / "model.json"), "weights": str(folder / "weights.safetensors")},
            signature=signature,
            pip_requirements=[f"{package}=={versions[package]}" for package in _REQUIREMENTS],
        )


def _copy_code(package: Path) -> Path:
    """The modules that the model imports, as a package that works without the others."""
    source = Path(yaynay.__file__).parent
    for name in _CODE:
        target = package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (source / name).read_text(encoding="utf-8")
        target.write_text(text + _REST * (target.name == "__init__.py"), encoding="utf-8")
    return package


def _describe(table: Table, winner: Record) -> dict[str, Any]:
    """What the model needs besides its weights."""
    configuration = winner.parsed
    shape = None
    if not configuration.is_closed_form:
        model = configuration.model
        shape = asdict(Shape(table.n_features, model.depth, model.width, model.activation, model.skip))
    return {
        "shape": shape,
        "columns": [asdict(column) for column in describe(table.frame.drop(columns=table.target))],
        "target": table.target,
        "configuration": configuration.flat(),
    }
