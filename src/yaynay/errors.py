"""What a user can get wrong, each with its exit code.

A message is one line: `where: what is wrong; what is allowed; what to do`. The commands print it after
`error: ` and leave with `exit_code`, without a traceback.
"""


class YaynayError(Exception):
    """A mistake or fault that a user can mend; `exit_code` is what the process leaves with."""

    exit_code = 1


class OptionError(YaynayError):
    """An option or configuration value is wrong; raised before any run starts."""

    exit_code = 2


class DataError(YaynayError):
    """A table, plan or record cannot be used as it is."""

    exit_code = 3


class MachineError(YaynayError):
    """Something outside the data and the options is missing: a GPU, a package, a server, disk space."""

    exit_code = 4


class DivergedError(YaynayError):
    """Training left the finite numbers; `epoch` (from 0) is the first at which it did."""

    def __init__(self, message: str, epoch: int) -> None:
        super().__init__(message)
        self.epoch = epoch
