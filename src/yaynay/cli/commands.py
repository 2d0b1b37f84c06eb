"""The command `yaynay`: its subcommands, each imported when it is called, and how their mistakes are said."""

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class, shell_complete

from yaynay import __version__
from yaynay.errors import OptionError

_COMPLETE = "_YAYNAY_COMPLETE"
"""Environment variable in which a shell asks for completions."""
_SHELLS = ("bash", "zsh", "fish")
_HYDRA = "hydra"
_COMMANDS = {
    "ask": ("ask", "answer for one table: is a neural network worth it?"),
    "train": (_HYDRA, "train one configuration or a sweep, and say the verdict"),
    "generate": (_HYDRA, "write a table, its folds and its card"),
    "compare": (_HYDRA, "conclude all sweeps of each table again, from their records"),
    "report": (_HYDRA, "write the page of what compare concluded"),
    "add": ("add", "put a table of your own into the pipeline"),
    "ui": ("upkeep", "show every run in MLflow, in the browser"),
    "sync": ("upkeep", "write every record to MLflow"),
    "verify": ("upkeep", "check that nothing that was kept is damaged"),
    "reproduce": ("reproduce", "train a run again, and say whether it gives the same"),
    "completion": ("commands", "print the script that completes words in your shell"),
}
"""Module of each subcommand in yaynay.cli, and its line in the list of them."""


class Command(click.Command):
    """A subcommand whose help begins with examples.

    Args:
        examples: Command lines to begin with.
        names_files: Whether a word that begins with a dash, and is no option, may be the name of a file.
    """

    def __init__(self, *args: Any, examples: Sequence[str], names_files: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.examples, self.names_files = examples, names_files

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write("".join(f"Example: {example}\n" for example in self.examples))
        formatter.write_paragraph()
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._mark_files(args) if self.names_files else args)

    def _mark_files(self, words: list[str]) -> list[str]:
        """The words, with `./` before a file's name that would be read as an option."""
        options = {name: option for option in self.params if isinstance(option, click.Option) for name in option.opts}
        marked: list[str] = []
        for number, word in enumerate(words):
            if word == "--":
                return marked + words[number:]
            before = options.get(words[number - 1]) if number else None
            is_value = before is not None and not before.is_flag
            is_file = word.startswith("-") and word not in options and not is_value and Path(word).is_file()
            marked.append(f"./{word}" if is_file else word)
        return marked

    def invoke(self, ctx: click.Context) -> Any:
        from yaynay.cli.project import check_code

        check_code()
        return super().invoke(ctx)


def split_names(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> list[str]:
    """Names of columns: separated by commas, or, where the option is repeated, one in each as it stands."""
    if len(given) == 1:
        return [name.strip() for name in given[0].split(",")]
    return list(dict.fromkeys(given))


class _HydraCommand(click.Command):
    """A subcommand whose words are Hydra's: `yaynay train ...` is `python -m yaynay.train ...`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.args = list(args)
        return []

    def invoke(self, ctx: click.Context) -> Any:
        sys.argv = [sys.argv[0], *ctx.args]  # where Hydra reads them
        return importlib.import_module(f"yaynay.{self.name}").main()


class _Commands(click.Group):
    """The subcommands; one is imported when it is called, and not to be listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, line = _COMMANDS.get(cmd_name, (None, ""))
        if module is None:
            return None
        if module == _HYDRA:
            return _HydraCommand(cmd_name, short_help=line, add_help_option=False)
        command: click.Command = getattr(importlib.import_module(f"yaynay.cli.{module}"), cmd_name)
        command.short_help = line
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if not ctx.resilient_parsing and args[0] not in _COMMANDS:
            raise OptionError(_unknown(f"yaynay: command '{args[0]}'", args[0], list(_COMMANDS)))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write("Example: yaynay ask houses.csv --target price\n\n")
        super().format_help(ctx, formatter)


@click.group(
    cls=_Commands,
    context_settings={"max_content_width": 90, "help_option_names": ["-h", "--help"]},
    epilog="yaynay COMMAND --help begins with an example of each. --debug shows the traceback of an error.",
)
@click.version_option(__version__, message="%(prog)s %(version)s", help="Show the version and exit.")
def yaynay() -> None:
    """Is a neural network worth it over linear regression on this data: yay or nay?"""


@click.command(cls=Command, examples=['eval "$(yaynay completion bash)"     # a line of ~/.bashrc; zsh alike'])
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes the words of yaynay in SHELL: bash, zsh or fish.

    For fish: yaynay completion fish > ~/.config/fish/completions/yaynay.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows these three
    click.echo(kind(yaynay, {}, "yaynay", _COMPLETE).source())


def main() -> int:
    """Run the subcommand that the command line names.

    Raises:
        OptionError: The command line is wrong.
    """
    if asked := os.environ.get(_COMPLETE):
        return shell_complete(yaynay, {}, "yaynay", _COMPLETE, asked)
    try:
        with yaynay.make_context("yaynay", sys.argv[1:] or ["--help"]) as context:
            return yaynay.invoke(context) or 0
    except click.exceptions.Exit as end:  # of --help
        return end.exit_code
    except click.Abort:  # Ctrl-C at a question, whose line has not ended
        click.echo(err=True)
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        raise OptionError(explain(error)) from error


def explain(error: click.ClickException) -> str:
    """click's error as one sentence: where, what is wrong, what is allowed, and what to do."""
    context = getattr(error, "ctx", None) or click.Context(yaynay, info_name="yaynay")
    where, command = context.command_path, context.command
    if isinstance(error, click.NoSuchOption):
        names = [name for option in command.get_params(context) for name in option.opts if name.startswith("--")]
        return _unknown(f"{where}: option '{error.option_name}'", error.option_name, names)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        example = f", as in: {command.examples[0]}" if isinstance(command, Command) else ""
        name = error.param.human_readable_name.upper()
        return f"{where}: {name} is missing; one is needed; give it{example}"
    if isinstance(error, click.BadParameter) and error.param is not None:
        option = next((name for name in error.param.opts if name.startswith("--")), error.param.human_readable_name)
        return f"option '{option}': {_start(error.message)}; --help says what is allowed; correct it"
    return f"{where}: {_start(error.format_message())}; --help says what is allowed; correct it"


def _unknown(what: str, word: str, words: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"{what} is unknown; allowed: {', '.join(words)}; " + (
        f"did you mean '{nearest[0]}'?" if nearest else "choose one of them"
    )


def _start(message: str) -> str:
    """click's sentence as the middle of ours."""
    return message[:1].lower() + message[1:].rstrip(".")
