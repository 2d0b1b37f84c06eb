"""How a text file is written: what stands between fields, which lines come before the table, where names are."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yaynay.data.columns import clean_name
from yaynay.data.encoding import Text
from yaynay.errors import OptionError

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
"""What may stand between two fields, by name; `space` is any run of blanks and tabs."""

SAMPLE_BYTES = 1 << 18
"""Lines that decide how the whole file is read; what does not fit further down is refused with its line."""

_ROWS = 300
_NUMBER = re.compile(r"[($€£¥]*[+-]?(?:[0-9][0-9.,' ]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?\s*[%$€£¥)]?")
_NUMERIC = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Dialect:
    """How to take a text apart.

    Attributes:
        separator: One character.
        is_aligned: Whether runs of blanks separate fields; they are made one blank first.
        n_skipped: Lines before the table.
        names: The header as it stands there; None where the first line is a row already.
        header_line: The header's line, or the first row's.
        width: Fields of a row.
        n_trailing: How many of them are empty because each line ends in a separator.
        has_header_row: Whether the first line that is not skipped holds names.
        is_header_short: Whether that line lacks the separator in which all others end.
        notes: What was recognised.
    """

    separator: str
    is_aligned: bool = False
    n_skipped: int = 0
    names: tuple[str, ...] | None = None
    header_line: int = 1
    width: int = 0
    n_trailing: int = 0
    has_header_row: bool = True
    is_header_short: bool = False
    notes: tuple[str, ...] = ()


def sniff(text: Text, separator: str | None, has_header: bool | None, target: str) -> Dialect:
    """The dialect of a text, from its first lines.

    Args:
        text: The file.
        separator: A name or character of `SEPARATORS`; None to find out.
        has_header: Whether names come first; None to find out.
        target: A first line of numbers is a header where one of them is this.

    Raises:
        OptionError: There is no such separator.
    """
    lines, ends_early = _first_lines(text)
    n_skipped, comments, declared = _preamble(lines)
    notes = [f"{len(comments)} comment lines before the table were skipped"] if comments else []
    wanted = SEPARATORS.get(separator, separator) if separator is not None else declared
    if separator is not None and wanted not in SEPARATORS.values():
        raise OptionError(f"option 'dataset.separator': {separator!r} is unknown; allowed: {', '.join(SEPARATORS)}")
    mark, rows = _choose(lines[n_skipped:], wanted, text.path, ends_early, target)
    if not rows:
        return Dialect(mark, n_skipped=n_skipped, notes=tuple(notes))
    usual = "\t" if text.path.name.lower().split(".")[1:2] == ["tsv"] else ","
    if mark != usual and separator is None:
        name = next(name for name, character in SEPARATORS.items() if character == mark)
        notes.append(f"fields are separated by {'white space' if mark == ' ' else f'a {name}'}")
    first, others = rows[0], rows[1:]
    line = n_skipped + 1 + next((n for n, content in enumerate(lines[n_skipped:]) if content.strip()), 0)
    names: tuple[str, ...] | None = tuple(first)
    is_row = has_header is False or (has_header is None and _is_row(first, target))
    commented = _commented_header(comments, mark, first, others) if has_header is None else None
    if is_row or commented:
        names, others = commented, rows
        notes += [] if commented else ["the first line holds only numbers, so it is a row: columns are numbered"]
    elif len(others) > 1 and all(len(row) == len(first) + 1 and not row[-1].strip() for row in others):
        names = (*first, "")
    elif len(others) > 1 and _are_numbered(first, others):
        names = ("", *first)
        notes.append("each row has a field more than the header, which numbers the rows")
    width = len(first) if names is None else len(names)
    n_trailing = _count_trailing(names, [row for row in others if len(row) == width])
    if n_trailing:
        notes.append("each line ends in a separator, after which nothing comes")
    return Dialect(
        separator=mark,
        is_aligned=mark == " ",
        n_skipped=n_skipped,
        names=names,
        header_line=line,
        width=width,
        n_trailing=n_trailing,
        has_header_row=not (is_row or commented),
        is_header_short=names is not None and not commented and len(names) > len(first),
        notes=tuple(notes),
    )


def _first_lines(text: Text) -> tuple[list[str], bool]:
    """The sample's lines, and whether the file goes on."""
    content = text.start(SAMPLE_BYTES + text.longest)
    ends_early = len(content) == SAMPLE_BYTES + text.longest
    lines = re.split(r"\r\n|\n|\r", content.decode("utf-8-sig", errors="ignore"))
    return (lines[:-1] if ends_early and len(lines) > 1 else lines), ends_early


