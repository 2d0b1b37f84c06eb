import json
from dataclasses import replace
from typing import Any

import pytest
from unit.reports.verdicts import TIMINGS, make_parity, make_small, make_verdict

from yaynay.errors import DataError
from yaynay.verdict.model import Look, Timings, Verdict

FULL = make_verdict(
    parity=make_parity("nay"), remarks=("6 rows were dropped",), earlier_looks=(Look("0" * 64, "undecided"),)
)


@pytest.mark.parametrize("verdict", [FULL, make_small()])
def test_json_holds_all_of_a_verdict(verdict: Verdict) -> None:
    values = json.loads(json.dumps(verdict.as_json(), allow_nan=False))
    assert Verdict.from_json(values, "here") == verdict
    assert values["rule"] == {"alpha": 0.05, "delta": 0.01, "delta_nay": 0.02, "n_draws": 1999}


def test_no_clock_is_in_a_verdict() -> None:
    assert not [name for name in FULL.as_json() if "second" in name or "time" in name]
    assert Timings.from_json(TIMINGS.as_json(), "here") == TIMINGS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": "maybe"}, "outcome"),
        ({"gain": "much"}, "gain"),
        ({"rule": {"alpha": 0.05}}, "rule"),
        ({"mlflow_run_id": "1"}, "unknown: mlflow_run_id"),
        ({"parity": {"outcomes": {}}}, "parity"),
    ],
)
def test_a_verdict_of_another_version_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^reports/verdicts.json: .*{message}"):
        Verdict.from_json(FULL.as_json() | change, "reports/verdicts.json")
    values = FULL.as_json()
    del values["rule"]
    with pytest.raises(DataError, match="rule"):
        Verdict.from_json(values, "reports/verdicts.json")


def test_a_verdict_is_fixed_once_made() -> None:
    with pytest.raises(AttributeError):
        FULL.outcome = "nay"  # type: ignore[misc]  # what must fail
    assert replace(FULL, outcome="nay") != FULL
