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
    assert " ".join(head.split()) == "outcome table gain in R2 (90 %) p rmse: line ridge network"
    rows = [" ".join(line.split()) for line in lines if line.split()[0] in ("yay", "nay", "undecided")]
    assert rows == [
        "yay big +5.2 % (1.2 to 9.2) 0.001 3.763 - 3.547",
        "nay even 0.0 % (1.2 to 9.2) 0.001 3.763 - 3.547",
        "undecided small - - - - -",  # errors on training rows are no forecast
    ]
    assert lines[-1] == "3 tables: 1 yay, 1 nay, 1 undecided"


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_each_table_takes_one_line_no_longer_than_asked_whatever_it_is_called(width: int) -> None:
    worst = make_verdict(
        gain=-40.0, gain_low=-900.0, gain_high=820.0, rmse_linear=-1.23456e-7, rmse_network=-123456789.0
    )
    verdicts = {
        "n" * 300: make_verdict(),
        "\u6536" * 20: make_small(),
        "w": make_verdict(sentence="x" * 500),
        "x": worst,
    }
    lines = text_table(verdicts, width=width).splitlines()
    assert len(lines) == len(verdicts) + 5
    assert max(map(columns, lines)) <= width


@pytest.mark.parametrize("width", [60, 80, 100])
def test_names_that_differ_at_their_ends_still_do_where_they_are_cut(width: int) -> None:
    names = [f"{'sales' * 20}-{year}" for year in (2023, 2024)]
    lines = text_table(dict.fromkeys(names, make_verdict()), width=width).splitlines()
    assert "-2023 " in lines[3]
    assert "-2024 " in lines[4]


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
