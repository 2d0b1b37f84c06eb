"""The verdicts in words: the HTML report, MLflow's description, and the terminal's table."""

import base64
import hashlib
import html
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from yaynay.reports import wording
from yaynay.reports.wording import Verdict
from yaynay.verdict.rule import benjamini_hochberg

OVERVIEW = Path("overview.png")
"""Where the report looks for the picture of all tables, beside itself."""

Parity = Mapping[str, Mapping[str, Any]]

_CAPTIONS = {
    "fit": "The fit",
    "residuals": "Residuals: what is missed",
    "depths": "Error by number of hidden layers",
    "heatmap": "Error by depth and learning rate, the best over all other settings",
    "curves": "Learning curves",
}
_FILTERS = (wording.number, wording.probability, wording.percent, wording.gain, wording.seconds)
_COLORS = {"yay": "\033[1;38;5;166m", "nay": "\033[1;38;5;32m", "undecided": "\033[1;90m"}
_NO_COLOR = "\033[0m"


def render(
    verdicts: Mapping[str, Verdict], pictures: Mapping[str, Sequence[Path]], parity: Parity | None = None
) -> str:
    """The report as one HTML page without scripts.

    Args:
        verdicts: By table, as in verdicts.json.
        pictures: Of each table, relative to the page, which also shows `OVERVIEW`.
        parity: Where several backends ran, by table: `outcomes`, each backend's verdict, and
            `differences`, for each backend but the first the largest relative difference of its
            `curves`, `weights` and `predictions` from the first one's.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = PackageLoader("yaynay.reports")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {function.__name__: function for function in _FILTERS}
    source, _, _ = loader.get_source(environment, "report.css")
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    parity = parity or {}
    return environment.get_template("report.html").render(
        css=Markup(source),  # noqa: S704  # ours; no data is in it
        css_sha256=digest,
        count=wording.count(verdicts),
        tables=[_section(*row, pictures.get(row[0], ())) for row in wording.in_order(verdicts)],
        overview=OVERVIEW.as_posix(),
        adjusted=_adjusted(verdicts),
        parity=parity,
        disagreeing=[name for name, one in parity.items() if len(set(one["outcomes"].values())) > 1],
    )


def _section(name: str, verdict: Verdict, pictures: Sequence[Path]) -> dict[str, Any]:
    """What the template shows of a table; its anchor comes from the name, whatever that holds."""
    shown = [
        {"url": quote(path.as_posix()), "caption": _CAPTIONS.get(path.stem, path.stem), "kind": path.stem}
        for path in sorted(pictures, key=_rank)
    ]
    anchor = f"table-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    return {"name": name, "anchor": anchor, "verdict": verdict, "pictures": shown}


def _rank(picture: Path) -> int:
    """Pictures come in the order of `_CAPTIONS`, others last."""
    kinds = list(_CAPTIONS)
    return kinds.index(picture.stem) if picture.stem in kinds else len(kinds)


def _adjusted(verdicts: Mapping[str, Verdict]) -> dict[str, float]:
    """Benjamini-Hochberg p of the gate by table, smallest first."""
    raw = {name: verdict["p_value"] for name, verdict in verdicts.items() if verdict["p_value"] is not None}
    adjusted = dict(zip(raw, benjamini_hochberg(list(raw.values())), strict=True))
    return dict(sorted(adjusted.items(), key=lambda row: (raw[row[0]], row[0])))


def markdown(verdict: Verdict, name: str) -> str:
    """Description of a table's parent run in MLflow: outcome, sentence, and a small table.

    Args:
        verdict: The table's entry of verdicts.json.
        name: The table's.
    """
    kind = "rmse" if verdict["is_cross_validated"] else "rmse on training rows"
    table = [("", "line", verdict["winner"] or "network"), ("---", "---", "---")]
    for name_of_row, key, shown in (
        (kind, "rmse", wording.number),
        ("parameters", "n_parameters", wording.number),
        ("training", "fit_seconds", wording.seconds),
    ):
        table.append((name_of_row, shown(verdict[f"{key}_linear"]), shown(verdict[f"{key}_network"])))
    folds = f"{verdict['n_folds']} x {verdict['n_repeats']} repeats" if verdict["n_repeats"] else "none"
    facts = (
        f"Gain in explained variance, with a 90 % interval: {wording.gain(verdict)}; "
        f"p of a straight line: {wording.probability(verdict['p_value'])}; rows: {verdict['n_rows']:,}; "
        f"features: {verdict['n_features']:,}; folds: {folds}; "
        f"configurations: {verdict['n_configurations']}."
    )
    lines = "\n".join(f"| {' | '.join(map(_escaped, row))} |" for row in table)
    title = f"**{_escaped(name)}: {_escaped(verdict['outcome'])}**"
    remarks = "".join(f"{_escaped(remark)}.\n\n" for remark in verdict.get("remarks", []))
    return f"{title}\n\n{_escaped(verdict['sentence'])}\n\n{remarks}{lines}\n\n{_escaped(facts)}\n"


def _escaped(text: str) -> str:
    """Text on one line that neither Markdown nor HTML reads as anything else.

    >>> print(_escaped("a|b <i> *c*"))
    a\\|b &lt;i&gt; \\*c\\*
    """
    return re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", html.escape(" ".join(text.split()), quote=False))


def text_table(verdicts: Mapping[str, Verdict], color: bool = False, width: int = 140) -> str:
    """The verdicts as a terminal shows them, with a header and a closing line.

    Args:
        verdicts: By table, as in verdicts.json.
        color: Whether to write ANSI color codes.
        width: Longest line [characters]; sentences go on below where they begin.
    """
    names = {name: _printable(name) for name in verdicts}
    longest = max([len("table"), *(len(name) for name in names.values())])
    widest = max([len("gain (90 %)"), *(len(wording.gain(verdict)) for verdict in verdicts.values())])
    layout = f"{{:<9}}  {{:<{longest}}}  {{:<{widest}}}  {{:>6}}  "
    head = layout.format("outcome", "table", "gain (90 %)", "p")
    lines = [f"{head}answer", "-" * width]
    for name, verdict in wording.in_order(verdicts):
        p = wording.probability(verdict["p_value"])
        row = layout.format(verdict["outcome"], names[name], wording.gain(verdict), p)
        sentence = _printable(verdict["sentence"], 10_000).replace(" %", "\0%")  # keeps both on one line
        pieces = textwrap.wrap(sentence, max(40, width - len(row)))
        wrapped = f"\n{' ' * len(row)}".join(pieces).replace("\0", " ")
        if color:
            row = f"{_COLORS[verdict['outcome']]}{row[:9]}{_NO_COLOR}{row[9:]}"
        lines.append(f"{row}{wrapped}")
    return "\n".join([*lines, "-" * width, wording.count(verdicts)])


def _printable(text: str, longest: int = 28) -> str:
    """Text that moves no cursor and is not too long.

    >>> _printable("a\\x1b[2Jb\\nc")
    'a?[2Jb c'
    """
    flat = "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))
    return flat if len(flat) <= longest else f"{flat[: longest - 3]}..."
