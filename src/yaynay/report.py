"""`python -m yaynay.report`: the HTML page and its tables, from what `compare` wrote and from worked examples."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app, exits


def report(config: DictConfig) -> None:
    """Write index.html, verdicts.txt, worked.txt, overview.png and pictures of examples into the reports folder."""
    from yaynay.config import schema
    from yaynay.reports import files, page, plots, worked
    from yaynay.reports.terminal import text_table

    values: Any = OmegaConf.to_container(config, resolve=True)
    options = schema.parse_report(values)
    reports = Path(options.reports)
    verdicts, timings = files.read(reports)
    plots.draw_overview(verdicts, reports / "overview.png")
    pictures = {
        name: [path.relative_to(reports) for path in sorted((reports / "pictures" / name).glob("*.png"))]
        for name in verdicts
    }
    examples = None if options.worked is None else worked.write(Path(options.worked), reports)
    (reports / "index.html").write_text(page.render(verdicts, timings, pictures, examples), encoding="utf-8")
    (reports / "verdicts.txt").write_text(text_table(verdicts) + "\n", encoding="utf-8")
    print(f"the report: {reports / 'index.html'}")


def main() -> int:
    """The command."""
    from yaynay.config import schema
    from yaynay.report import report as task  # by its importable name, also when run as a script

    app.run(task, "report", schema.parse_report, examples=("yaynay report",))
    return 0


if __name__ == "__main__":
    exits.run_and_exit(main)
