"""`python -m yaynay COMMAND ...`: the same as the console script `yaynay`."""

from yaynay.cli.commands import main
from yaynay.cli.exits import run_and_exit


def run() -> None:
    """The console script `yaynay`."""
    run_and_exit(main)


if __name__ == "__main__":
    run()
