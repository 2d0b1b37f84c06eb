"""A text file as UTF-8: whatever its encoding was, and with a note where it had to be guessed."""

import codecs
from dataclasses import dataclass

from yaynay.data.columns import quote
from yaynay.data.containers import READABLE, Source
from yaynay.errors import DataError, OptionError

_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1c\x1d\x1e\x1f\x1b\x08\x07"))
"""Bytes that no text in a single-byte encoding holds."""


@dataclass(frozen=True, eq=False)
class Text(Source):
    """A table as UTF-8 text, perhaps with a mark in front.

    Attributes:
        has_quotes: Whether there is a double quote.
        longest: No line is longer [bytes].
    """

    has_quotes: bool = False
    longest: int = 0


def decode(source: Source, encoding: str | None, block_bytes: int) -> Text:
    """The text of a file, in UTF-8.

    Args:
        source: The file.
        encoding: What it is in; None for a mark in front, UTF-8, or else Windows-1252.
        block_bytes: Read at once, up to the next line end [bytes].

    Raises:
        DataError: It is not text; the message names the line and the byte.
        OptionError: There is no such encoding.
    """
    start = source.start(256)
    name = encoding or next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    note = f"text in {name}"
    if name is None and (guess := _guess_utf_16(start)):
        name, note = guess, f"text in {guess}, guessed from its zero bytes; set dataset.encoding if it is another"
    fault = None
    if name is None or _is_utf_8(name):
        fault, has_quotes, longest = _scan(source, block_bytes)
        if fault is None:
            return Text(source.path, source.content, source.notes, has_quotes, longest)
    if fault is not None:
        if encoding is not None or fault.is_nul:
            raise _not_text(source, fault.line, fault.reason)
        name = "Windows-1252"
        note = (
            f"text in Windows-1252, guessed: it is not UTF-8 (line {fault.line}: {fault.reason}); set "
            "dataset.encoding if it is another"
        )
    converted = _convert(source, str(name), note)
    fault, has_quotes, longest = _scan(converted, block_bytes)
    if fault is not None:
        raise _not_text(source, fault.line, fault.reason)
    return Text(source.path, converted.content, converted.notes, has_quotes, longest)


def _is_utf_8(name: str) -> bool:
    try:
        "".encode(name)
        return codecs.lookup(name).name in ("utf-8", "utf-8-sig", "ascii")
    except LookupError:
        raise OptionError(
            f"option 'dataset.encoding': {quote(name)} is unknown; allowed: utf-8, utf-16, latin-1, cp1252 and "
            "the other text encodings of Python; correct it"
        ) from None


def _guess_utf_16(start: bytes) -> str | None:
    """UTF-16 without a mark, where every second byte of plain text is zero."""
    pairs = start[: len(start) // 2 * 2]
    if len(pairs) < 4:
        return None
    for name, zeros, others in (("UTF-16-LE", pairs[1::2], pairs[::2]), ("UTF-16-BE", pairs[::2], pairs[1::2])):
        if zeros.count(0) > 0.7 * len(zeros) and 0 not in others:
            return name
    return None


def _convert(source: Source, name: str, note: str) -> Source:
    content = source.read()
    if name == "Windows-1252":
        at = next((at for at, byte in enumerate(content) if byte in _CONTROLS), None)
        if at is not None:
            raise _not_text(source, content.count(b"\n", 0, at) + 1, f"byte {at + 1} is {content[at]:#04x}")
    try:
        text = content.decode(name)
    except UnicodeDecodeError as error:
        if name != "Windows-1252":
            line = content.count(b"\n", 0, error.start) + 1
            raise _not_text(source, line, f"byte {error.start + 1} is not {name}") from None
        text, note = content.decode("latin-1"), note.replace("Windows-1252", "Latin-1")
    return Source(source.path, text.removeprefix("\ufeff").encode(), (*source.notes, note))


@dataclass(frozen=True)
class _Fault:
    line: int
    reason: str
    is_nul: bool


def _scan(source: Source, block_bytes: int) -> tuple[_Fault | None, bool, int]:
    """The first byte that is not UTF-8 text, whether there is a quote, and a length that no line exceeds."""
    has_quotes, longest, n_lines, n_bytes = False, 0, 0, 0
    with source.open() as file:
        while block := file.read(block_bytes) + file.readline():
            if (found := _find_foreign_byte(block)) is not None:
                at, reason = found
                line = n_lines + block.count(b"\n", 0, at) + 1
                return _Fault(line, reason.format(n_bytes + at + 1), block[at] == 0), has_quotes, longest
            has_quotes = has_quotes or b'"' in block
            longest = max(longest, len(block))
            n_lines += block.count(b"\n")
            n_bytes += len(block)
    return None, has_quotes, longest


def _find_foreign_byte(block: bytes) -> tuple[int, str] | None:
    """Position of the first byte that is not UTF-8 text, and what to say of it, with {} for its number in the file."""
    try:
        block.decode()
        end = len(block)
    except UnicodeDecodeError as error:
        end = error.start
    if (at := block.find(0, 0, end)) >= 0:
        return at, "NUL at byte {}"
    return (end, f"byte {{}} is {block[end]:#04x}") if end < len(block) else None


def _not_text(source: Source, line: int, reason: str) -> DataError:
    return DataError(f"{source.path}:{line}: not text: {reason}; {READABLE} are read; save it again as one of them")
