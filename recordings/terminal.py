"""What the keeping of recordings says to people, at the terminal and in the pages: Chinese sentences from texts.yaml."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from hotline_core.yaml_lines import load_yaml
from recordings.explain import Explanation


@cache
def _texts() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = load_yaml(Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8"))
    return loaded


def sentence(section: str, key: str, **facts: object) -> str:
    """The sentence `key` of a section with its facts put in; KeyError for one that nobody wrote."""
    return _texts()[section][key].format(**facts)


def explained(one: Explanation) -> str:
    """Kept until when, and why."""
    cases = sentence("explain", "between").join(one.cases)
    return sentence("explain", one.code, klass=sentence("classes", one.klass), cases=cases, **one.facts)


def say(key: str, **facts: object) -> None:
    """A line on the terminal."""
    print(sentence("progress", key, **facts), flush=True)


def complain(section: str, key: str, **facts: object) -> None:
    """A line on standard error."""
    print(sentence(section, key, **facts), file=sys.stderr, flush=True)
