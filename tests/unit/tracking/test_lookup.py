"""Which record a run shows, asked of a store that only MLflow can read."""

import os
import sys
from pathlib import Path

import mlflow
import pytest

from yaynay.errors import MachineError
from yaynay.tracking import lookup


@pytest.fixture
def served(project: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A server is named, and reached."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr(lookup, "check_address", lambda uri: None)
    return monkeypatch


def test_what_breaks_in_mlflow_is_the_stores_fault(served: pytest.MonkeyPatch) -> None:
    served.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    served.setattr(sys.modules[mlflow.MlflowClient.__module__], "TrackingServiceClient", lambda *_: None)
    with pytest.raises(MachineError, match="no answer"):  # an AttributeError
        lookup.find_shown("0" * 32)
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_lost_connection_is_the_stores_fault(served: pytest.MonkeyPatch) -> None:
    def lose(*_: object) -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    served.setattr(mlflow.MlflowClient, "get_run", lose)
    with pytest.raises(MachineError, match="no answer"):
        lookup.find_shown("0" * 32)
