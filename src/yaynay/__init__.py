"""yaynay: is a neural network worth it over linear regression on this data?

    import yaynay
    answer = yaynay.ask(frame, target="price")   # a DataFrame, or yaynay.ask(X, y) for arrays
    answer.outcome, answer.sentence              # "nay", "Keep the line: ..."
    answer.predict(rows)                         # by the model that the answer advises
    answer.to_frame()                            # a row per model: errors with intervals, gain, cost
    answer.save("model")                         # an MLflow model

Packages in the order of the flow, each importing only those before it: `config` (what may be asked), `data` (a table
and its plan), `models` (the line, networks, fleets), `records` (what a run leaves), `verdict`, `reports`, `tracking`
(MLflow), `sweep` (a grid of configurations -> records), `asking` (one table, one question) and `cli`; the commands are
beside them.
"""

from typing import TYPE_CHECKING, Any

from yaynay.errors import DataError, MachineError, OptionError, YaynayError

if TYPE_CHECKING:
    from yaynay.asking.answer import Answer
    from yaynay.asking.ask import ask

__all__ = ["Answer", "DataError", "MachineError", "OptionError", "YaynayError", "ask"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what users need when it is needed: it takes half a second."""
    if name not in __all__:
        raise AttributeError(f"module 'yaynay' has no attribute {name!r}")
    from yaynay.asking.answer import Answer
    from yaynay.asking.ask import ask

    return {"Answer": Answer, "ask": ask}[name]


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
