"""What the configuration group `dataset` may hold: one closed model per kind of table."""

import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from yaynay.config.messages import sentence
from yaynay.errors import OptionError

GENERATED = ("linear", "quadratic", "sine", "step", "friedman1")
"""Tables drawn from a known truth."""
WORKED = ("scatter_10", "tensorflow_line", "pytorch_line", "theano_points", "age_income", "facebook_revenue")
"""The worked examples of tutorials."""
BUNDLED = ("engel", "longley", "cancer", "star98", "anes96", "diabetes", "iris", "nuclei")
"""Real tables that ship with libraries."""
NAMES = (*GENERATED, *WORKED, *BUNDLED, "csv")
"""Every option of the group."""
FRAME = "frame"
"""The name of a DataFrame's table; no option, as a DataFrame lives in Python."""
FRAME_ADVICE = (
    "option 'dataset': 'frame' is a DataFrame, which lives in Python and not in a command; use "
    "yaynay.ask(frame, target=...) there, or write it to a file, for dataset=csv"
)
"""What a command says to `dataset=frame`."""

_STANDS_EMPTY = "???"
"""How a YAML file marks a value that must be given."""


class Closed(BaseModel):
    """A group of keys: none unknown, no conversions, no infinities."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Fixed(Closed):
    """A table without options: a worked example or one that ships with a library."""

    name: str


class Generated(Closed):
    """A table drawn from a known truth."""

    name: str
    n_rows: Annotated[int, Field(ge=10, le=10_000_000)]
    n_features: Annotated[int, Field(ge=1, le=1000)]
    noise: Literal["gaussian", "t3", "funnel"]
    snr: Annotated[float, Field(gt=0, le=1e6)]
    seed: Annotated[int, Field(ge=0, lt=2**32)]


class Friedman1(Generated):
    """Its formula takes five features; any further ones are noise."""

    n_features: Annotated[int, Field(ge=5, le=1000)]


def _spell(value: Any) -> Any:
    """A name as a table's are: without blanks around it, in one Unicode form, and 2024 as the text that it was."""
    if isinstance(value, bool | float):
        word = str(value).lower()
        raise PydanticCustomError(
            "name",
            "It should be the name of a column, quoted where Hydra would take it for a value: '\"{word}\"'",
            {"word": word},
        )
    return unicodedata.normalize("NFC", str(value)).strip() if isinstance(value, int | str) else value


Name = Annotated[str, BeforeValidator(_spell)]
"""A column's name."""


class Own(Closed):
    """A table of your own: what is what in it, and how its cells are read."""

    name: str
    table: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,80}$")] | None = None
    target: Name
    missing: Literal["refuse", "drop", "impute"] = "impute"
    groups: Name | None = None
    time: Name | None = None
    features: list[Name] = []
    leave_out: list[Name] = []
    categories: list[Name] = []
    na_values: list[str | int | float] = []
    na_levels: list[str] = []
    dates: Literal["elapsed", "parts", "leave_out"] = "elapsed"
    day_first: bool | None = None
    decimal: Literal["point", "comma"] | None = None

    @property
    def where(self) -> str:
        """How a message names the table."""
        raise NotImplementedError


class File(Own):
    """A file that holds a table."""

    path: Annotated[str, Field(min_length=1)]
    sheet: Name | None = None
    separator: Literal["comma", "semicolon", "tab", "pipe", "space", ",", ";", "\t", "|", " "] | None = None
    header: bool | None = None
    encoding: str | None = None

    @property
    def where(self) -> str:
        return self.path


class Frame(Own):
    """A DataFrame in Python's memory: no command can read it, but a record can say that a table was one."""

    @property
    def where(self) -> str:
        return "DataFrame" if self.table is None else f"DataFrame {self.table!r}"


DatasetOptions = Fixed | Generated | Friedman1 | File | Frame
KINDS: tuple[type[DatasetOptions], ...] = (Fixed, Generated, Friedman1, File, Frame)


def parse(options: Mapping[str, Any]) -> DatasetOptions:
    """Check the options of one table.

    Raises:
        OptionError: The table or a key is unknown, missing or out of range.
    """
    name = options.get("name")
    if name not in (*NAMES, FRAME):
        nearest = get_close_matches(str(name), NAMES, n=1)
        advice = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise OptionError(f"option 'dataset': {name!r} is unknown; allowed: {', '.join(NAMES)}{advice}")
    model: type[DatasetOptions] = Fixed
    if name in ("csv", FRAME):
        model = File if name == "csv" else Frame
    elif name in GENERATED:
        model = Friedman1 if name == "friedman1" else Generated
    given = {key: value for key, value in options.items() if value != _STANDS_EMPTY}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise OptionError(sentence(error, model, "dataset.")) from None
