"""A table as MLflow knows it: the dataset that a run was made from, and the schema of a model's inputs."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from yaynay.data.table import Table

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput
    from mlflow.types import Schema

_TYPES = {"number": "double", "category": "string"}


def dataset_input(table: Table) -> "DatasetInput":
    """The table as the input of a run, from what is known about it; MLflow itself would look at every cell."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=table.name,
        digest=table.sha256[:36],
        source_type="code",
        source=json.dumps({"tags": {"source": table.source}}),
        schema=json.dumps({"mlflow_colspec": schema(table, list(table.kinds)).to_dict()}),
        profile=json.dumps({"num_rows": table.n_rows, "num_elements": table.frame.size}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def schema(table: Table, names: Sequence[str]) -> "Schema":
    """MLflow's schema of some columns; one without missing cells is required."""
    from mlflow.types import ColSpec, Schema

    kinds, has_missing = table.kinds, table.frame.isna().any()
    return Schema([ColSpec(_TYPES[kinds[name]], name, required=not has_missing[name]) for name in names])
