"""Verdicts for the tests of words, pages and pictures."""

from typing import Any

from yaynay.config.schema import Rule
from yaynay.verdict.model import Difference, Outcome, Parity, Timings, Verdict

RULE = Rule(alpha=0.05, delta=0.01, delta_nay=0.02, n_draws=1999)
TIMINGS = Timings(0.08, 7.9, 1.3)


def make_verdict(**changes: Any) -> Verdict:
    """A clear yay on 500 rows."""
    values: dict[str, Any] = {
        "outcome": "yay",
        "sentence": "The network is worth it: it explains 5.2 % more, say 5 %.",
        "rule": RULE,
        "p_value": 0.001,
        "kernel_p_values": {"relu_1": 0.001, "gaussian": 0.25},
        "gain": 0.052,
        "gain_low": 0.012,
        "gain_high": 0.092,
        "gain_standard_error": 0.016,
        "gain_corrected_error": 0.022,
        "share_of_line": 0.1,
        "rows_needed": None,
        "is_between": False,
        "rmse_linear": 3.763,
        "rmse_network": 3.547,
        "is_cross_validated": True,
        "n_rows": 500,
        "n_features": 10,
        "n_dropped": 0,
        "n_folds": 5,
        "n_repeats": 2,
        "n_configurations": 14,
        "n_candidates": 12,
        "n_failed": 1,
        "n_parameters_linear": 11,
        "n_parameters_network": 193,
        "winner": "torch 1 x 16, adamw lr 0.03",
        "winner_key": "8ce3ab",
        "table_sha256": "d64812",
        "plan_sha256": "bfa75a",
        "truth_rmse": 2.8,
    }
    return Verdict(**values | changes)


def make_small() -> Verdict:
    """A table that is too small for anything."""
    nothing = dict.fromkeys(
        ("p_value", "gain", "gain_low", "gain_high", "gain_standard_error", "gain_corrected_error", "truth_rmse")
    )
    return make_verdict(
        **nothing,
        outcome="undecided",
        sentence="Keep the line: 15 rows cannot show what a network would gain on new rows. " * 3,
        kernel_p_values={},
        share_of_line=None,
        rows_needed=20,
        rmse_network=None,
        is_cross_validated=False,
        n_rows=15,
        n_folds=0,
        n_repeats=0,
        n_candidates=0,
        n_parameters_network=None,
        winner=None,
        winner_key=None,
    )


def make_parity(other: Outcome) -> Parity:
    """Two backends, the second with its own outcome."""
    return Parity({"torch": "yay", "tensorflow": other}, 8, {"tensorflow": Difference(3e-6, 2e-5, 1e-6)})
