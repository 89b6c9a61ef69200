"""The Chinese of the report: what each finding says and how it is cured, from texts.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from doctor.finding import Finding, Level
from hotline_core.yaml_lines import load_yaml


@dataclass(frozen=True, slots=True)
class Words:
    """A finding for people; the cure is empty where nothing is to be done."""

    title: str
    says: str
    cure: str


@cache
def _texts() -> dict[str, Any]:
    loaded: dict[str, Any] = load_yaml(Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8"))
    return loaded


def words_of(finding: Finding) -> Words:
    """Title, sentence and cure; KeyError for a code without a sentence, which a test rules out."""
    texts = _texts()
    entry = texts["findings"][finding.check][finding.code]
    facts = {name: _said(name, value, texts["values"]) for name, value in finding.facts.items()}
    says, cure = (entry, "") if isinstance(entry, str) else (entry["says"], entry.get("cure", ""))
    return Words(texts["titles"][finding.check], says.format(**facts), cure.format(**facts))


def line(key: str, **facts: object) -> str:
    """A line of the report's frame."""
    text: str = _texts()["report"][key]
    return text.format(**facts)


def mark(level: Level) -> str:
    """The sign before a line."""
    text: str = _texts()["marks"][level]
    return text


def _said(name: str, value: object, values: Mapping[str, Mapping[str, str]]) -> object:
    """A fact that is a word of ours (a part, a database), as people call it."""
    return values.get(name, {}).get(str(value), value)
