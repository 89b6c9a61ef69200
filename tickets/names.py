"""Reads the words people read for the keys of a ticket's life (names.yaml): stages, acts, limits, roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

NAMES: Final = Path(__file__).with_name("names.yaml")
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """Chinese words by key, in the order people see them; `reasons` have a {value}."""

    stages: Words
    acts: Words
    limits: Words
    left: Words
    roles: Words
    caller_kinds: Words
    reasons: Words


def load_names(path: Path = NAMES) -> Names:
    """Read them all."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Names(**{part: {str(key): str(word) for key, word in data[part].items()} for part in Names.__dataclass_fields__})
