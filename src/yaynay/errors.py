"""What a user can get wrong, each with its exit code.

A message is one line: `where: what is wrong; what is allowed; what to do`. The commands print it after
`error: ` and exit with `exit_code`, without a traceback; passwords are kept out of it, and of what is written.
"""

import re


class YaynayError(Exception):
    """A mistake or fault that a user can fix; `exit_code` is the process's exit code."""

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


_ADDRESS = re.compile(r"(?<=://)[^\s'\"]*@")
"""User and password of an address; greedy, because a password may hold an unescaped @ or slash."""
_QUERY = re.compile(r"(?i)(\b(?:password|passwd|pwd|secret|token|api_?key)=)[^&\s'\"]+")
_PASSWORD = re.compile(r"(?i)[a-z][a-z0-9+.-]*://[^\s/]*:[^\s]*@|://\S*[?&](?:password|passwd|pwd|secret|token)=[^&\s]")


def redact(text: str) -> str:
    """The text without users, passwords and tokens in addresses.

    >>> redact("postgresql://ann:s3@cret@db.example/runs?sslmode=on")
    'postgresql://db.example/runs?sslmode=on'
    >>> redact("http://db.example/?token=abc&n=1")
    'http://db.example/?token=...&n=1'
    """
    return _QUERY.sub(r"\1...", _ADDRESS.sub("", text))


def holds_password(text: str) -> bool:
    """Whether an address in the text holds a password.

    >>> holds_password("postgresql://ann:secret@db/runs"), holds_password("http://127.0.0.1:5000")
    (True, False)
    """
    return bool(_PASSWORD.search(text))
