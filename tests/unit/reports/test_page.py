import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from yaynay.reports import page

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


def make_verdict(**changes: Any) -> dict[str, Any]:
    verdict = {
        "outcome": "yay",
        "sentence": "The network is worth it: it explains 5.2 % more of the variance than the line.",
        "p_value": 0.001,
        "kernel_p_values": {"relu_1": 0.001, "gaussian": 0.25},
        "gain": 0.052,
        "gain_low": 0.012,
        "gain_high": 0.092,
        "gain_standard_error": 0.016,
        "gain_corrected_error": 0.022,
        "share_of_line": 0.1,
        "rows_needed": None,
        "rmse_linear": 3.763,
        "rmse_network": 3.547,
        "is_cross_validated": True,
        "n_rows": 500,
        "n_features": 10,
        "n_folds": 5,
        "n_repeats": 2,
        "n_configurations": 14,
        "n_candidates": 12,
        "n_failed": 1,
        "n_parameters_linear": 11,
        "n_parameters_network": 193,
        "fit_seconds_linear": 0.08,
        "fit_seconds_network": 7.9,
        "predict_microseconds_per_row": 1.3,
        "winner": "torch 1 x 16, adamw lr 0.03",
        "winner_key": "8ce3ab",
        "table_sha256": "d64812",
        "plan_sha256": "bfa75a",
        "truth_rmse": 2.8,
    }
    return verdict | changes


def make_small() -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            "p_value",
            "gain",
            "gain_low",
            "gain_high",
            "gain_standard_error",
            "gain_corrected_error",
            "truth_rmse",
        )
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
        fit_seconds_network=None,
        predict_microseconds_per_row=None,
        winner=None,
        winner_key=None,
    )


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
    text = Nodes(page.render({"small": make_small(), "big": make_verdict()}, {})).text
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
    for path in (*pictures["big"], page.OVERVIEW):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    nodes = Nodes(page.render({"big": make_verdict()}, pictures))
    shown = nodes.all("img", "src")
    assert shown == ["overview.png", "pictures/big/fit.png", "pictures/big/curves.png"]
    links = [link for link in nodes.all("a", "href") if not link.startswith("#")]
    assert all((tmp_path / link).is_file() for link in shown + links)
    assert all(nodes.all("img", "alt"))
    anchors = [link[1:] for link in nodes.all("a", "href") if link.startswith("#")]
    assert anchors
    assert set(anchors) <= {attributes["id"] for _, attributes in nodes.tags if "id" in attributes}


@pytest.mark.parametrize("text", NASTY)
def test_no_text_from_data_becomes_a_node(text: str) -> None:
    plain = Nodes(page.render({"a": make_verdict()}, {"a": [Path("a/fit.png")]}, parity("x", "yay")))
    verdict = make_verdict(sentence=text, winner=text, kernel_p_values={text: 0.1}, table_sha256=text)
    nodes = Nodes(page.render({text: verdict}, {text: [Path(text) / "fit.png"]}, parity(text, "yay")))
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
    text = page.render({}, {})
    nodes = Nodes(text)
    (policy,) = [one["content"] for tag, one in nodes.tags if one.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*)</style>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "No table has a verdict yet" in nodes.text


def parity(name: str, other: str) -> dict[str, Any]:
    difference = {"curves": 3e-6, "weights": 2e-5, "predictions": 1e-6}
    return {name: {"outcomes": {"torch": "yay", "tensorflow": other}, "differences": {"tensorflow": difference}}}


def test_backends_are_compared_and_a_disagreement_is_loud() -> None:
    verdicts = {"big": make_verdict()}
    agreeing = Nodes(page.render(verdicts, {}, parity("big", "yay")))
    assert "2.0e-05" in agreeing.text
    assert agreeing.all("p", "role") == []
    disagreeing = Nodes(page.render(verdicts, {}, parity("big", "nay")))
    assert disagreeing.all("p", "role") == ["alert"]
    assert "Backends disagree on the verdict of big." in disagreeing.text
    assert "Backends" not in Nodes(page.render(verdicts, {}, None)).text


def test_p_values_are_adjusted_over_the_suite() -> None:
    verdicts = {"a": make_verdict(p_value=0.03), "b": make_verdict(p_value=0.04), "small": make_small()}
    verdicts["c"] = make_verdict(p_value=0.01)
    assert page._adjusted(verdicts) == pytest.approx({"c": 0.03, "a": 0.04, "b": 0.04})
    assert list(page._adjusted(verdicts)) == ["c", "a", "b"]


def test_the_description_is_markdown_with_one_table() -> None:
    lines = page.markdown(make_verdict(), "big").splitlines()
    assert lines[0] == "**big: yay**"
    assert "| rmse | 3.763 | 3.547 |" in lines
    assert "folds: 5 x 2 repeats" in lines[-1]
    small = page.markdown(make_small(), "small")
    assert "| rmse on training rows | 3.763 | - |" in small
    assert "folds: none" in small


@pytest.mark.parametrize("text", [*NASTY, "a|b", "**bold** `code` [link](x) # ~"])
def test_markdown_cells_are_plain_text(text: str) -> None:
    written = page.markdown(make_verdict(sentence=text, winner=text), text)
    rows = [line for line in written.splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert "<" not in written
    assert not re.search(r"(?<!\\)[`\[\]~]", written)


def test_the_terminal_shows_a_table_with_a_closing_count() -> None:
    verdicts = {"small": make_small(), "big": make_verdict(), "even": make_verdict(outcome="nay", gain=0.0)}
    lines = page.text_table(verdicts).splitlines()
    assert lines[0].split() == ["outcome", "table", "gain", "(90", "%)", "p", "answer"]
    assert [line.split()[:2] for line in lines if line[:1].isalpha()][1:] == [
        ["yay", "big"],
        ["nay", "even"],
        ["undecided", "small"],
    ]
    assert lines[-1] == "3 tables: 1 yay, 1 nay, 1 undecided"
    assert max(map(len, lines)) <= 140
    column = lines[0].index("answer")
    answer = " ".join(" ".join(line[column:] for line in lines[-5:-2]).split())
    assert make_small()["sentence"].strip().endswith(answer.rsplit(".", 2)[1].strip() + ".")
    assert len(page.text_table({"big": make_verdict()}, width=160).splitlines()) == 5


def test_colors_come_only_when_asked_and_change_no_text() -> None:
    verdicts = {"small": make_small(), "big": make_verdict()}
    colored = page.text_table(verdicts, color=True)
    assert "\033" not in page.text_table(verdicts)
    assert re.sub(r"\033\[[\d;]*m", "", colored) == page.text_table(verdicts)
    assert colored.count("\033[0m") == 2


def test_no_name_moves_the_cursor() -> None:
    nasty = "\x1b[2J\r\x07" + "x" * 300
    text = page.text_table({nasty: make_verdict(sentence=nasty)})
    assert set(text) & set("\x1b\r\x07") == set()
    assert "\x1b" not in page.text_table({}, color=True)
