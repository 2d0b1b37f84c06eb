"""The winning configuration as a model: raw columns in, predictions out, in NumPy alone.

MLflow runs this file as the model's code, so the model needs neither a pickle nor the framework that trained
it. `model.log_model` writes what it reads: model.json and weights.safetensors.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from numpy.typing import NDArray
from safetensors.numpy import load_file

from yaynay.data.columns import Column, encode, tidy
from yaynay.models.network import Shape, predict


class ServedModel(PythonModel):
    """Mean of the networks trained on the whole table, or the line."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the description and the weights."""
        about: dict[str, Any] = json.loads(Path(context.artifacts["about"]).read_text(encoding="utf-8"))
        self.columns = [Column(**column) for column in about["columns"]]
        self.shape = about["shape"] and Shape(**about["shape"])
        self.weights = load_file(context.artifacts["weights"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: Any = None
    ) -> NDArray[np.float64]:
        """Predictions for rows of raw columns, (n_rows,) [unit of the target]."""
        return predict(self.shape, self.weights, encode(tidy(model_input, self.columns), self.columns))


set_model(ServedModel())
