"""An answer in a notebook: HTML that stands alone, without scripts, on a light or a dark page."""

import base64
import html as markup
from collections.abc import Iterator, Sequence

from yaynay.reports import wording
from yaynay.reports.phrases import equation_text, model_cells, remarks, say_bend
from yaynay.verdict.comparison import Comparison
from yaynay.verdict.conclusion import Conclusion
from yaynay.verdict.sentences import advice

MOST_BYTES = 140_000
"""Of the picture; in base64 a third more, and the whole fragment stays below 200 kB."""

_COLORS = {"yay": "#D55E00", "nay": "#0072B2", "undecided": "#808080"}
_RULE = "1px solid rgba(128,128,128,0.4)"
"""Letters have the color of the page, and lines one that shows on light and dark."""
_WIDTH = "max-width:860px"
"""Of lines of text; the table is as wide as its numbers need."""
_MOST_REMARKS, _LONGEST = 10, 300


def html(conclusion: Conclusion, comparison: Comparison) -> str:
    """What `_repr_html_` gives: outcome and sentence, a picture, the models, the line, and remarks.

    The picture has both fits through the data of one feature, or predicted against observed for several. Names come
    from data, so all text is escaped.
    """
    verdict = conclusion.verdict
    color = _COLORS[verdict.outcome]
    name = _text(wording.cut(wording.printable(conclusion.table.name), 60))
    parts = [
        f'<div style="overflow-wrap:break-word;border-left:4px solid {color};padding:2px 0 2px 14px">',
        f'<p style="{_WIDTH};margin:0 0 6px;font-size:1.15em"><b>{name}: {verdict.outcome}</b>: '
        f"{_text(advice(verdict))}</p>",
        f'<p style="{_WIDTH};margin:0 0 10px">{_text(verdict.sentence)}</p>',
        _picture(conclusion),
        _table(comparison),
        *(f'<p style="{_WIDTH};margin:6px 0">{line}</p>' for line in _facts(comparison)),
        _remarks(remarks(verdict)),
        "</div>",
    ]
    return "\n".join(filter(None, parts))


def _text(text: str) -> str:
    """Text on one line that is no markup."""
    return markup.escape(wording.printable(text))


def _picture(conclusion: Conclusion) -> str:
    from yaynay.reports.plots import canvas
    from yaynay.reports.plots.fits import draw_fit

    with canvas.style():
        picture = canvas.png(draw_fit(conclusion), MOST_BYTES)
    what = "predicted against observed, for each model"
    if conclusion.table.n_features == 1:
        what = f"the models through the data, {conclusion.table.target} over {conclusion.table.features[0]}"
    source = base64.b64encode(picture).decode()
    alt = _text(wording.cut(wording.printable(f"{conclusion.table.name}: {what}"), 200))
    style = "max-width:100%;width:720px;height:auto;border-radius:4px"
    return f'<img src="data:image/png;base64,{source}" alt="{alt}" style="{style}">'


def _table(comparison: Comparison) -> str:
    target = wording.cut(wording.printable(comparison.equation.target), 24)
    where = "(90 %)" if comparison.is_out_of_fold else "on the rows that it was fitted to"
    titles = ["", "what", f"RMSE of {target} {where}", "R2", "gain in points (90 %)", "trained in", "parameters"]
    rows = [[row.name, row.what, *model_cells(row)] for row in comparison.models]
    lines = [_row("th", titles), *(_row("td", row) for row in rows)]
    style = f"border-collapse:collapse;margin:10px 0;border-top:{_RULE};font-size:inherit;color:inherit"
    return f'<div style="overflow-x:auto"><table style="{style}">{"".join(lines)}</table></div>'


def _row(tag: str, cells: Sequence[str]) -> str:
    """A row of the table; numbers are to the right, and stay whole where titles and words are broken."""
    style = "padding:4px 8px;overflow-wrap:normal;vertical-align:bottom;white-space"
    words, numbers = "normal;text-align:left", f"{'normal' if tag == 'th' else 'nowrap'};text-align:right"
    styled = (
        f'<{tag} style="{style}:{words if place < 2 else numbers}">{_text(cell)}</{tag}>'
        for place, cell in enumerate(cells)
    )
    return f'<tr style="border-bottom:{_RULE};background:transparent">{"".join(styled)}</tr>'


def _facts(comparison: Comparison) -> Iterator[str]:
    yield f"<b>Line</b> {_text(equation_text(comparison.equation))}"
    if comparison.bend is not None:
        yield f"<b>Bend</b> {_text(say_bend(comparison.bend))}"


def _remarks(said: Sequence[str]) -> str:
    if not said:
        return ""
    shown = [wording.cut(wording.printable(remark), _LONGEST, at_end=True) for remark in said[:_MOST_REMARKS]]
    if len(said) > _MOST_REMARKS:
        shown.append(f"and {len(said) - _MOST_REMARKS:,} more")
    items = "".join(f"<li>{_text(remark)}</li>" for remark in shown)
    style = f"{_WIDTH};margin:2px 0 0;padding-left:20px"
    return f'<p style="margin:10px 0 0"><b>Remarks</b></p><ul style="{style}">{items}</ul>'
