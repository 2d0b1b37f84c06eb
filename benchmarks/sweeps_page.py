"""The CSV of `benchmarks/sweeps.py` as the tables of docs/performance.md."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

BEGIN, END = "<!-- benchmarks/sweeps.py: begin -->", "<!-- benchmarks/sweeps.py: end -->"
NOT_MEASURED = "not measured yet"

Lines = dict[tuple[str, str, str], list[dict[str, str]]]
"""Lines that hold a time, by part, contestant and size, in order of repeat."""

PEERS = {
    "template": ("a", "Lightning + Hydra + MLflow, one fit per job", "yes", 60),
    "template_joblib": ("b", "the same, `hydra/launcher=joblib`", "yes", 35),
    "grid_search": ("c", "scikit-learn, `GridSearchCV`", "no", 3),
    "loop": ("d", "plain PyTorch loop, one thread", "no", 6),
    "loop_all_cores": ("d", "plain PyTorch loop, PyTorch's own number of threads", "no", 6),
}
"""Letter, what it is, whether it is tracked, and how many times faster yaynay is meant to be."""
FITS_HEAD = (
    *("", "sweep", "tracked", "fits", "command, s", "ms per fit", "one more fit, ms", "held-out RMSE"),
    *("yaynay, per fit", "goal", "yaynay, one more"),
)
FLOOR_GOAL = 4.0
LAUNCH_GOAL_MS = 8.0
MANY_GOALS = {"seconds": 60.0, "memory_mib": 2048.0, "growth": 1.3, "compare_seconds": 30.0}


def read(path: Path) -> list[dict[str, str]]:
    """Lines that hold a time."""
    return [line for line in _read_all(path) if line["seconds"]]


def _read_all(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def forget(path: Path, parts: list[str]) -> None:
    """Drop the lines of some parts."""
    kept = [line for line in _read_all(path) if line["part"] not in parts]
    path.unlink(missing_ok=True)
    if kept:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(kept[0]))
            writer.writeheader()
            writer.writerows(kept)


def summarise(lines: list[dict[str, str]]) -> str:
    """The tables, in Markdown."""
    found: Lines = {}
    for line in sorted(lines, key=lambda row: int(row["repeat"])):
        found.setdefault((line["part"], line["contestant"], line["size"]), []).append(line)
    parts: list[Callable[[Lines], str]] = [_fits, _launch, _many]
    return "\n\n".join(part(found) for part in parts)


def _fits(found: Lines) -> str:
    if ("fits", "yaynay", "full") not in found:
        return f"**A fit**: {NOT_MEASURED}."
    rows = [[*FITS_HEAD]]
    loops = {name: _cost(found, name) for name in ("loop", "loop_all_cores") if ("fits", name, "full") in found}
    for name, (letter, title, tracked, goal) in PEERS.items():
        if ("fits", name, "full") in found:
            ratio = _ratio(found, name, "yaynay")
            is_slower_loop = name in loops and loops[name] > min(loops.values())
            wanted = "" if is_slower_loop else _goal(f"{goal:g}x", float(np.median(ratio)) >= goal)
            rows.append(
                [
                    letter,
                    title,
                    tracked,
                    *_times(found, name),
                    f"{_span(ratio)} faster",
                    wanted,
                    _ratio_of_more(found, name),
                ]
            )
    rows.append(["e", "**yaynay**", "yes", *_times(found, "yaynay"), "", "", ""])
    if ("fits", "floor", "full") in found:
        ratio = _ratio(found, "yaynay", "floor")
        wanted = _goal(f"at most {FLOOR_GOAL:g}x", float(np.median(ratio)) <= FLOOR_GOAL)
        rows.append(["f", "floor", "rows only", *_times(found, "floor"), f"{_span(ratio)} slower", wanted, ""])
    n_repeats = len(found["fits", "yaynay", "full"])
    floors = "; ".join(line["note"] for line in found.get(("fits", "floor", "full"), []))
    return f"**A fit**, medians over {n_repeats} repeats. Floor, repeat by repeat: {floors}.\n\n{_markdown(rows)}"


def _cost(found: Lines, name: str) -> float:
    """Median seconds per fit, start-up included."""
    return float(np.median([_number(row, "seconds") / _number(row, "n_fits") for row in found["fits", name, "full"]]))


def _times(found: Lines, name: str) -> list[str]:
    """Fits, seconds of the command, ms per fit, ms of one more fit, and the held-out error."""
    full = found["fits", name, "full"]
    seconds = float(np.median([_number(row, "seconds") for row in full]))
    more = _one_more(found, name)
    rmse = f"{float(full[0]['rmse']):.3f}" if full[0]["rmse"] else ""
    cost = _digits(1000 * _cost(found, name))
    return [full[0]["n_fits"], f"{seconds:.1f}", cost, "" if more is None else _digits(1000 * more), rmse]


def _one_more(found: Lines, name: str) -> float | None:
    """Seconds of each further fit: the command against the one with two configurations, both in the first repeat."""
    few, full = found.get(("fits", name, "few")), found["fits", name, "full"][0]
    if not few:
        return None
    return (_number(full, "seconds") - _number(few[0], "seconds")) / (
        _number(full, "n_fits") - _number(few[0], "n_fits")
    )


def _ratio_of_more(found: Lines, name: str) -> str:
    theirs, ours = _one_more(found, name), _one_more(found, "yaynay")
    return "" if theirs is None or ours is None or ours <= 0 else f"{theirs / ours:.3g}x"


def _ratio(found: Lines, slow: str, fast: str) -> list[float]:
    """Seconds per fit of the slow contestant over those of the fast one, in each repeat that has both."""
    costs = [
        {row["repeat"]: _number(row, "seconds") / _number(row, "n_fits") for row in found["fits", name, "full"]}
        for name in (slow, fast)
    ]
    return [costs[0][repeat] / costs[1][repeat] for repeat in costs[0] if repeat in costs[1]]


def _launch(found: Lines) -> str:
    rows = [["launcher", "jobs", "command, s", "one more job, ms", "goal"]]
    for name, title in (("fleet", "yaynay's fleet"), ("basic", "Hydra's basic")):
        few, full = found.get(("launch", name, "few")), found.get(("launch", name, "full"))
        if not few or not full:
            return f"**A job's launch**: {NOT_MEASURED}."
        more = _number(full[-1], "seconds") - _number(few[-1], "seconds")
        n_more = _number(full[-1], "n_configurations") - _number(few[-1], "n_configurations")
        ms = 1000 * more / n_more
        goal = _goal(f"{LAUNCH_GOAL_MS:g} ms", ms <= LAUNCH_GOAL_MS) if name == "fleet" else ""
        rows.append([title, full[-1]["n_configurations"], f"{float(full[-1]['seconds']):.1f}", _digits(ms), goal])
    return f"**A job's launch**, over a sweep of {few[-1]['n_configurations']} jobs.\n\n{_markdown(rows)}"


def _many(found: Lines) -> str:
    rows = [["", "configurations", "command, s", "ms per configuration", "memory, MiB", "goal"]]
    costs: list[float] = []
    for size in ("few", "full"):
        for line in found.get(("many", "sweep", size), [])[-1:]:
            seconds, memory = _number(line, "seconds"), _number(line, "memory_mib")
            costs.append(1000 * seconds / _number(line, "n_configurations"))
            if size == "few":
                is_met = seconds <= MANY_GOALS["seconds"] and memory <= MANY_GOALS["memory_mib"]
                goal = _goal(f"{MANY_GOALS['seconds']:g} s, {MANY_GOALS['memory_mib']:g} MiB", is_met)
            elif len(costs) == 2:
                growth = MANY_GOALS["growth"]
                goal = _goal(f"at most {growth:g}x per configuration", costs[1] <= growth * costs[0])
            else:
                goal = ""
            rows.append(
                ["sweep", line["n_configurations"], f"{seconds:.1f}", _digits(costs[-1]), f"{memory:.0f}", goal]
            )
    for line in found.get(("many", "compare", "full"), [])[-1:]:
        seconds, memory = _number(line, "seconds"), _number(line, "memory_mib")
        wanted = MANY_GOALS["compare_seconds"]
        cost = _digits(1000 * seconds / _number(line, "n_configurations"))
        goal = _goal(f"{wanted:g} s", seconds <= wanted)
        rows.append(["compare", line["n_configurations"], f"{seconds:.1f}", cost, f"{memory:.0f}", goal])
    return f"**Many configurations**{f'.{2 * chr(10)}{_markdown(rows)}' if len(rows) > 1 else f': {NOT_MEASURED}.'}"


def _number(line: dict[str, str], name: str) -> float:
    return float(line[name])


def _span(ratios: list[float]) -> str:
    """Median, and from lowest to highest."""
    return f"{np.median(ratios):.3g}x ({min(ratios):.3g} to {max(ratios):.3g})"


def _goal(text: str, is_met: bool) -> str:
    return f"{text}: {'met' if is_met else '**missed**'}"


def _digits(value: float) -> str:
    """Three digits.

    >>> _digits(1234.5), _digits(1.2345)
    ('1230', '1.23')
    """
    return f"{float(f'{value:.3g}'):g}"


def _markdown(rows: list[list[str]]) -> str:
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])


def write(page: Path, text: str) -> None:
    """Put the tables between the page's markers."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
