"""`python -m yaynay.generate dataset=NAME`: write a table, its plan and its card to data/tables/NAME/."""

import sys

from omegaconf import DictConfig, OmegaConf

from yaynay.cli import app, exits


def generate(config: DictConfig) -> None:
    """One table."""
    from yaynay.config import schema
    from yaynay.data import prepare

    values = OmegaConf.to_container(config, resolve=True)
    dataset, plan = schema.parse_table(values)  # type: ignore[arg-type]  # a mapping at the top
    table, drawn, path = prepare.generate(dataset, plan)
    folds = f"{drawn.n_folds} folds x {drawn.n_repeats}" if drawn.n_repeats else "too small to cross-validate"
    print(f"{path.name}: {table.n_rows} rows, {table.n_features} features, {folds}; table {table.sha256[:12]}")
    for note in (*table.notes, *table.remarks):
        print(f"  {note}", file=sys.stderr)


def main() -> int:
    """The command."""
    from yaynay.config import schema
    from yaynay.generate import generate as task  # by its importable name, also when run as a script

    app.run(task, "generate", schema.parse_table, examples=("yaynay generate dataset=engel",))
    return 0


if __name__ == "__main__":
    exits.run_and_exit(main)
