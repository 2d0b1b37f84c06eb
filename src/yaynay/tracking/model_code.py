"""A configuration as a model: raw columns in, predictions out, in NumPy alone.

MLflow runs this file as the model's code, so the model needs neither a pickle nor the framework that trained
it. `model` writes what it reads: model.json and weights.safetensors.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from numpy.typing import NDArray
from safetensors.numpy import load_file

from yaynay.errors import DataError
from yaynay.models.served import predict_raw


class ServedModel(PythonModel):
    """Mean of the networks trained on the whole table, or the line, with or without terms."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the description and the weights."""
        self.about: dict[str, Any] = json.loads(Path(context.artifacts["about"]).read_text(encoding="utf-8"))
        self.weights = load_file(context.artifacts["weights"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: Any = None
    ) -> NDArray[np.float64]:
        """Predictions for rows of raw columns, (n_rows,) [unit of the target].

        Raises:
            MlflowException: A column is missing, or a cell is not what the column held; a server
                answers with it.
        """
        try:
            return predict_raw(self.about, self.weights, pd.DataFrame(model_input))
        except DataError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None


set_model(ServedModel())
