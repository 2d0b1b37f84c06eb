"""The verdict that a sweep was given last, kept beside it: nothing is concluded twice from the same runs."""

from yaynay.config.schema import Rule
from yaynay.errors import DataError
from yaynay.records.store import Sweep
from yaynay.records.version import verdict_version
from yaynay.storage import digest, read_with_digest, write_with_digest
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.model import Verdict


def remember(conclusion: Conclusion) -> None:
    """Save a verdict beside its sweep, for `recall`."""
    sweep, verdict = conclusion.sweep, conclusion.verdict
    write_with_digest(sweep.path / "verdict.json", {"basis": _basis(sweep, verdict.rule), "verdict": verdict.as_json()})


def recall(sweep: Sweep, rule: Rule) -> Verdict | None:
    """The verdict that was given on the same runs by the same rule and code; None if there is none."""
    path = sweep.path / "verdict.json"
    try:
        kept = read_with_digest(path)
        return Verdict.from_json(kept["verdict"], str(path)) if kept["basis"] == _basis(sweep, rule) else None
    except DataError:
        return None


def recall_rule(sweep: Sweep) -> Rule | None:
    """The rule of the verdict that was given last on a sweep; None where there was none."""
    path = sweep.path / "verdict.json"
    try:
        return Verdict.from_json(read_with_digest(path)["verdict"], str(path)).rule
    except DataError:
        return None


def _basis(sweep: Sweep, rule: Rule) -> str:
    ended = [key for key in sweep.about["runs"] if sweep.store.has(key)]
    return digest([sweep.key, ended, rule.model_dump(), verdict_version()])
