import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from unit.reports.verdicts import RULE, TIMINGS, make_parity, make_small, make_verdict

from yaynay.reports import page
from yaynay.verdict.model import ByRule, Verdict

NASTY = [
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    r"$\frac{1}{$",
    "n" * 300,
    "two\nlines",
]


def render(verdicts: dict[str, Verdict], pictures: dict[str, list[Path]] | None = None) -> str:
    return page.render(verdicts, dict.fromkeys(verdicts, TIMINGS), pictures or {})


class Nodes(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, attribute: str) -> list[str]:
        return [attributes[attribute] for name, attributes in self.tags if name == tag and attribute in attributes]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_the_page_answers_first_and_then_explains() -> None:
    text = Nodes(render({"small": make_small(), "big": make_verdict()})).text
    assert "2 tables: 1 yay, 0 nay, 1 undecided" in text
    answers = [
        "+5.2 % (1.2 to 9.2)",
        "relu 1",
        "torch 1 x 16, adamw lr 0.03",
        "bfa75a",
        "in 1 of 10 folds",
        "1.3 us",
    ]
    places = [text.index(answer) for answer in answers[:2]]
    assert places == sorted(places)
    assert all(answer in text for answer in answers)
    assert text.index("big") < text.index("small")


def test_pictures_are_relative_files_with_a_description(tmp_path: Path) -> None:
    pictures = {"big": [Path("pictures/big") / f"{kind}.png" for kind in ("curves", "fit")]}
    for path in (*pictures["big"], page.OVERVIEW, page.DEPTHS):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    nodes = Nodes(render({"big": make_verdict()}, pictures))
    shown = nodes.all("img", "src")
    assert shown == ["overview.png", "depths.png", "pictures/big/fit.png", "pictures/big/curves.png"]
    links = [link for link in nodes.all("a", "href") if not link.startswith("#")]
    assert all((tmp_path / link).is_file() for link in shown + links)
    assert all(nodes.all("img", "alt"))
    anchors = [link[1:] for link in nodes.all("a", "href") if link.startswith("#")]
    assert anchors
    assert set(anchors) <= {attributes["id"] for _, attributes in nodes.tags if "id" in attributes}


@pytest.mark.parametrize("text", NASTY)
def test_no_text_from_data_becomes_a_node(text: str) -> None:
    ordinary = make_verdict(parity=make_parity("yay"), remarks=("a remark",))
    plain = Nodes(render({"a": ordinary}, {"a": [Path("a/fit.png")]}))
    verdict = replace(
        ordinary, sentence=text, winner=text, kernel_p_values={text: 0.1}, table_sha256=text, remarks=(text,)
    )
    nodes = Nodes(render({text: verdict}, {text: [Path(text) / "fit.png"]}))
    assert [tag for tag, _ in nodes.tags if tag in ("script", "svg", "object", "iframe")] == []
    assert [name for _, attributes in nodes.tags for name in attributes if name.startswith("on")] == []
    assert nodes.all("p", "style") == []
    assert not any(link.startswith("javascript:") for link in nodes.all("a", "href") + nodes.all("img", "src"))
    assert " ".join(text.split()) in nodes.text
    count = {tag: sum(name == tag for name, _ in plain.tags) for tag, _ in plain.tags}
    assert {tag: sum(name == tag for name, _ in nodes.tags) for tag, _ in nodes.tags} == count | {
        "dt": count["dt"] - 1  # one kernel, not two
    } | {"dd": count["dd"] - 1}


