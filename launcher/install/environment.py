"""The service's settings, /etc/hotline/hotline.env: one HOTLINE_* a line, as systemd, containers and we read it; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO

from dotenv import dotenv_values

_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./-]*")


def read(text: str) -> dict[str, str]:
    """The variables of such a file; a name without a value is not set."""
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value}


def merged(text: str, given: Mapping[str, str], known: Mapping[str, str], header: str) -> str:
    """The file with what is given put in and everything else as the operator left it; what is known and not there, as a comment.

    `known` holds each setting's name and default. An empty text is a new file, which begins with the header.
    """
    lines = text.splitlines() if text.strip() else [*(f"# {line}".rstrip() for line in header.splitlines()), ""]
    for name, value in given.items():
        _put(lines, name, f"{name}={quoted(value)}")
    named = {match.group(1) for line in lines if (match := re.match(r"\s*#?\s*(HOTLINE_\w+)=", line))}
    lines += [f"#{name}={quoted(default)}" for name, default in known.items() if name not in named]
    return "\n".join(lines) + "\n"


def quoted(value: str) -> str:
    """A value as systemd's EnvironmentFile and dotenv both read it; ValueError for more than one line."""
    if "\n" in value or "\r" in value or "\0" in value:
        raise ValueError("a setting is one line")
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value:
        return f"'{value}'"  # neither of the two looks for escapes in there, but for the quote itself
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _put(lines: list[str], name: str, line: str) -> None:
    """Replace the line that sets it, else the comment that names it, else add one."""
    for pattern in (rf"\s*{name}=", rf"\s*#\s*{name}="):
        found = [at for at, each in enumerate(lines) if re.match(pattern, each)]
        if found:
            lines[found[-1]] = line
            return
    lines.append(line)
