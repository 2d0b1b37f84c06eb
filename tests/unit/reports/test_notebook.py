"""An answer in a notebook: it stands alone, runs nothing, and takes the colors of its page."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from unit.concluded import conclude_table, make_frame, make_table

from yaynay.data.table import Table
from yaynay.reports.notebook import html
from yaynay.verdict.comparison import compare
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.sentences import advice

ALLOWED = {
    "b": set(),
    "div": {"style"},
    "img": {"alt", "src", "style"},
    "li": set(),
    "p": {"style"},
    "table": {"style"},
    "td": {"style"},
    "th": {"style"},
    "tr": {"style"},
    "ul": {"style"},
}
"""Tags and their attributes; so there is no script, no link and nothing that is loaded."""


class Page(HTMLParser):
    """What a browser makes of a fragment: its tags, balanced, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= ALLOWED[tag]
        self.attributes.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def show(conclusion: Conclusion) -> tuple[str, Page]:
    text = html(conclusion, compare(conclusion))
    assert len(text.encode()) < 200_000
    return text, Page(text)


@pytest.mark.parametrize(("n_rows", "share"), [(80, 0.6), (300, 0.0), (12, 0.3), (60, None)])
def test_a_fragment_says_what_the_card_says_with_a_picture(n_rows: int, share: float | None) -> None:
    conclusion = conclude_table(make_table(n_rows), share)
    _, page = show(conclusion)
    verdict = conclusion.verdict
    assert f"toy: {verdict.outcome}: {advice(verdict)}" in page.text
    assert verdict.sentence in page.text
    assert "least squares" in page.text
    assert ("torch 1 x 4" in page.text) == (share is not None)
    (image,) = [about for tag, about in page.attributes if tag == "img"]
    source = image["src"] or ""
    assert base64.b64decode(source.removeprefix("data:image/png;base64,"))[:8] == b"\x89PNG\r\n\x1a\n"
    assert image["alt"] == "toy: predicted against observed, for each model"


def test_one_feature_is_shown_with_both_fits_through_the_data() -> None:
    _, page = show(conclude_table(make_table(60, ["income"]), 0.6))
    (image,) = [about for tag, about in page.attributes if tag == "img"]
    assert image["alt"] == "toy: the models through the data, y over income"


def test_no_letter_has_a_color_that_a_page_may_have_too() -> None:
    """Text takes the page's own color, so it shows on light and dark."""
    text, page = show(conclude_table(make_table(80), 0.6))
    styles = "; ".join(about.get("style") or "" for _, about in page.attributes)
    assert set(re.findall(r"(?<![\w-])color:([^;]+)", styles)) <= {"inherit"}
    assert set(re.findall(r"background:([^;]+)", styles)) <= {"transparent"}
    assert "<style" not in text


HOSTILE = "<script>alert('1')</script>"


def test_names_from_data_are_text_wherever_they_stand() -> None:
    names = [HOSTILE, '"><img src=x onerror=alert(1)>', "</td></table>&amp;"]
    frame = make_frame(60, names, "</p><b>y")
    frame["kind"] = np.array(["<i>a", "<i>b"] * 30, dtype=object)
    table = Table(HOSTILE, frame, "</p><b>y", "made here", remarks=(HOSTILE, "\x1b[2J"))
    text, page = show(conclude_table(table, 0.6))
    assert "<script" not in text
    assert page.text.count("<script>alert") >= 3  # the table's name, a term and a remark
    assert "&amp;" in page.text
    alone = make_frame(60, [HOSTILE], "y")
    assert "<script" not in show(conclude_table(Table("toy", alone, "y", "made here")))[0]


def test_a_large_table_with_many_remarks_stays_small() -> None:
    frame = make_frame(4000, ["a", "\u6536" * 60], "y")
    remarks = tuple(f"column {number}: {'long ' * 500}" for number in range(300))
    _, page = show(conclude_table(Table("toy", frame, "y", "made here", remarks=remarks), 0.6))
    assert "and 290 more" in page.text
