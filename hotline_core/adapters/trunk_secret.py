"""Reads the secret a carrier gave us from its own file; city.yaml names the file and never holds the secret."""

from __future__ import annotations

import re
from pathlib import Path

from hotline_core.errors import SetupError

_USABLE = re.compile(r"[!-~]{1,200}")
_OTHERS = 0o077


def secret_path(home: Path, named: str) -> Path:
    """Where the file lies: below HOTLINE_HOME unless the name is a whole path."""
    return home / Path(named).expanduser()


def read_secret(path: Path) -> str:
    """The one line of the file; SetupError trunk_secret_unreadable, trunk_secret_open or trunk_secret_odd with the file.

    Open is a file that group or others can read or write; odd is one that is empty, has a second line, or holds what is
    no printable ASCII.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise SetupError("trunk_secret_unreadable", file=path, reason=error.strerror) from error
    if mode & _OTHERS:
        raise SetupError("trunk_secret_open", file=path)
    secret = text.strip("\r\n")
    if _USABLE.fullmatch(secret) is None:
        raise SetupError("trunk_secret_odd", file=path)
    return secret
