"""`python -m yaynay verify`: tables, plans, records and DVC's cache against the digests that they carry."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yaynay.data.plan import load_plan
from yaynay.data.table_files import load_table
from yaynay.storage import CHECKSUMS, file_digest, read_json, read_with_digest

Finding = tuple[Path, str | None]
"""A file or folder that was checked, and what is wrong with it."""

_CACHED = re.compile(r"[0-9a-f]{30}(\.dir)?")


def verify(root: Path) -> Iterator[Finding]:
    """Check everything that a project keeps; files are read, and nothing is repaired.

    Args:
        root: The project.
    """
    for folder in sorted((root / "data" / "tables").glob("*/")):
        yield _checked(folder, _check_table)
    for store in [root / "records", *sorted((root / "results").glob("*/")), *sorted((root / "results").glob("*/*/"))]:
        for folder in sorted(store.glob("tables/*/")):
            yield _checked(folder, _check_table)
        for kind in ("runs", "tables", "sweeps"):
            for folder in sorted(store.glob(f"{kind}/*/")):
                yield from check_checksums(folder)
        for pattern in ("sweeps/*/verdict.json", "failures/*.json", "looks/*/*.json"):
            for path in sorted(store.glob(pattern)):
                yield _checked(path, read_with_digest)
    for path in sorted((root / "reports" / "looks").glob("*/*.json")):
        yield _checked(path, read_with_digest)
    yield from _check_cache(root / ".dvc" / "cache")


def _checked(path: Path, check: Any) -> Finding:
    try:
        check(path)
    except Exception as error:  # a damaged file makes its reader raise anything
        return path, " ".join(str(error).split()).removeprefix(f"{path}: ") or type(error).__name__
    return path, None


def _check_table(folder: Path) -> None:
    table, plan = load_table(folder), load_plan(folder / "plan.parquet")
    if plan.table_sha256 != table.sha256:
        raise ValueError("table and plan do not belong together")
    stated = read_json(folder / "card.json").get("plan_sha256", plan.sha256)
    if stated != plan.sha256:
        raise ValueError("the plan is not the one that the card names")


def check_checksums(folder: Path) -> Iterator[Finding]:
    """Files of a record, table or sweep against its checksums; one from before there were checksums has none."""
    if not (folder / CHECKSUMS).is_file():
        yield _checked(folder, lambda path: [read_json(file) for file in path.glob("*.json")])
        return
    try:
        stated_digests = dict(read_json(folder / CHECKSUMS))
    except (OSError, ValueError, TypeError) as error:
        yield folder / CHECKSUMS, f"not readable ({error})"
        return
    for name, stated in stated_digests.items():
        path = folder / Path(name).name
        if not path.is_file():
            yield path, "is missing"
        else:
            yield path, None if file_digest(path) == stated else f"does not match its SHA-256 in {CHECKSUMS}"


def _check_cache(cache: Path) -> Iterator[Finding]:
    """DVC's cache names a file after its MD5, and does not check it again when it restores one."""
    for folder in (cache / "files" / "md5", cache):
        for path in sorted(folder.glob("[0-9a-f][0-9a-f]/*")):
            if _CACHED.fullmatch(path.name):
                is_right = file_digest(path, "md5") == path.parent.name + path.name.removesuffix(".dir")
                yield path, None if is_right else "does not match its MD5; delete it, and make it again with dvc repro"
