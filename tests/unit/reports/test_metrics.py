import dataclasses
import json

import pytest
from unit.reports.verdicts import make_small, make_verdict

from yaynay.reports.metrics import figures

NOISE = 3e-8
"""Another machine adds in another order."""


def test_a_table_has_the_few_figures_that_people_compare() -> None:
    found = figures(make_verdict(), spread=4.9)
    assert found == {
        "outcome": "yay",
        "gain": 0.052,
        "gain_low": 0.012,
        "gain_high": 0.092,
        "p_value": 0.001,
        "rmse_linear": 3.763,
        "rmse_network": 3.547,
        "n_rows": 500,
    }
    assert figures(make_small(), spread=4.9) == {"outcome": "undecided", "n_rows": 500 - 485}
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("scale", [1e-90, 1e-3, 1.0, 1e6, 1e90])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_rounding_error_changes_no_figure_and_a_change_that_is_seen_does(scale: float, sign: int) -> None:
    """An exact fit's error is rounding alone: it is nothing beside the target's spread."""
    verdict = make_verdict(gain=0.000123, rmse_linear=3.7634 * scale, rmse_network=2e-16 * scale)
    noisy = dataclasses.replace(
        verdict,
        gain=0.000123 + sign * NOISE,
        rmse_linear=verdict.rmse_linear * (1 + sign * NOISE),
        rmse_network=5e-16 * scale,
    )
    spread = 4.9 * scale
    assert figures(noisy, spread) == figures(verdict, spread)
    other = dataclasses.replace(verdict, gain=0.00034, rmse_linear=3.7644 * scale)
    changed = {name for name, value in figures(other, spread).items() if figures(verdict, spread)[name] != value}
    assert changed == {"gain", "rmse_linear"}
