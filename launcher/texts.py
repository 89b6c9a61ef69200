"""What the launcher says to the person at the terminal: Chinese sentences from texts.yaml."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from hotline_core.errors import SettingsError, SetupError
from hotline_core.yaml_lines import load_yaml


@cache
def _texts() -> dict[str, Any]:
    loaded: dict[str, Any] = load_yaml(Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8"))
    return loaded


def sentence(section: str, key: str, **facts: object) -> str:
    """The sentence `key` of a section with its facts put in."""
    text: str = _texts()[section][key]
    return text.format(**facts)


def known(section: str, key: str) -> bool:
    """True when the section has a sentence for `key`."""
    return key in _texts()[section]


def say(key: str, **facts: object) -> None:
    """A line on the terminal; a terminal that went away is no reason to fail."""
    write(sentence("progress", key, **facts))


def write(text: str) -> None:
    """Print text as it is, at once."""
    try:
        print(text, flush=True)
    except (OSError, ValueError):
        return  # nobody reads any more: the hotline goes on


def complain(error: SetupError | SettingsError) -> None:
    """The one clear sentence of a refusal, with its cure, on standard error."""
    facts = dict(error.facts)
    if isinstance(error, SettingsError):
        key = "setting_at_line" if facts.get("line") else "setting"
        text = sentence("refusals", key, **facts)
    elif known("refusals", error.code):
        text = sentence("refusals", error.code, **facts)
    else:
        text = str(error)
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
