"""`python -m yaynay.report`: the HTML page and the verdict table, from what `compare` wrote."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app
from yaynay.errors import DataError


def report(config: DictConfig) -> None:
    """Write reports/index.html, verdicts.txt and overview.png."""
    from yaynay.config import schema
    from yaynay.reports import page, plots
    from yaynay.storage import read_json

    values: Any = OmegaConf.to_container(config, resolve=True)
    reports = Path(schema.parse_compare(values).reports)
    if not (reports / "verdicts.json").is_file():
        raise DataError(f"{reports / 'verdicts.json'}: no such file; run python -m yaynay.compare first")
    verdicts = read_json(reports / "verdicts.json")
    plots.draw_overview(verdicts, reports / "overview.png")
    pictures = {
        name: [path.relative_to(reports) for path in sorted((reports / "pictures" / name).glob("*.png"))]
        for name in verdicts
    }
    parity = {name: verdict["parity"] for name, verdict in verdicts.items() if verdict["parity"]}
    (reports / "index.html").write_text(page.render(verdicts, pictures, parity), encoding="utf-8")
    (reports / "verdicts.txt").write_text(page.text_table(verdicts) + "\n", encoding="utf-8")
    print(f"the report: {reports / 'index.html'}")


def main() -> int:
    """The command."""
    from yaynay.config import schema
    from yaynay.report import report as task  # by its importable name, also when run as a script

    app.run(task, "compare", schema.parse_compare)
    return 0


if __name__ == "__main__":
    app.run_and_exit(main)
