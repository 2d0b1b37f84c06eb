"""A sweep of worked examples in MLflow: its answers, and the figures of each run."""

from pathlib import Path

import pytest
from unit.verdict.test_answers import SLOPE, Trained, sweep
from unit.verdict.test_answers import trained as trained

from yaynay.records.store import Store
from yaynay.sweep.summary import bring
from yaynay.tracking.store import connect
from yaynay.tracking.sync import is_there
from yaynay.verdict.answers import find_answers


@pytest.mark.parametrize(("value", "said"), [(1.16969697, "as published"), (1.2, "wrong")])
def test_a_sweep_shows_its_answers(project: Path, trained: Trained, value: float, said: str) -> None:
    found = find_answers(sweep(Store.default(), trained, slope=SLOPE | {"value": value}))
    assert not is_there(found.sweep, found, "yaynay")
    assert bring("yaynay", Path("results"), None) == 1
    assert is_there(found.sweep, found, "yaynay")
    with connect("yaynay") as runs:
        by_key = runs.find(found.sweep.key)
        parent = runs.client.get_run(by_key["parent"].run_id)
        (key,) = found.sweep.about["runs"]
        child = runs.client.get_run(by_key[key].run_id)
        files = {file.path for file in runs.client.list_artifacts(parent.info.run_id)}
    assert parent.info.run_name == f"scatter_10: {said} (1 configuration)"
    assert "| slope | " in parent.data.tags["mlflow.note.content"]
    assert "verdict" not in parent.data.tags
    assert parent.data.metrics == {"n_answers": 1.0, "n_wrong": float(said == "wrong")}
    assert files == {"answers.json", "pictures"}
    assert child.data.metrics["slope"] == pytest.approx(1.16969697, abs=1e-8)
    assert {"slope", "intercept", "cost", "correlation"} <= set(child.data.metrics)
    assert not [name for name in child.data.params if "published" in name]
