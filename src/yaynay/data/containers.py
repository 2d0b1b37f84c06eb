"""What a file is: compressed or not, and in which format; by its content, so that a wrong name misleads nobody."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa

from yaynay.data.columns import quote
from yaynay.errors import DataError

MOST_BYTES = 1 << 32
"""A compressed file that holds more than this is refused [bytes]."""

Format = Literal["text", "parquet", "feather", "json", "excel"]

READABLE = "CSV, Parquet, Feather, JSON and Excel"
"""The formats that are read, for messages."""


@dataclass(frozen=True, eq=False)
class Source:
    """The bytes of a table.

    Attributes:
        path: The file.
        content: What it holds once unpacked or decoded; None where the file holds it as it is.
        notes: What was recognised on the way.
    """

    path: Path
    content: bytes | None = None
    notes: tuple[str, ...] = ()

    def open(self) -> BinaryIO:
        return self.path.open("rb") if self.content is None else io.BytesIO(self.content)

    def start(self, n_bytes: int) -> bytes:
        """Its first bytes."""
        with self.open() as file:
            return file.read(n_bytes)

    def read(self) -> bytes:
        return self.path.read_bytes() if self.content is None else self.content


_PACKED: dict[bytes, tuple[str, Callable[[Path], Any]]] = {
    b"\x1f\x8b": ("gzip", gzip.GzipFile),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
    b"\x28\xb5\x2f\xfd": ("Zstandard", lambda path: pa.input_stream(str(path), compression="zstd")),
    b"PK\x03\x04": ("ZIP", lambda path: _open_member(path)),
}

_DAMAGED = (OSError, EOFError, ValueError, RuntimeError, lzma.LZMAError, zlib.error, zipfile.BadZipFile)

_FOREIGN = (
    (rb"SQLite format 3\x00", "an SQLite database", "export one of its tables as CSV"),
    (rb"version https://git-lfs", "a Git LFS pointer, which stands for a file that is elsewhere", "run 'git lfs pull'"),
    (
        rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html)",
        "an HTML page",
        "download the file itself, not the page that shows it",
    ),
    (rb"\s*<stata_dta|[\x69-\x75][\x01\x02]\x01", "a Stata file", "save it as CSV (in Stata, export delimited)"),
    (rb"(?:\xef\xbb\xbf)?\s*<\?xml", "XML", "save it as CSV"),
    (rb"\x00{12}\xc2\xea\x81\x60|HEADER RECORD\*{7}", "a SAS file", "save it as CSV (in SAS, proc export)"),
    (rb"\$FL[23]", "an SPSS file", "save it as CSV (in SPSS, save translate)"),
    (rb"MATLAB 5\.0", "a MATLAB file", "save its table as CSV (in MATLAB, writetable)"),
    (rb"(?s:.{8})DUCK", "a DuckDB database", "export one of its tables as CSV or Parquet"),
    (rb"(?:\s*%[^\n]*\n|\s*\n)*\s*@relation", "an ARFF file", "save it as CSV"),
    (rb"%PDF", "a PDF document", "save its table as CSV"),
    (rb"\xd0\xcf\x11\xe0", "an Excel file of the old format (.xls)", "save it as .xlsx or CSV"),
    (rb"\x89HDF", "an HDF5 file", "save its table as Parquet"),
    (rb"\x93NUMPY", "a NumPy array", "save it as CSV, with names of columns"),
    (
        rb"\x80[\x02-\x05]|c(?:copy_reg|__builtin__|pandas|numpy)|\([dl]p?0",
        "a Python pickle, which could run code",
        "save its table as Parquet",
    ),
    (rb"RDX[23]|X\n\x00|RDA[23]", "an R data file", "save its table with write.csv"),
    (rb"ORC|Obj\x01", "an ORC or Avro file", "save it as Parquet"),
    (rb"7z\xbc\xaf|Rar!", "an archive", "unpack it, and give one of its files"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture", "give the numbers themselves"),
)


def unpack(path: Path) -> Source:
    """A file's bytes; those of a compressed file unpacked.

    Raises:
        DataError: It is damaged, too large, or an archive of several files.
    """
    start = Source(path).start(8)
    for mark, (name, opened) in _PACKED.items():
        if not start.startswith(mark) or (name == "ZIP" and _find_in_zip(path) == "excel"):
            continue
        try:
            with opened(path) as file:
                content = file.read(MOST_BYTES + 1)
        except _DAMAGED as error:
            reason = " ".join(str(error).split())
            raise DataError(f"{path}: not a readable {name} file ({reason}); compress it again") from error
        if len(content) > MOST_BYTES:
            raise DataError(f"{path}: holds more than {MOST_BYTES >> 30} GiB; unpack it, and give the file itself")
        return Source(path, content, (f"unpacked with {name}",))
    return Source(path)


def _open_member(path: Path) -> Any:
    archive = zipfile.ZipFile(path)
    names = [name for name in archive.namelist() if not name.endswith("/")]
    names = [name for name in names if not re.search(r"(?:^|/)(?:\.|__MACOSX/)", name)]
    if len(names) != 1:
        listed = ", ".join(quote(name) for name in names[:5]) + ", ..." * (len(names) > 5)
        raise DataError(
            f"{path}: a ZIP archive of {len(names)} files ({listed}); one is allowed; unpack it, and give one of them"
        )
    return archive.open(names[0])


_ZIPPED = (
    (r"xl/workbook\.bin", "an Excel file of the binary format (.xlsb)", "save it as .xlsx or CSV"),
    (r"word/document\.xml|ppt/presentation\.xml", "a document of Word or PowerPoint", "save its table as CSV"),
    (r"content\.xml", "an OpenDocument file (.ods)", "save its table as .xlsx or CSV"),
    (r"[^/]+\.npy", "a NumPy archive (.npz)", "save its table as CSV, with names of columns"),
)
"""Members that tell what a ZIP archive is."""


def _find_in_zip(path: Path) -> str:
    """excel, or nothing for a plain archive.

    Raises:
        DataError: It is another kind of document.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return ""
    if "xl/workbook.xml" in names:
        return "excel"
    for pattern, what, advice in _ZIPPED:
        if any(re.fullmatch(pattern, name) for name in names):
            raise DataError(f"{path}: is {what}; {READABLE} are read; {advice}")
    return ""


def recognise(source: Source) -> Format:
    """The format of a table's bytes.

    Raises:
        DataError: It is one that is not read; the message says which.
    """
    start = source.start(4096)
    for pattern, name, advice in _FOREIGN:
        if re.match(pattern, start, re.IGNORECASE if b"<" in start[:99] or b"@" in start else 0):
            raise DataError(f"{source.path}: is {name}; {READABLE} are read; {advice}")
    if start.startswith(b"PAR1"):
        return "parquet"
    if source.path.suffix.lower() in (".parquet", ".pq"):
        raise DataError(f"{source.path}: not a readable Parquet file (it does not begin with PAR1); write it again")
    if start.startswith((b"ARROW1", b"FEA1")):
        return "feather"
    if start.startswith(b"PK\x03\x04"):
        return "excel"
    is_json = re.match(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*(?:\"|\})", start)
    return "json" if is_json else "text"
