"""`python -m yaynay.report`: pictures, tables for `dvc plots`, and the HTML page."""

import shutil
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yaynay import command


def report(config: DictConfig) -> None:
    """Write reports/index.html and everything it shows."""
    from yaynay import page, plots, schema
    from yaynay.conclusion import conclude_all
    from yaynay.records import read_json

    values: Any = OmegaConf.to_container(config, resolve=True)
    options = schema.parse_compare(values)
    reports = Path(options.reports)
    verdicts = read_json(reports / "verdicts.json")
    conclusions = conclude_all(Path(options.records), options.verdict)
    pictures: dict[str, list[Path]] = {}
    for name in ("pictures", "plots"):
        shutil.rmtree(reports / name, ignore_errors=True)
        (reports / name).mkdir(parents=True)
    for conclusion in conclusions:
        folder = reports / "pictures" / conclusion.sweep.table_name
        folder.mkdir()
        pictures[conclusion.sweep.table_name] = [path.relative_to(reports) for path in plots.draw(conclusion, folder)]
    plots.draw_overview(verdicts, reports / "pictures" / "overview.png")
    plots.write_plot_tables(verdicts, conclusions, reports / "plots")
    (reports / "index.html").write_text(page.render(verdicts, pictures, None), encoding="utf-8")
    (reports / "verdicts.txt").write_text(page.text_table(verdicts) + "\n", encoding="utf-8")
    print(f"the report: {reports / 'index.html'}")


def body() -> int:
    """The command."""
    from yaynay.report import report as task  # by its importable name, also when run as a script

    command.run(task, "compare")
    return 0


if __name__ == "__main__":
    command.finish(body)
