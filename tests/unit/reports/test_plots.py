import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib
import numpy as np
import pytest
from unit.invented import OPTIONS, make_conclusion, make_record, make_table
from unit.reports.verdicts import RULE, make_verdict

from yaynay.config import schema
from yaynay.data.plan import make_plan
from yaynay.records import job_notes
from yaynay.records.store import Store
from yaynay.reports import plots
from yaynay.reports.plots import canvas, fits, heatmap, overview, sweeps
from yaynay.reports.wording import number
from yaynay.sweep import fit
from yaynay.verdict.conclusion import Conclusion, conclude
from yaynay.verdict.model import Verdict
from yaynay.verdict.selection import nested_error

ODD_NAMES = [
    r"$\frac{1}{$",
    "<img src=x onerror=alert(1)>",
    "n" * 300,
    "two\nlines",
    "\u6536\u5165 \U0001f600 \x07",
    "",
]


@pytest.fixture(scope="module")
def conclusion() -> Conclusion:
    return make_conclusion()


def size(path: Path) -> tuple[int, int]:
    """Width and height of a PNG [pixels]."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def verdict_of(gain: float | None, low: float | None, high: float | None, outcome: str, **changes: Any) -> Verdict:
    about = {"outcome": outcome, "gain": gain, "gain_low": low, "gain_high": high, "n_rows": 15}
    return make_verdict(**about | {"is_cross_validated": gain is not None} | changes)


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of few pixels, for tests that ask only whether they can be drawn."""
    monkeypatch.setattr(canvas, "_DPI", 25)


