"""How much of a network's gain is shrinkage: what ridge, which is still a line, gains over least squares."""

from typing import Any

from yaynay.data.plan import Plan
from yaynay.data.table import Table
from yaynay.models.scores import FoldScores
from yaynay.records.record import Record
from yaynay.verdict.effect import compare
from yaynay.verdict.model import Verdict


def measure_ridge(table: Table, plan: Plan, line: FoldScores, ridge: Record | None) -> dict[str, Any]:
    """Ridge's values in a verdict, measured as a network's are; none without folds or a run of ridge.

    Args:
        table: The data.
        plan: The folds.
        line: Least squares on them.
        ridge: A run of ridge on them.
    """
    if plan.n_repeats == 0 or ridge is None:
        return {}
    found = compare(table, plan, line.predictions, ridge.arrays["predictions"])
    gains = {"gain_ridge": found.gain, "gain_ridge_low": found.low, "gain_ridge_high": found.high}
    return gains | {"rmse_ridge": ridge.scores["test/rmse"]}


def say_shrinkage(verdict: Verdict) -> str | None:
    """One sentence where ridge's gain is material, or is half or more of a network's material gain; None elsewhere.

    It changes no outcome.
    """
    gain, network, delta = verdict.gain_ridge, verdict.gain, verdict.rule.delta
    if gain is None or verdict.gain_ridge_low is None or verdict.gain_ridge_high is None or gain <= 0:
        return None
    is_half = network is not None and network >= delta and gain >= network / 2
    if gain < delta and not is_half:
        return None
    interval = f"{100 * verdict.gain_ridge_low:z.1f} to {100 * verdict.gain_ridge_high:z.1f}"
    if network is None or network <= 0:
        what = "this gain"
    elif gain < network:
        what = f"this much of the network's {100 * network:z.1f}"
    else:
        what = f"the network's whole gain of {100 * network:z.1f}"
    return (
        f"Ridge regression explains {100 * gain:z.1f} percentage points more of the variance than least squares (90 % "
        f"interval: {interval}): {what} is shrinkage, for which no network is needed."
    )
