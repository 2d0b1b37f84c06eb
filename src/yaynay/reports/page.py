"""The verdicts as a page: the HTML report, and MLflow's description of a sweep."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from yaynay.reports import wording
from yaynay.reports.worked import Section
from yaynay.verdict.model import Timings, Verdict
from yaynay.verdict.rule import adjust_p_values
from yaynay.verdict.shrinkage import say_shrinkage

OVERVIEW = Path("overview.png")
DEPTHS = Path("depths.png")
"""Where the report looks for the pictures of all tables, beside itself: gains, and errors by depth."""

_CAPTIONS = {
    "fit": "The fit",
    "residuals": "Residuals: what the fit misses",
    "depths": "Error by number of hidden layers",
    "heatmap": "Error by depth and learning rate: the best over all other settings",
    "curves": "Learning curves",
}
_FILTERS = (
    wording.number,
    wording.probability,
    wording.percent,
    wording.gain,
    wording.gain_ridge,
    wording.seconds,
    wording.rule,
    wording.by_rule,
    say_shrinkage,
)


def render(
    verdicts: Mapping[str, Verdict],
    timings: Mapping[str, Timings],
    pictures: Mapping[str, Sequence[Path]],
    examples: Section | None = None,
) -> str:
    """The report as one HTML page without scripts.

    Args:
        verdicts: By table.
        timings: Of each table.
        pictures: Of each table, relative to the page, which also shows `OVERVIEW` and `DEPTHS`.
        examples: The worked examples, where there are any.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = PackageLoader("yaynay.reports")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {function.__name__: function for function in _FILTERS}
    source, _, _ = loader.get_source(environment, "report.css")
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    parities = {name: verdict.parity for name, verdict in verdicts.items() if verdict.parity is not None}
    rows = wording.in_order(verdicts)
    return environment.get_template("report.html").render(
        css=Markup(source),  # noqa: S704  # ours; no data is in it
        css_sha256=digest,
        count=wording.count(verdicts),
        tables=[_section(name, verdict, timings[name], pictures.get(name, ())) for name, verdict in rows],
        overview=OVERVIEW.as_posix(),
        depths=DEPTHS.as_posix(),
        rule=wording.common_rule(verdicts),
        adjusted=adjust_p_values({name: verdict.p_value for name, verdict in rows if verdict.p_value is not None}),
        parities=parities,
        worked=examples,
        disagreeing=[name for name, parity in parities.items() if len(set(parity.outcomes.values())) > 1],
    )


def _section(name: str, verdict: Verdict, timings: Timings, pictures: Sequence[Path]) -> dict[str, Any]:
    """What the template shows for a table; its anchor is a digest of the name, whatever that contains."""
    files = [
        {"url": quote(path.as_posix()), "caption": _CAPTIONS.get(path.stem, path.stem), "kind": path.stem}
        for path in sorted(pictures, key=_rank)
    ]
    anchor = f"table-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    return {"name": name, "anchor": anchor, "verdict": verdict, "timings": timings, "pictures": files}


def _rank(picture: Path) -> int:
    """Pictures come in the order of `_CAPTIONS`, others last."""
    kinds = list(_CAPTIONS)
    return kinds.index(picture.stem) if picture.stem in kinds else len(kinds)


def markdown(verdict: Verdict, timings: Timings, name: str) -> str:
    """Description of a sweep in MLflow: outcome, sentence, and a small table.

    Args:
        verdict: The verdict on its table.
        timings: The timings of its fits.
        name: The table's name.
    """
    kind = "rmse" if verdict.is_cross_validated else "rmse on training rows"
    number, seconds = wording.number, wording.seconds
    n_linear, fit_ridge = number(verdict.n_parameters_linear), seconds(timings.fit_seconds_ridge)
    table = [
        ("", "line", "ridge", verdict.winner or "network"),
        ("---", "---", "---", "---"),
        (kind, number(verdict.rmse_linear), number(verdict.rmse_ridge), number(verdict.rmse_network)),
        ("parameters", n_linear, n_linear, number(verdict.n_parameters_network)),
        ("training", seconds(timings.fit_seconds_linear), fit_ridge, seconds(timings.fit_seconds_network)),
    ]
    folds = f"{verdict.n_folds} x {verdict.n_repeats} repeats" if verdict.n_repeats else "none"
    ridge = f", of ridge {wording.gain_ridge(verdict)}" if verdict.gain_ridge is not None else ""
    facts = (
        f"Gain in explained variance, with a 90 % interval: {wording.gain(verdict)}{ridge}; "
        f"p of a straight line: {wording.probability(verdict.p_value)}; rows: {verdict.n_rows:,}; "
        f"features: {verdict.n_features:,}; folds: {folds}; configurations: {verdict.n_configurations}; "
        f"rule: {wording.rule(verdict.rule)}."
    )
    rows = table if verdict.rmse_ridge is not None else [(what, line, network) for what, line, _, network in table]
    rules = ""
    if verdict.other_rules:
        by_rule = [("rule", "outcome", "gain"), ("---", "---", "---"), *wording.by_rule(verdict)]
        rules = f"Outcomes by rule, this verdict's first:\n\n{_markdown_table(by_rule)}\n\n"
    sentence = " ".join(filter(None, (verdict.sentence, say_shrinkage(verdict))))
    title = f"**{_escaped(name)}: {verdict.outcome}**"
    remarks = "".join(f"{_escaped(remark)}.\n\n" for remark in verdict.remarks)
    return f"{title}\n\n{_escaped(sentence)}\n\n{remarks}{_markdown_table(rows)}\n\n{rules}{_escaped(facts)}\n"


def _markdown_table(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(map(_escaped, row))} |" for row in rows)


def _escaped(text: str) -> str:
    """Text on one line that neither Markdown nor HTML reads as anything else.

    >>> print(_escaped("a|b <i> *c*"))
    a\\|b &lt;i&gt; \\*c\\*
    """
    return re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", html.escape(" ".join(text.split()), quote=False))
