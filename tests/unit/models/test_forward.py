"""Networks of a table that is ordered in time know nothing of what comes after their training rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from yaynay.config.schema import parse
from yaynay.data.forward import make_forward_plan
from yaynay.data.table import Table
from yaynay.models import fitting

CONF = Path(__file__).parents[3] / "conf"


@pytest.mark.parametrize("skip", ["false", "true"])
def test_later_targets_change_no_earlier_prediction_bit_for_bit(skip: str) -> None:
    overrides = ["model.depth=1", f"model.skip={skip}", "trainer.max_epochs=4", "trainer.min_steps=1"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        values = OmegaConf.to_container(compose("config", overrides), resolve=True)
    configuration = parse(values)  # type: ignore[arg-type]  # a dict
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=80), rng.normal(size=80).cumsum()
    changed = np.where(np.arange(80) < 56, y, rng.normal(size=80) / 3)
    found = []
    for target in (y, changed):
        table = Table("series", pd.DataFrame({"x": x, "y": target}), "y", "made here", time=np.arange(80))
        plan = make_forward_plan(np.arange(80), table.sha256, 1)
        (fit,) = fitting.fit([configuration], table, plan)
        found.append(fit.arrays["predictions"][0])
    assert plan.outer[0, 56] == 2  # predicted from rows 0 to 55
    assert np.isnan(found[0][:40]).all()
    assert np.array_equal(found[0][40:64], found[1][40:64])
    assert not np.array_equal(found[0][64:], found[1][64:])
