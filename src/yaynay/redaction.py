"""Passwords kept out of what is printed, and out of what is written."""

import re

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
