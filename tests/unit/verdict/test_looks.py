from pathlib import Path

import pytest
from unit.reports.verdicts import RULE, make_verdict

from yaynay.config.schema import Rule
from yaynay.errors import DataError
from yaynay.storage import read_with_digest, write_with_digest
from yaynay.verdict import looks
from yaynay.verdict.model import ByRule, Look, Verdict

STRICT = RULE.model_copy(update={"delta": 0.2})


def judged(plan: str, outcome: str = "nay", n_candidates: int = 2, rule: Rule = RULE) -> Verdict:
    return make_verdict(outcome=outcome, plan_sha256=plan * 64, n_candidates=n_candidates, sentence="So.", rule=rule)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}


def test_another_plan_is_a_second_look_and_the_first_outcome_is_told(tmp_path: Path) -> None:
    answers = [judged("a", "nay"), judged("b", "undecided"), judged("c", "yay")]
    first, second, third = (looks.note(answer, tmp_path) for answer in answers)
    assert (first.earlier_looks, first.sentence) == ((), "So.")
    assert "look 2 at this table with other folds: before, it was nay." in second.sentence
    assert "look 3 at this table with other folds: before, it was nay, then undecided." in third.sentence
    assert third.earlier_looks == (Look("a" * 64, "nay"), Look("b" * 64, "undecided"))


def test_asking_again_changes_neither_verdict_nor_file(tmp_path: Path) -> None:
    answers = [looks.note(judged(plan), tmp_path) for plan in "ab"]
    kept = files(tmp_path)
    assert [looks.note(judged(plan), tmp_path) for plan in "ab"] == answers
    assert files(tmp_path) == kept


def test_another_answer_on_the_same_folds_says_the_first_one(tmp_path: Path) -> None:
    looks.note(judged("a"), tmp_path)
    assert looks.note(judged("a", "yay"), tmp_path).sentence.endswith("of another sweep or rule, was nay.")


def test_a_line_alone_is_no_answer_yet(tmp_path: Path) -> None:
    looks.note(judged("a", "undecided", n_candidates=0), tmp_path)
    assert looks.note(judged("a", "nay"), tmp_path).sentence == "So."
    assert "was nay" in looks.note(judged("a", "yay"), tmp_path).sentence


def test_a_line_alone_says_what_a_sweep_with_networks_found(tmp_path: Path) -> None:
    looks.note(judged("a", "undecided"), tmp_path)
    kept = files(tmp_path)
    found = looks.note(judged("a", "undecided", n_candidates=0), tmp_path)
    assert "had networks, and its verdict was undecided" in found.sentence
    assert files(tmp_path) == kept


def test_outcomes_by_other_rules_are_kept_side_by_side(tmp_path: Path) -> None:
    first = looks.note(judged("a", "yay"), tmp_path)
    strict = looks.note(judged("a", "nay", rule=STRICT), tmp_path)
    kept = files(tmp_path)
    back = looks.note(judged("a", "yay"), tmp_path)
    assert (first.other_rules, strict.other_rules) == ((), (ByRule(RULE, "yay", 0.052),))
    assert (back.outcome, back.rule, back.other_rules) == ("yay", RULE, (ByRule(STRICT, "nay", 0.052),))
    assert files(tmp_path) == kept
    assert looks.note(judged("b", "yay"), tmp_path).other_rules == ()  # other folds are another question


def test_a_look_from_before_there_were_rules_is_read_and_completed(tmp_path: Path) -> None:
    looks.note(judged("a"), tmp_path)
    (path,) = tmp_path.rglob("*.json")
    old = read_with_digest(path)
    del old["by_rule"]
    write_with_digest(path, old)
    assert looks.note(judged("a", rule=STRICT), tmp_path).other_rules == ()
    assert looks.note(judged("a"), tmp_path).other_rules == (ByRule(STRICT, "nay", 0.052),)


def test_looks_elsewhere_count_and_stay_as_they_are(tmp_path: Path) -> None:
    """A sweep on the same table with other folds mentions what the pipeline concluded."""
    own, pipeline = tmp_path / "own", tmp_path / "pipeline"
    for plan in "ab":
        looks.note(judged(plan), pipeline)
    kept = files(pipeline)
    found = looks.note(judged("b", "yay"), own, pipeline)
    assert found.earlier_looks == (Look("a" * 64, "nay"),)
    assert looks.note(judged("c"), own, pipeline).earlier_looks == (Look("a" * 64, "nay"), Look("b" * 64, "nay"))
    assert files(pipeline) == kept
    assert looks.note(judged("b", "yay"), own) == found  # the first time counts, whatever is said later


def test_a_look_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / judged("a").table_sha256[:20] / f"{'b' * 20}.json"
    write_with_digest(path, {"plan_sha256": "b" * 64})
    with pytest.raises(DataError, match="not as this version writes it"):
        looks.note(judged("a"), tmp_path)


def test_a_changed_look_is_refused(tmp_path: Path) -> None:
    looks.note(judged("a"), tmp_path)
    (path,) = tmp_path.rglob("*.json")
    path.write_text(path.read_text().replace("nay", "yay"))
    with pytest.raises(DataError, match="does not match its SHA-256"):
        looks.note(judged("a"), tmp_path)
