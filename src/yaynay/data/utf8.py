"""Whether a file is UTF-8 text, and where it is not."""

import codecs
from pathlib import Path

from yaynay.errors import DataError

_FOREIGN_MARKS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def check_utf8(path: Path, block_bytes: int) -> tuple[bool, int]:
    """Refuse a file that is not UTF-8 text, with or without a byte-order mark.

    Args:
        path: The file.
        block_bytes: Read at once, up to the next line end [bytes].

    Returns:
        Whether there is a double quote, and the size of the largest block, which no line exceeds [bytes].

    Raises:
        DataError: It is not UTF-8 text; the message names the line and the byte.
    """
    has_quotes, largest, n_lines, n_bytes = False, 0, 0, 0
    with path.open("rb") as file:
        foreign = [name for mark, name in _FOREIGN_MARKS.items() if file.peek(4).startswith(mark)]
        if foreign:
            raise _not_utf8(path, 1, f"byte 1 begins a mark of {foreign[0]}")
        while block := file.read(block_bytes) + file.readline():
            if (fault := _find_foreign_byte(block)) is not None:
                at, reason = fault
                line = n_lines + block.count(b"\n", 0, at) + 1
                raise _not_utf8(path, line, reason.format(n_bytes + at + 1))
            has_quotes = has_quotes or b'"' in block
            largest = max(largest, len(block))
            n_lines += block.count(b"\n")
            n_bytes += len(block)
    return has_quotes, largest


def _find_foreign_byte(block: bytes) -> tuple[int, str] | None:
    """Position of the first byte that is not UTF-8 text, and what to say of it, with {} for its number in the file."""
    try:
        block.decode()
        end = len(block)
    except UnicodeDecodeError as error:
        end = error.start
    if (at := block.find(0, 0, end)) >= 0:
        line = block[block.rfind(b"\n", 0, at) + 1 :].split(b"\n", 1)[0]
        guess = "UTF-16 suspected" if line.count(0) > max(1, len(line) // 3) else "not a text file"
        return at, f"NUL at byte {{}}, {guess}"
    if end < len(block):
        return end, f"byte {{}} is {block[end]:#04x}, Latin-1 or Windows-1252 suspected"
    return None


def _not_utf8(path: Path, line: int, reason: str) -> DataError:
    return DataError(f"{path}:{line}: not UTF-8: {reason}; a CSV file is text in UTF-8; save it again as UTF-8")
