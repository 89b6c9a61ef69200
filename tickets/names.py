"""Reads the words people read for the keys of a ticket's life (names.yaml): stages, acts, limits, roles, fields, notices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hotline_core.yaml_lines import load_yaml

NAMES: Final = Path(__file__).with_name("names.yaml")
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """Chinese words by key, in the order people see them; `reasons` have a {value}, `notices` what notice_words.py fills in."""

    stages: Words
    acts: Words
    limits: Words
    left: Words
    roles: Words
    caller_kinds: Words
    real_names: Words
    chase_ways: Words
    reasons: Words
    fields: Words
    lanes: Words
    notices: Words
    between: str  # two clauses
    comma: str  # two things of a list

    def joined(self, clauses: Iterable[str]) -> str:
        """Several clauses as one."""
        return self.between.join(clauses)

    def listed(self, words: Iterable[str]) -> str:
        """Several words as a list."""
        return self.comma.join(words)


def load_names(path: Path = NAMES) -> Names:
    """Read them all."""
    data = load_yaml(path.read_text(encoding="utf-8"))
    words = {part: {str(key): str(word) for key, word in each.items()} for part, each in data.items() if isinstance(each, Mapping)}
    return Names(**words, between=str(data["between"]), comma=str(data["comma"]))
