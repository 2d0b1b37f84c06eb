"""Earlier looks at a table: one plan, one verdict, so that nobody reruns with other folds until it says yay."""

from dataclasses import dataclass, replace
from pathlib import Path

from yaynay.storage import read_with_digest, write_with_digest
from yaynay.verdict import sentences
from yaynay.verdict.model import AsJson, ByRule, Look, Outcome, Verdict


@dataclass(frozen=True)
class _Kept(AsJson):
    """The first verdict on a table under a plan.

    Attributes:
        n_candidates: 0 where there was no network: then the next verdict under the plan counts as the first.
        earlier: Looks before it, oldest first.
        by_rule: The last outcome by each rule, in the order in which they were first used.
    """

    plan_sha256: str
    outcome: Outcome
    n_candidates: int
    earlier: tuple[Look, ...]
    by_rule: tuple[ByRule, ...] = ()


def note(verdict: Verdict, folder: Path, *others: Path) -> Verdict:
    """Note a verdict on a table under a plan, and add to it the earlier verdicts under other plans.

    The first verdict under a plan is kept in `TABLE/PLAN.json` of the folder, with the looks before it and the last
    outcome by each rule. Asking again under the same plan is not a new look, and asking again by the same rule changes
    nothing, but the sentence of another answer gives the first one.

    Args:
        verdict: What was concluded.
        folder: Looks so far; made when the first is noted.
        others: Folders whose looks count as earlier ones, and where nothing is written.

    Returns:
        The verdict with `earlier_looks`, which its sentence mentions, and `other_rules`.

    Raises:
        DataError: A look is damaged.
    """
    table = verdict.table_sha256[:20]
    path = folder / table / f"{verdict.plan_sha256[:20]}.json"
    before = kept = _read(path) if path.is_file() else None
    if kept is None or kept.n_candidates == 0:
        earlier = kept.earlier if kept else _find_earlier(verdict, *(parent / table for parent in (*others, folder)))
        kept = _Kept(verdict.plan_sha256, verdict.outcome, verdict.n_candidates, earlier)
    kept = replace(kept, by_rule=add_rule(kept.by_rule, verdict.by_rule))
    if kept != before:
        write_with_digest(path, kept.as_json())
    sentence = verdict.sentence
    if kept.earlier:
        sentence += sentences.second_look([look.outcome for look in kept.earlier])
    if kept.n_candidates and not verdict.n_candidates:
        sentence += sentences.answered_before(kept.outcome)
    elif kept.outcome != verdict.outcome:
        sentence += sentences.other_answer(kept.outcome)
    other_rules = tuple(found for found in kept.by_rule if found.rule != verdict.rule)
    return replace(verdict, earlier_looks=kept.earlier, other_rules=other_rules, sentence=sentence)


def add_rule(by_rule: tuple[ByRule, ...], new: ByRule | None) -> tuple[ByRule, ...]:
    """Outcomes by rule with a new one, in the place of the last by the same rule."""
    last = {found.rule: found for found in (*by_rule, new) if found is not None}
    return tuple(last.values())


def _find_earlier(verdict: Verdict, *folders: Path) -> tuple[Look, ...]:
    """Each look at the table with other folds, oldest first."""
    found: dict[str, Look] = {}
    for folder in folders:
        for kept in sorted(map(_read, folder.glob("*.json")), key=lambda kept: len(kept.earlier)):
            if kept.plan_sha256 != verdict.plan_sha256:  # each holds those before it, so their number gives its order
                found.setdefault(kept.plan_sha256, Look(kept.plan_sha256, kept.outcome))
    return tuple(found.values())


def _read(path: Path) -> _Kept:
    return _Kept.from_json(read_with_digest(path), str(path))
