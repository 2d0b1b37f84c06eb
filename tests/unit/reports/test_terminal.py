import re
import unicodedata

import pytest
from unit.reports.verdicts import make_small, make_verdict

from yaynay.reports.terminal import text_table


def columns(line: str) -> int:
    """Columns of a terminal that a line takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def test_the_terminal_shows_a_table_with_a_closing_count() -> None:
    verdicts = {"small": make_small(), "big": make_verdict(), "even": make_verdict(outcome="nay", gain=0.0)}
    lines = text_table(verdicts).splitlines()
    (head,) = [line for line in lines if "outcome" in line]
    assert head.split() == ["outcome", "table", "gain", "(90", "%)", "p", "answer"]
    rows = [line.split()[:2] for line in lines if line.split()[0] in ("yay", "nay", "undecided")]
    assert rows == [["yay", "big"], ["nay", "even"], ["undecided", "small"]]
    assert lines[-1] == "3 tables: 1 yay, 1 nay, 1 undecided"
    column = head.index("answer")
    answers = " ".join(" ".join(line[column:] for line in lines).split())
    assert make_small().sentence.strip() in answers


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_no_line_is_longer_than_asked_whatever_the_names(width: int) -> None:
    verdicts = {"n" * 300: make_verdict(), "\u6536" * 20: make_small(), "w": make_verdict(sentence="x" * 500)}
    assert max(map(columns, text_table(verdicts, width=width).splitlines())) <= width


def test_a_number_and_its_percent_sign_stay_together() -> None:
    for width in range(60, 120):
        text = text_table({"big": make_verdict()}, width=width)
        assert not re.search(r"^ *%", text, flags=re.MULTILINE)
        assert "5.2 %" in text


def test_colors_come_only_when_asked_and_change_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    verdicts = {"small": make_small(), "big": make_verdict()}
    colored = text_table(verdicts, color=True)
    assert "\033" not in text_table(verdicts)
    assert re.sub(r"\033\[[\d;]*m", "", colored) == text_table(verdicts)
    assert colored.count("\033[0m") == 2
    monkeypatch.setenv("NO_COLOR", "1")
    assert text_table(verdicts, color=True) == text_table(verdicts)


def test_no_name_moves_the_cursor_or_is_markup() -> None:
    nasty = "\x1b[2J\r\x07[red]" + "x" * 300
    text = text_table({nasty: make_verdict(sentence=nasty)})
    assert set(text) & set("\x1b\r\x07") == set()
    assert "[red]" in text
    assert "\x1b" not in text_table({}, color=True)