def test_every_picture_is_there_readable_at_900_pixels_and_always_the_same(
    conclusion: Conclusion, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    again.mkdir()
    paths = plots.draw(conclusion, tmp_path)
    with matplotlib.rc_context({"font.size": 30, "text.usetex": True}):
        plots.draw(conclusion, again)
        assert matplotlib.rcParams["font.size"] == 30
    assert [path.stem for path in paths] == ["fit", "residuals", "depths", "heatmap", "curves"]
    for path in paths:
        width, height = size(path)
        assert width == 1600
        assert 500 < height < 1600
        assert path.read_bytes() == (again / path.name).read_bytes()


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_column_may_have_any_name(name: str, tmp_path: Path) -> None:
    found = make_conclusion(features=(name,), target=f"y{name}", depths=(1,))
    with canvas.style():
        for picture in (fits.draw_fit(found), sweeps.draw_depths(found)):
            assert picture is not None
            assert size(canvas.save(picture, tmp_path / "picture.png"))[0] == 200


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_shown_on_one_short_line_of_known_signs(name: str) -> None:
    shown = canvas.name(name)
    assert 0 < len(shown) <= 40
    assert shown.isprintable()
    assert canvas.name("caf\u00e9 \u0394") == "caf\u00e9 \u0394"


@pytest.mark.usefixtures("coarse")
def test_a_table_without_folds_shows_fitted_values_and_says_so(tmp_path: Path) -> None:
    for features in (("x",), ("a", "b")):
        small = make_conclusion(n_rows=12, features=features)
        names = [path.stem for path in plots.draw(small, tmp_path)]
        assert names == ["fit", "residuals", "heatmap", "curves"]
        assert "too few to hold some out" in fits.subtitle(small)


@pytest.mark.usefixtures("coarse")
def test_a_sweep_of_lines_alone_has_no_network_to_draw(tmp_path: Path) -> None:
    table = make_table(60, ("x",))
    plan = make_plan(np.arange(60), table.sha256, 1, n_repeats=2)
    line = make_record(table, plan, "least_squares", 0, 0.01)
    sweep: Any = SimpleNamespace(
        key="k", table_name="toy", baselines=(), data=lambda: (table, plan), records=lambda: [line]
    )
    found = conclude(sweep, OPTIONS)
    assert [path.stem for path in plots.draw(found, tmp_path)] == ["fit", "residuals"]
    with canvas.style():
        (axes,) = fits.draw_fit(found).axes
        labels = [text.get_label() for text in axes.lines]
    assert labels == ["truth", "least squares"]


def test_the_fit_shows_data_truth_line_and_winner(conclusion: Conclusion) -> None:
    with canvas.style():
        (axes,) = fits.draw_fit(conclusion).axes
    truth, line, network = axes.lines
    assert np.shape(axes.collections[0].get_offsets()) == (60, 2)
    assert truth.get_linestyle() == "--"
    assert line.get_color() == canvas.LINE
    assert network.get_color() == canvas.NETWORK
    assert network.get_label() == "torch 2 x 4, adamw lr 0.1"
    inputs = np.asarray(line.get_xdata())
    assert np.allclose(line.get_ydata(), conclusion.line_fit.predict(inputs[:, None]))
    assert inputs.min() == conclusion.table.x.min()
    assert inputs.max() == conclusion.table.x.max()


def test_the_drawn_network_is_the_mean_of_its_members_in_the_tables_units() -> None:
    table = make_table(60, ("x",))
    plan = make_plan(np.arange(60), table.sha256, 1, n_repeats=2)
    record = make_record(table, plan, "torch", 0, 0.01)
    record.weights.update(
        {
            "layer0.weight": np.array([1.0, 3.0]).reshape(2, 1, 1),
            "layer0.bias": np.zeros((2, 1, 1)),
            "x_mean": np.full((2, 1), 5.0),
            "x_factor": np.full((2, 1), 0.5),
            "y_mean": np.full(2, 7.0),
            "y_scale": np.full(2, 10.0),
        }
    )
    assert fits._predict(record, np.array([[5.0], [7.0]])).tolist() == [7.0, 27.0]


def test_many_rows_are_thinned_and_the_label_says_so() -> None:
    assert len(canvas.thin(1_000_000)) == canvas.MOST_DOTS
    assert canvas.thin(5).tolist() == [0, 1, 2, 3, 4]
    assert fits._data_label(1_000_000) == "data (3,000 of 1,000,000 rows)"


def test_the_heat_map_prints_scores_and_names_what_has_none(conclusion: Conclusion) -> None:
    with canvas.style():
        figure = heatmap.draw_heatmap(conclusion)
    assert figure is not None
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert len(texts) == 9
    assert texts.count("diverged") == 1
    assert texts.count("not run") == 2
    best = min(record.scores["val/rmse"] for record in conclusion.finished)
    framed = [patch for patch in figure.axes[0].patches if patch.get_linewidth() > 0]
    (bold,) = [text for text in figure.axes[0].texts if text.get_fontweight() == "bold"]
    assert len(framed) == 1
    assert float(bold.get_text()) == pytest.approx(best, rel=1e-3)


def test_the_heat_map_has_a_panel_a_backend(tmp_path: Path) -> None:
    found = make_conclusion(backends=("torch", "tensorflow", "pytensor"), depths=(1, 2))
    with canvas.style():
        figure = heatmap.draw_heatmap(found)
    assert figure is not None
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["torch", "tensorflow", "pytensor"]
    assert set(found.by_depth) == {1, 2}
    assert {record.parsed.backend.name for records in found.by_depth.values() for record in records} == {"torch"}


@pytest.mark.usefixtures("coarse")
def test_the_overview_shows_every_table_and_cuts_endless_intervals(tmp_path: Path) -> None:
    verdicts = {
        "good": verdict_of(0.6, 0.5, 0.7, "yay"),
        "endless": verdict_of(-40.0, -900.0, 820.0, "undecided"),
        "small": verdict_of(None, None, None, "undecided"),
        "zero": verdict_of(0.0, 0.0, 0.0, "nay"),
    }
    path = plots.draw_overview(verdicts, tmp_path / "overview.png")
    assert size(path)[0] == 200
    assert overview._limits(verdicts) == (-0.3, 1.0)
    near = {"zero": verdicts["zero"]}
    low, high = overview._limits(near)
    assert low < 0 < 0.02 < high < 0.1
    plots.draw_overview({}, tmp_path / "none.png")


@pytest.mark.parametrize(("delta", "delta_nay"), [(0.01, 0.02), (0.2, 0.4)])
def test_the_overview_draws_the_margins_of_the_verdicts(
    monkeypatch: pytest.MonkeyPatch, delta: float, delta_nay: float
) -> None:
    rule = RULE.model_copy(update={"delta": delta, "delta_nay": delta_nay})
    axes = overview_axes(monkeypatch, {"a": verdict_of(0.1, 0.0, 0.15, "yay", rule=rule)})
    dotted = [float(np.ravel(line.get_xdata())[0]) for line in axes.lines if line.get_linestyle() == ":"]
    assert dotted == [delta, delta_nay]
    assert axes.get_xlim()[1] > delta_nay
    assert f"{100 * delta:g} % (a yay needs it) and {100 * delta_nay:g} %" in axes.get_xlabel()


def test_the_overview_draws_no_margin_where_tables_had_different_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    other = RULE.model_copy(update={"delta": 0.2})
    verdicts = {"a": verdict_of(0.1, 0.0, 0.3, "yay"), "b": verdict_of(0.1, 0.0, 0.3, "nay", rule=other)}
    axes = overview_axes(monkeypatch, verdicts)
    assert not [line for line in axes.lines if line.get_linestyle() == ":"]
    assert "different rules" in axes.get_xlabel()


def overview_axes(monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Verdict]) -> Any:
    """The axes of the overview, which is not written."""
    figures: list[Any] = []
    monkeypatch.setattr(canvas, "save", lambda figure, path: figures.append(figure))
    plots.draw_overview(verdicts, Path("none.png"))
    return figures[0].axes[0]


