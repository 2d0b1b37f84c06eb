"""Earlier looks at a table: one plan, one verdict, so that nobody reruns with other folds until it says yay."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from yaynay.records.store import Store
from yaynay.storage import read_sealed, write_sealed
from yaynay.verdict.conclusion import Conclusion


def note(conclusion: Conclusion, store: Store) -> Conclusion:
    """Note that a table was judged under a plan, and say so in the verdict where it was judged under another before.

    The first verdict under a plan is kept in `looks/TABLE/PLAN.json` of the store, with those that went before it;
    asking again under the same plan is no new look, but another answer there says what the first one was.

    Args:
        conclusion: What was concluded.
        store: The project's records, whatever store the sweep itself is in.

    Returns:
        The conclusion; its verdict has `earlier_looks`, outcome and plan of each, and says so in its sentence.
    """
    verdict = conclusion.verdict
    folder = store.folder / "looks" / verdict["table_sha256"][:20]
    path = folder / f"{verdict['plan_sha256'][:20]}.json"
    look: dict[str, Any] = {"earlier": _earlier(folder), "n_candidates": 0}
    if path.is_file():
        look = read_sealed(path)
    if not look["n_candidates"]:  # no network has been judged under this plan
        about = {name: verdict[name] for name in ("plan_sha256", "outcome", "n_candidates")}
        look = about | {"earlier": look["earlier"]}
        write_sealed(path, look)
    earlier = look["earlier"]
    sentence = verdict["sentence"] + (_told([one["outcome"] for one in earlier]) if earlier else "")
    if look["outcome"] != verdict["outcome"]:
        sentence += f" But the first verdict on these folds, of another sweep or rule, was {look['outcome']}."
    return replace(conclusion, verdict=verdict | {"earlier_looks": earlier, "sentence": sentence})


def _earlier(folder: Path) -> list[dict[str, str]]:
    """Plan and outcome of each look at a table so far, the first one first."""
    looks = sorted((read_sealed(path) for path in folder.glob("*.json")), key=lambda look: len(look["earlier"]))
    return [{"plan_sha256": look["plan_sha256"], "outcome": look["outcome"]} for look in looks]


def _told(outcomes: list[str]) -> str:
    """What a reader must know of a second look.

    >>> _told(["nay"]).split(".")[0]
    ' But this is look 2 at this table with other folds: before, it was nay'
    """
    said = ", then ".join(outcomes)
    return (
        f" But this is look {len(outcomes) + 1} at this table with other folds: before, it was {said}. The first "
        "verdict counts; choosing among looks makes a false yay likelier than verdict.alpha says."
    )
