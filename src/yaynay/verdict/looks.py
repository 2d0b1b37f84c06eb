"""Earlier looks at a table: one plan, one verdict, so that nobody reruns with other folds until it says yay."""

from dataclasses import replace
from pathlib import Path

from yaynay.storage import read_sealed, write_sealed
from yaynay.verdict import sentences
from yaynay.verdict.model import Look, Verdict


def note(verdict: Verdict, folder: Path, *others: Path) -> Verdict:
    """Note that a table was judged under a plan, and say so in the verdict where it was judged under another before.

    The first verdict under a plan is kept in `TABLE/PLAN.json` of the folder, with those that went before it; asking
    again under the same plan is no new look and changes nothing, but another answer there says what the first was.

    Args:
        verdict: What was concluded.
        folder: Looks so far; made when the first is noted.
        others: Folders whose looks count as earlier ones, and where nothing is written.

    Returns:
        The verdict with `earlier_looks`, which its sentence tells.
    """
    table, plan = verdict.table_sha256[:20], verdict.plan_sha256[:20]
    path = folder / table / f"{plan}.json"
    if path.is_file():
        look = read_sealed(path)
    else:
        look = {"earlier": _earlier(verdict, *(parent / table for parent in (*others, folder))), "n_candidates": 0}
    if not look["n_candidates"]:  # no network has been judged under this plan
        about = {name: getattr(verdict, name) for name in ("plan_sha256", "outcome", "n_candidates")}
        look = about | {"earlier": look["earlier"]}
        write_sealed(path, look)
    earlier = tuple(Look(**kept) for kept in look["earlier"])
    sentence = verdict.sentence
    if earlier:
        sentence += sentences.second_look([kept.outcome for kept in earlier])
    if look["outcome"] != verdict.outcome:
        sentence += sentences.other_answer(look["outcome"])
    return replace(verdict, earlier_looks=earlier, sentence=sentence)


def _earlier(verdict: Verdict, *folders: Path) -> list[dict[str, str]]:
    """Plan and outcome of each look at the table with other folds, the first one first."""
    found: dict[str, dict[str, str]] = {}
    for folder in folders:
        looks = [read_sealed(path) for path in folder.glob("*.json")]
        for look in sorted(looks, key=lambda look: len(look["earlier"])):  # each knows those before it
            about = {name: look[name] for name in ("plan_sha256", "outcome")}
            if look["plan_sha256"] != verdict.plan_sha256:
                found.setdefault(look["plan_sha256"], about)
    return list(found.values())