def _preamble(lines: Sequence[str]) -> tuple[int, list[str], str | None]:
    """How many lines come before the table, the comments among them, and a separator that a spreadsheet declares."""
    comments: list[str] = []
    for number, line in enumerate(lines):
        if declared := re.fullmatch(r'"?sep=([,;|\t])"?', line.strip(" ")):
            return number + 1, comments, declared[1]
        if line.lstrip().startswith("#"):
            comments.append(line.lstrip().lstrip("# \t"))
        elif line.strip():
            return number, comments, None
    return len(lines), comments, None


def _split(lines: Sequence[str], mark: str) -> list[list[str]]:
    """Rows of the sample that are not blank, by Python's reader, which here forgives quotes."""
    rows: list[list[str]] = []
    content = "\n".join(squeeze(line) if mark == " " else line for line in lines)
    try:
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=mark):
            rows += [row] if len(row) > 1 or any(cell.strip(" \x1a") for cell in row) else []
            if len(rows) == _ROWS:
                break
    except csv.Error:  # a field beyond Python's limit, which the strict reading will name
        pass
    return rows


def squeeze(line: str) -> str:
    """A line with one blank between its fields; quoted cells keep theirs.

    >>> squeeze('  1.5   "New  York"  3 ')
    '1.5 "New  York" 3'
    """
    if '"' not in line:
        return " ".join(line.split())
    return re.sub(r'("(?:[^"]|"")*")|[ \t]+', lambda found: found[1] or " ", line).strip()


def _choose(
    lines: Sequence[str], wanted: str | None, path: Path, ends_early: bool, target: str
) -> tuple[str, list[list[str]]]:
    """The separator that gives every row as many fields as the first; of several, one that gives the target's name.

    Of those it is the one with plainer cells.
    """
    if wanted is not None:
        return wanted, _split(lines, wanted)
    usual = "\t" if path.name.lower().split(".")[1:2] == ["tsv"] else ","
    best: tuple[tuple[float, ...], str, list[list[str]]] | None = None
    for mark in SEPARATORS.values():
        if not any(mark in line for line in lines[:_ROWS]) and mark != " ":
            continue
        rows = _split(lines, mark)
        if ends_early and len(rows) < _ROWS:
            rows = rows[:-1]
        if not rows:
            continue
        widths = Counter(map(len, rows[1:] or rows))
        width, count = widths.most_common(1)[0]
        if width < 2 or (len(rows) > 1 and len(rows[0]) < 2):
            continue
        is_torn = any(cell.count('"') % 2 for row in rows for cell in row)
        fits = count == widths.total() and len(rows[0]) in (width, width - (not any(row[-1] for row in rows[1:])))
        cells = [cell.strip() for row in rows[1:50] or rows for cell in row]
        n_plain = sum(not cell or bool(_NUMBER.fullmatch(cell)) for cell in cells) / len(rows[1:50] or rows)
        is_whole = fits and not is_torn
        is_likely = is_whole and (mark != " " or n_plain > 0.4 * width)
        share = count / widths.total()
        is_named = target in map(clean_name, rows[0])
        score = (
            is_whole and mark != " ",
            is_likely,
            is_whole,
            is_named,
            fits,
            round(n_plain, 1),
            share,
            width,
            mark == usual,
        )
        if best is None or score > best[0]:
            best = (score, mark, rows)
    return (best[1], best[2]) if best else (usual, _split(lines, usual))


def _is_row(first: Sequence[str], target: str) -> bool:
    """Whether a first line holds nothing but numbers; then it can be no header, unless the target is named in it."""
    cells = [cell.strip() for cell in first]
    while cells and not cells[-1]:
        cells.pop()
    return target not in cells and len(cells) > 1 and all(_NUMERIC.fullmatch(cell) for cell in cells)


def _are_numbered(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether rows begin with their number, for which the header has no name, as R writes them."""
    return all(len(row) == len(first) + 1 and row[0] == str(number) for number, row in enumerate(others, 1))


def _commented_header(
    comments: Sequence[str], mark: str, first: Sequence[str], others: Sequence[Sequence[str]]
) -> tuple[str, ...] | None:
    """Names in the last comment, as NumPy writes them: one for each field, above a row that is like all others."""
    is_number = [all(_NUMERIC.fullmatch(cell.strip()) for cell in column) for column in zip(*others, strict=False)]
    is_like = all(_NUMERIC.fullmatch(cell.strip()) for cell, number in zip(first, is_number, strict=False) if number)
    if not comments or not any(is_number) or not is_like:
        return None
    names = _split([comments[-1]], mark)
    return tuple(names[0]) if names and len(names[0]) == len(first) > 1 else None


def _count_trailing(names: tuple[str, ...] | None, rows: Sequence[Sequence[str]]) -> int:
    """Empty fields at the end of each line, the header's too."""
    count = 0
    fields = [row for row in [*rows, *([names] if names is not None else [])] if row]
    while rows and fields and all(len(row) - count > 2 and not row[-1 - count].strip() for row in fields):
        count += 1
    return count