def test_errors_by_depth_are_shares_of_each_tables_own_line(
    conclusion: Conclusion, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One picture for tables in all units: each figure is the error over that of the line."""
    figures: list[Any] = []
    monkeypatch.setattr(canvas, "save", lambda figure, path: figures.append(figure))
    shallow = make_conclusion(depths=(0, 1))
    found = {"toy": conclusion, "small": make_conclusion(n_rows=12), "shallow": shallow}
    plots.draw_all_depths(found, tmp_path / "depths.png")
    (axes,) = figures[0].axes
    assert sorted(label.get_text() for label in axes.get_yticklabels()) == ["shallow", "toy"]
    texts = {tuple(map(round, text.get_position())): text.get_text() for text in axes.texts}
    row = [label.get_text() for label in axes.get_yticklabels()].index("toy")
    for depth, records in conclusion.by_depth.items():
        share = nested_error(records).rmse / conclusion.verdict.rmse_linear
        assert texts[depth, row] == f"{100 * share:.1f} %"
    assert texts[2, 1 - row] == "not run"


@pytest.mark.usefixtures("coarse")
def test_errors_by_depth_can_be_drawn_without_any(tmp_path: Path) -> None:
    assert size(plots.draw_all_depths({"small": make_conclusion(n_rows=12)}, tmp_path / "depths.png"))[0] == 200


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Conclusion:
    """What is concluded from a sweep that was really trained: least squares, a line by descent, two networks."""
    table = make_table(60, ("x",))
    plan = make_plan(np.arange(60), table.sha256, 1, n_repeats=1)
    store = Store(tmp_path_factory.mktemp("swept"))
    store.write_table(table, plan)
    jobs = []
    for backend, depth, lr in (("least_squares", 0, 0.1), ("torch", 0, 0.1), ("torch", 1, 0.1), ("torch", 1, 0.01)):
        configuration = schema.parse(make_record(table, plan, backend, depth, lr).configuration)
        (record,) = fit.train([configuration], table, plan)
        store.write(record)
        jobs.append(job_notes.make_note(record.key, table, plan, {}))
    (sweep,) = store.write_sweeps(jobs, {"started_at": 1.0})
    return conclude(sweep, OPTIONS)


@pytest.mark.usefixtures("coarse")
def test_every_picture_of_a_real_sweep_shows_what_its_records_hold(swept: Conclusion, tmp_path: Path) -> None:
    assert [path.stem for path in plots.draw(swept, tmp_path)] == ["fit", "residuals", "depths", "heatmap", "curves"]
    winner = swept.winner
    assert winner is not None
    assert winner.scores["val/rmse"] == min(record.scores["val/rmse"] for record in swept.finished[1:])
    with canvas.style():
        curve = fits.draw_fit(swept).axes[0].lines[-1]
        cells = heatmap.draw_heatmap(swept)
        depths = sweeps.draw_depths(swept)
        losses = sweeps.draw_curves(swept)
    assert cells is not None
    assert depths is not None
    assert losses is not None
    assert curve.get_label() == winner.name
    drawn = np.interp(swept.table.x[:, 0], np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata()))
    scale = float(np.std(winner.arrays["whole"]))
    np.testing.assert_allclose(drawn, winner.arrays["whole"], atol=0.02 * scale)  # 500 points between the rows
    shown = {text.get_text() for text in cells.axes[0].texts} - {"not run"}
    assert shown == {number(record.scores["val/rmse"]) for record in swept.finished if "train_loss" in record.arrays}
    by_descent = swept.by_depth[0][0]
    points = [np.asarray(line.get_ydata()).tolist() for line in depths.axes[0].lines if line.get_marker() == "o"]
    assert points[0] == [pytest.approx(by_descent.scores["test/rmse"])]
    best = losses.axes[1].collections[-1].get_segments()[0]
    np.testing.assert_array_equal(best[:, 1], swept.by_depth[1][0].arrays["val_loss"])
