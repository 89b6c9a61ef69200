"""Owns the words tickets are sorted by: classes, fields, sources, refusals, areas, topics, grounds, kinds of void calls; phrases.

One YAML file a list in tickets/catalogue/; the city's file of the same name (HOTLINE_HOME/tickets/) adds entries, changes those of
the same key, and takes one away with `KEY: null`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hotline_core.errors import SettingsError
from tickets.yaml_file import read_yaml

GIVEN: Final = Path(__file__).with_name("catalogue")
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOMENTS: Final = ("answer", "ask", "hold", "back", "transfer", "hard", "end", "record")  # of a call, in its order
_REFUSAL: Final = re.compile(r"N[1-9][0-9]?")
_CURE: Final = "see docs/city.md, catalogue"

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason not to accept (R39): what it is, where it stands, and what the caller is told."""

    key: str
    name: str
    basis: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence at hand (R21): read out to the citizen, or with `is_written` put into the record; `{line}` is the line's name."""

    key: str
    moment: str  # one of MOMENTS
    text: str
    is_written: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """A named topic (R104): dispatched at once, by `basis` where it has a source of its own (R41)."""

    name: str
    basis: str = ""
    wants_real_name: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All lists; keys to Chinese names in the order people see them.

    `classes` and `fields` by line ("12328", "12345", and "" for other channels): those of 12345 are called subjects there.
    """

    classes: Mapping[str, Names]
    fields: Mapping[str, Names]
    sources: Names
    refusals: Mapping[str, Refusal]
    areas: Names
    topics: Names
    grounds: Names
    void_kinds: Names
    phrases: Mapping[str, Phrase]
    topic_rules: Mapping[str, Topic]

    def classes_of(self, line: str) -> Names:
        """The classes a matter of that line can have; of a line without its own, those of the other channels."""
        return self.classes.get(line) or self.classes[""]

    def fields_of(self, line: str) -> Names:
        """The fields (12328) or subjects (12345) of that line; of a line without its own, those of the other channels."""
        return self.fields.get(line) or self.fields[""]

    def class_name(self, line: str, klass: str) -> str:
        """The Chinese name of a class, empty for none or an unknown one."""
        return self.classes_of(line).get(klass, "")

    def field_name(self, line: str, field: str) -> str:
        """The Chinese name of a field or subject, empty for none or an unknown one."""
        return self.fields_of(line).get(field, "")


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Our lists with the city's of `folder` (HOTLINE_HOME/tickets) over them; SettingsError names file and entry."""
    topics = _topics(folder)
    return Catalogue(
        classes=_by_line("classes", folder),
        fields=_by_line("fields", folder),
        sources=_names("sources", folder),
        refusals=_refusals(folder),
        areas=_names("areas", folder),
        topics={key: topic.name for key, topic in topics.items()},
        grounds=_names("grounds", folder),
        void_kinds=_names("void_kinds", folder),
        phrases=_phrases(folder),
        topic_rules=topics,
    )


def _paths(name: str, folder: Path | None) -> list[Path]:
    own = folder / f"{name}.yaml" if folder is not None else None
    return [GIVEN / f"{name}.yaml", *([own] if own is not None and own.is_file() else [])]


def _names(name: str, folder: Path | None) -> Names:
    found: dict[str, str] = {}
    for path in _paths(name, folder):
        _lay_over(found, _mapping(read_yaml(path), path), path)
    return found


def _by_line(name: str, folder: Path | None) -> Mapping[str, Names]:
    found: dict[str, dict[str, str]] = {}
    for path in _paths(name, folder):
        for line, names in _mapping(read_yaml(path), path).items():
            key = "" if line == "other" else str(line)
            _lay_over(found.setdefault(key, {}), _mapping(names, path), path)
    return found


def _lay_over(found: dict[str, str], names: Mapping[str, Any], path: Path) -> None:
    for key, name in names.items():
        if name is None:
            found.pop(str(key), None)
        elif not _KEY.fullmatch(str(key)) or not isinstance(name, str) or not name.strip():
            raise SettingsError(file=str(path), line=0, what=f"{key}: wants a name", cure=_CURE)
        else:
            found[str(key)] = name


def _topics(folder: Path | None) -> Mapping[str, Topic]:
    """A topic is its name, or name, basis and real_name."""
    found: dict[str, Topic] = {}
    for path in _paths("topics", folder):
        for key, told in _mapping(read_yaml(path), path).items():
            if told is None:
                found.pop(str(key), None)
                continue
            parts = {"name": told} if isinstance(told, str) else _mapping(told, path)
            name, basis, is_asked = parts.get("name"), parts.get("basis", ""), parts.get("real_name", False)
            is_right = isinstance(name, str) and name.strip() and isinstance(basis, str) and isinstance(is_asked, bool)
            if not _KEY.fullmatch(str(key)) or not is_right or not set(parts) <= {"name", "basis", "real_name"}:
                raise SettingsError(file=str(path), line=0, what=f"{key}: wants a name, or name, basis and real_name", cure=_CURE)
            found[str(key)] = Topic(str(name), str(basis), is_asked is True)
    return found


def _refusals(folder: Path | None) -> Mapping[str, Refusal]:
    found: dict[str, Refusal] = {}
    for path in _paths("refusals", folder):
        for key, parts in _mapping(read_yaml(path), path).items():
            if parts is None:
                found.pop(str(key), None)
                continue
            told = _mapping(parts, path)
            if not _REFUSAL.fullmatch(str(key)) or set(told) != {"name", "basis", "sentence"} or not all(told.values()):
                raise SettingsError(file=str(path), line=0, what=f"{key}: wants name, basis and sentence", cure=_CURE)
            found[str(key)] = Refusal(str(key), str(told["name"]), str(told["basis"]), str(told["sentence"]))
    return found


def _phrases(folder: Path | None) -> Mapping[str, Phrase]:
    found: dict[str, Phrase] = {}
    for path in _paths("phrases", folder):
        for key, parts in _mapping(read_yaml(path), path).items():
            if parts is None:
                found.pop(str(key), None)
                continue
            told = _mapping(parts, path)
            way = next((name for name in ("say", "write") if name in told), "say")
            words = told.get(way)
            is_whole = set(told) == {"moment", way} and told["moment"] in MOMENTS and isinstance(words, str) and words.strip()
            if not _KEY.fullmatch(str(key)) or not is_whole:
                what = f"{key}: wants say or write, and a moment of {', '.join(MOMENTS)}"
                raise SettingsError(file=str(path), line=0, what=what, cure=_CURE)
            found[str(key)] = Phrase(str(key), str(told["moment"]), str(words).strip(), way == "write")
    return found


def _mapping(data: Any, path: Path) -> Mapping[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise SettingsError(file=str(path), line=0, what="wants KEY: value", cure=_CURE)
    return data
