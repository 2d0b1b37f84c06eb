"""One name for each table of several: files in two folders may have one name, and so may generated tables."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yaynay.records.store import Sweep
from yaynay.storage import digest, find_root

Origin = tuple[tuple[str, str], ...]
"""Where a table is from, as pairs of key and value; two contents of one origin are one table that was edited."""

_LONGEST = 120


def origin(sweep: Sweep) -> Origin:
    """Where a sweep's table is from: path and target of a file, or all options of any other table.

    Raises:
        DataError: A record is damaged.
    """
    ended = map(sweep.store.read_ended_scores, sweep.about["runs"])
    record = next((record for record in ended if record is not None), None)
    return _origin(sweep.table_name, record.configuration["dataset"] if record else {})


def _origin(name: str, options: Mapping[str, Any]) -> Origin:
    """Options that only say how a file is read are no part of it, nor is the way in which its path is written.

    >>> _origin("sales", {"name": "csv", "path": "./2023/sales.csv", "target": "y", "missing": "drop"})
    (('name', 'sales'), ('path', '2023/sales.csv'), ('target', 'y'))
    """
    found = {key: str(value) for key, value in options.items()} | {"name": name}
    if "path" in found:
        path = Path(found["path"])
        path = path.relative_to(find_root()) if path.is_relative_to(find_root()) else path
        found = {"name": name, "path": path.as_posix(), "target": found["target"]}
    return tuple(sorted(found.items()))


def name_tables(sweeps: Sequence[Sweep]) -> list[str]:
    """The name of each sweep's table; sweeps on one table have one name, and tables have distinct ones."""
    origins = [origin(sweep) for sweep in sweeps]
    distinct = list(dict.fromkeys(origins))
    names = dict(zip(distinct, tell_apart(distinct), strict=True))
    return [names[own] for own in origins]


def name_sweeps(sweeps: Sequence[Sweep]) -> list[str]:
    """A distinct name for each sweep of one command: its table's, with its key where one table has several sweeps."""
    names = name_tables(sweeps)
    count = Counter(names)
    return [name if count[name] == 1 else f"{name}-{sweep.key[:8]}" for name, sweep in zip(names, sweeps, strict=True)]


def tell_apart(origins: Sequence[Origin]) -> list[str]:
    """A distinct name for each origin, whatever their order: the table's own, and what differs where tables share it.

    Each name can be a folder's.

    Args:
        origins: Distinct ones.

    Example:
        >>> tell_apart([_origin("sales", {"path": f"{year}/sales.csv", "target": "y"}) for year in (2023, 2024)])
        ['sales-2023', 'sales-2024']
        >>> tell_apart([_origin("sine", {"n_rows": rows, "seed": 0}) for rows in (100, 500)])
        ['sine-n_rows-100', 'sine-n_rows-500']
    """
    names = [_name(own, [other for other in origins if dict(other)["name"] == dict(own)["name"]]) for own in origins]
    count = Counter(map(str.casefold, names))  # some file systems ignore case
    return [
        name if count[name.casefold()] == 1 else f"{name}-{digest(own)[:8]}"
        for name, own in zip(names, origins, strict=True)
    ]


def _name(own: Origin, namesakes: Sequence[Origin]) -> str:
    """The table's name, and those values that are not the same for all namesakes."""
    known = [dict(other) for other in namesakes]
    words = [dict(own)["name"]]
    for key, value in own:
        if key == "path":
            words += _differing_parts(value, [other.get(key, "") for other in known])
        elif len({other.get(key) for other in known}) > 1:
            words += [value] if key == "target" else [key, value]
    words = [re.sub(r"[^A-Za-z0-9_-]+", "-", word).strip("-") for word in words]
    return "-".join(filter(None, words))[:_LONGEST]


def _differing_parts(path: str, paths: Sequence[str]) -> list[str]:
    """The parts of a path, counted from its end, that are not the same in all paths.

    >>> _differing_parts("a/2023/sales.csv", ["a/2023/sales.csv", "b/2024/sales.csv"])
    ['a', '2023']
    """
    columns = [_parts(other) for other in paths]
    own = _parts(path)
    differing = [
        part
        for place, part in enumerate(own)
        if len({column[place] if place < len(column) else "" for column in columns}) > 1
    ]
    return differing[::-1]


def _parts(path: str) -> list[str]:
    """Ending, stem and folders, the last first."""
    pure = Path(path)
    return [pure.suffix, pure.stem, *(folder for folder in pure.parts[-2::-1] if folder != pure.anchor)]
