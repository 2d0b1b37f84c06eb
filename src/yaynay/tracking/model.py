"""The winning configuration as a model: raw columns in, predictions out, in NumPy alone.

MLflow runs this file as the model's code, so the model needs neither a pickle nor the framework that trained
it. `describe` writes what it reads: model.json and weights.safetensors.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from numpy.typing import NDArray
from safetensors.numpy import load_file

from yaynay.data.columns import contrasts
from yaynay.models.network import Shape, forward


class ServedModel(PythonModel):
    """Mean of the networks trained on the whole table, or the least-squares line."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the description and the weights."""
        self.about: dict[str, Any] = json.loads(Path(context.artifacts["about"]).read_text(encoding="utf-8"))
        self.weights = load_file(context.artifacts["weights"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: Any = None
    ) -> NDArray[np.float64]:
        """Predictions for rows of raw columns, (n_rows,) [unit of the target]."""
        return predict(self.about, self.weights, encode(model_input, self.about["columns"]))


def encode(frame: pd.DataFrame, columns: list[dict[str, Any]]) -> NDArray[np.float64]:
    """Raw columns as the table encoded them: numbers, one 0/1 column a level but the first, one for missing cells."""
    parts: list[NDArray] = []
    for column in columns:
        values = frame[column["name"]]
        if column["kind"] == "number":
            parts.append(values.to_numpy(dtype=np.float64))
        else:
            parts += [(values == level).to_numpy() for level in contrasts(column["levels"])]
        if column["has_missing"]:
            parts.append(values.isna().to_numpy())
    return np.column_stack(parts).astype(np.float64)


def predict(about: Mapping[str, Any], weights: Mapping[str, NDArray], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Predictions of a bag of networks, or of a line, for encoded features (n_rows, n_features), (n_rows,)."""
    if about["shape"] is None:
        return float(weights["intercept"][0]) + np.where(np.isnan(x), weights["mean"], x) @ weights["slopes"]
    shape = Shape(**about["shape"])
    inputs = np.nan_to_num((x[None] - weights["x_mean"][:, None]) * weights["x_factor"][:, None])
    outputs = forward(shape, dict(weights), inputs)
    return np.mean(outputs * weights["y_scale"][:, None] + weights["y_mean"][:, None], axis=0)


set_model(ServedModel())