def test_the_policy_allows_this_style_and_no_script() -> None:
    text = render({})
    nodes = Nodes(text)
    (policy,) = [
        attributes["content"]
        for tag, attributes in nodes.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    (style,) = re.findall(r"<style>(.*)</style>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "No table has a verdict yet" in nodes.text


def test_backends_are_compared_and_a_disagreement_is_loud() -> None:
    agreeing = Nodes(render({"big": make_verdict(parity=make_parity("yay"))}))
    assert "2.0e-05" in agreeing.text
    assert agreeing.all("p", "role") == []
    disagreeing = Nodes(render({"big": make_verdict(parity=make_parity("nay"))}))
    assert disagreeing.all("p", "role") == ["alert"]
    assert "Backends disagree on the verdict for big." in disagreeing.text
    assert "Backends" not in Nodes(render({"big": make_verdict()})).text


def test_differences_without_a_common_network_are_shown_without_a_verdict() -> None:
    nodes = Nodes(render({"big": make_verdict(parity=replace(make_parity("yay"), outcomes={}))}))
    assert "big tensorflow none: no common network 3.0e-06 2.0e-05 1.0e-06" in nodes.text
    assert nodes.all("p", "role") == []


def test_p_values_are_adjusted_over_the_suite() -> None:
    values = {"a": 0.03, "b": 0.04, "c": 0.01}
    text = Nodes(render({name: make_verdict(p_value=p) for name, p in values.items()} | {"small": make_small()})).text
    assert "c 0.010 0.030 a 0.030 0.040 b 0.040 0.040" in text


def test_the_level_is_that_of_the_rule() -> None:
    strict = RULE.model_copy(update={"alpha": 0.001})
    text = Nodes(render({"big": make_verdict(rule=strict)})).text
    assert "an adjusted p of at most 0.1 %" in text
    assert "at most 5 %" not in text
    assert "alpha 0.1 %, delta 1 %, delta_nay 2 %, 1,999 draws" in text


def test_different_rules_are_told_and_get_no_common_level() -> None:
    other = RULE.model_copy(update={"delta": 0.2})
    nodes = Nodes(render({"big": make_verdict(), "other": make_verdict(rule=other)}))
    assert nodes.all("p", "role") == ["alert"]
    assert "Different rules decided for these tables" in nodes.text
    assert "an adjusted p of at most" not in nodes.text
    assert "delta 20 %" in nodes.text


def test_outcomes_by_other_rules_stand_beside_the_verdict() -> None:
    other = ByRule(RULE.model_copy(update={"delta": 0.2}), "nay", 0.052)
    verdict = make_verdict(other_rules=(other,))
    text = Nodes(render({"big": verdict})).text
    rows = ["alpha 5 %, delta 1 %, delta_nay 2 %, 1,999 draws yay +5.2 %", "alpha 5 %, delta 20 %"]
    assert text.index(rows[0]) < text.index(rows[1])
    assert "By other rules" not in Nodes(render({"big": make_verdict()})).text
    lines = page.markdown(verdict, TIMINGS, "big").splitlines()
    assert "| alpha 5 %, delta 1 %, delta\\_nay 2 %, 1,999 draws | yay | +5.2 % |" in lines
    assert "| alpha 5 %, delta 20 %, delta\\_nay 2 %, 1,999 draws | nay | +5.2 % |" in lines
    assert "rule | outcome" not in page.markdown(make_verdict(), TIMINGS, "big")


@pytest.mark.parametrize(
    ("rows", "is_between", "words"), [(740, False, "about 740"), (None, True, "no number would do")]
)
def test_the_page_says_how_many_rows_would_settle_it(rows: int | None, is_between: bool, words: str) -> None:
    verdict = make_verdict(outcome="undecided", rows_needed=rows, is_between=is_between)
    assert f"rows needed {words}" in Nodes(render({"big": verdict})).text


def test_the_description_is_markdown_with_one_table() -> None:
    lines = page.markdown(make_verdict(), TIMINGS, "big").splitlines()
    assert lines[0] == "**big: yay**"
    assert "| rmse | 3.763 | 3.547 |" in lines
    assert "folds: 5 x 2 repeats" in lines[-1]
    small = page.markdown(make_small(), replace(TIMINGS, fit_seconds_network=None), "small")
    assert "| rmse on training rows | 3.763 | - |" in small
    assert "folds: none" in small


RIDGE = {"rmse_ridge": 3.65, "gain_ridge": 0.031, "gain_ridge_low": 0.01, "gain_ridge_high": 0.052}


def test_ridge_is_shown_between_line_and_network_and_shrinkage_is_said() -> None:
    timings = replace(TIMINGS, fit_seconds_ridge=0.2)
    text = Nodes(page.render({"big": make_verdict(**RIDGE)}, {"big": timings}, {})).text
    assert "line ridge network rmse, out of fold 3.763 3.650 3.547 parameters 11 11 193" in text
    assert "80 ms 200 ms 7.9 s" in text
    assert "gain of ridge +3.1 % (1.0 to 5.2), 90 % interval" in text
    said = "3.1 percentage points more of the variance than least squares"
    assert said in text
    lines = page.markdown(make_verdict(**RIDGE), timings, "big").splitlines()
    assert "| rmse | 3.763 | 3.650 | 3.547 |" in lines
    assert "| training | 80 ms | 200 ms | 7.9 s |" in lines
    assert said in lines[2]
    assert "of ridge +3.1 % (1.0 to 5.2)" in lines[-1]


@pytest.mark.parametrize("verdict", [make_verdict(), make_small()])
def test_without_ridge_nothing_is_said_of_it(verdict: Verdict) -> None:
    facts = Nodes(render({"big": verdict})).text.partition("big yay")[2]
    assert "ridge" not in facts
    assert "ridge" not in page.markdown(verdict, TIMINGS, "big")


@pytest.mark.parametrize("text", [*NASTY, "a|b", "**bold** `code` [link](x) # ~"])
def test_markdown_cells_are_plain_text(text: str) -> None:
    written = page.markdown(make_verdict(sentence=text, winner=text), TIMINGS, text)
    rows = [line for line in written.splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert "<" not in written
    assert not re.search(r"(?<!\\)[`\[\]~]", written)
