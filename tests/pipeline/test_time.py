"""A table that is ordered in time, from the command to the verdict."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from pipeline.project import QUICK, Run


def test_a_series_is_trained_without_looking_ahead(project: Path, run: Run) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.normal(size=90).cumsum() for name in ("oil", "sales")})
    frame["day"] = pd.date_range("2024-01-01", periods=90).strftime("%Y-%m-%d")
    frame.sample(frac=1, random_state=0).to_csv(project / "series.csv", index=False)
    words = ["dataset=csv", "dataset.path=series.csv", "dataset.target=sales", "model.depth=1", *QUICK]

    plain = run("yaynay.train", "-m", *words)
    assert "set dataset.time=day" in plain.stderr
    ordered = run("yaynay.train", "-m", *words, "dataset.time=day")
    assert "the verdict is about the future" in ordered.stderr
    assert "hang together" not in ordered.stdout
    plans = [json.loads(path.read_text())["plan"] for path in (project / "records").glob("runs/*/record.json")]
    assert {plan["n_repeats"] for plan in plans} == {1}
    assert len({plan["sha256"] for plan in plans}) == 2
