"""Owns what of a citizen a reader of a ticket sees: all, a number without its middle, or neither name nor number; pure (R95)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from hotline_core.log import masked
from tickets.ticket import Content
from tickets.units import Units, path_to

Sight = Literal["whole", "number", "nobody"]  # all; the number without its middle; neither name nor number nor address
HIDDEN = "***"
_COMPLAINTS = frozenset({"complaint", "report"})
_PERSONAL = ("name", "number", "address")
_SHORTEST_NAME = 2  # one sign stands in too many other words
_SHORTEST_NUMBER = 5
_LONGEST_INSIDE = 12  # digits of a number inside the country, area code and all; a longer one has the country's code
_NUMBER = re.compile(r"\+?[0-9][0-9 ()-]*[0-9]")
_BETWEEN = r"[ \u00a0()（）-]{0,2}"
# What names a citizen even where it is not the caller's own: a mobile number, an identity card's number.
_NAMES_SOMEBODY = re.compile(r"(?<![0-9])(?:1[3-9][0-9]{9}|[0-9]{17}[0-9Xx])(?![0-9])")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: `units` are the own unit and those below it, none for the centre's people; `sees_numbers`: the rights table
    gives full numbers, or the ticket is the reader's own."""

    is_officer: bool = False
    units: frozenset[str] = frozenset()
    sees_numbers: bool = False


def complained_of(content: Content, units: Units) -> frozenset[str]:
    """The units a complaint or a report is about: those whose name stands in what is complained of or in the title."""
    if content.klass not in _COMPLAINTS:
        return frozenset()
    return frozenset(key for key, unit in units.items() if unit.name in content.object or unit.name in content.title)


def sight_of(content: Content, reader: Reader, units: Units) -> Sight:
    """What this reader sees of the citizen.

    A unit's people see neither name nor number where the caller asked for it, and never where their own unit, one below it or one
    above it is complained of.
    """
    if not reader.is_officer:
        return "whole" if reader.sees_numbers else "number"
    if content.is_secret:
        return "nobody"
    own = reader.units | {above for key in reader.units for above in path_to(key, units)}
    return "nobody" if complained_of(content, units) & own else "whole"


@dataclass(frozen=True, slots=True)
class Veil:
    """What is taken out of everything that is told of one ticket: `words` are the citizen's names, numbers and addresses, also
    those that were corrected since."""

    sight: Sight
    words: frozenset[str] = frozenset()

    def text(self, text: str) -> str:
        """A text without what names the citizen."""
        if self.sight == "whole":
            return text
        for word in sorted(self.words, key=len, reverse=True):
            hidden = HIDDEN if self.sight == "nobody" else masked(word)
            text = spellings.sub(hidden, text) if (spellings := _spelt(word)) else text.replace(word, hidden)
        return _NAMES_SOMEBODY.sub(HIDDEN, text) if self.sight == "nobody" else text

    def content(self, content: Content) -> tuple[Content, tuple[str, ...]]:
        """The content as it is told, and the fields that were masked or taken away."""
        if self.sight == "whole":
            return content, ()
        texts = ("title", "text", "happened_at", "place", "object")
        told: dict[str, str] = {name: self.text(getattr(content, name)) for name in texts}
        if self.sight == "nobody":
            told |= dict.fromkeys(("name", "number", "address", "call_id"), "")
        else:
            told |= {"number": masked(content.number), "address": self.text(content.address), "name": self.text(content.name)}
        names = tuple(sorted(name for name, value in told.items() if value != getattr(content, name)))
        return replace(content, **told), names  # type: ignore[arg-type] # texts for texts

    def facts(self, facts: object, under: str = "") -> object:
        """A step's facts as they are told, at any depth; what stands under a personal field's name is masked as a whole."""
        if self.sight == "whole":
            return facts
        if isinstance(facts, Mapping):
            return {key: self.facts(value, under if under in _PERSONAL else str(key)) for key, value in facts.items()}
        if isinstance(facts, list | tuple):
            return [self.facts(value, under) for value in facts]
        if not isinstance(facts, str):
            return facts
        if under in _PERSONAL and self.sight == "nobody":
            return HIDDEN if facts else ""
        return masked(facts) if under == "number" else self.text(facts)


def _spelt(word: str) -> re.Pattern[str] | None:
    """Every way to write this number: in groups or in one, with the country's code or without; None for what is no number."""
    if not _NUMBER.fullmatch(word):
        return None
    digits = "".join(sign for sign in word if sign in "0123456789")
    own = digits.removeprefix("0086").removeprefix("86") if len(digits) > _LONGEST_INSIDE else digits
    return re.compile(_BETWEEN.join(own)) if len(own) >= _SHORTEST_NUMBER else None


def veil_for(sight: Sight, content: Content, history: Iterable[object] = ()) -> Veil:
    """The veil of one ticket; `history` are the facts of its steps, where corrected names and numbers stand.

    With `number` only numbers are words to hide, with `nobody` the name and the address too.
    """
    fields = ("number",) if sight == "number" else _PERSONAL
    found = {getattr(content, name) for name in fields} | {word for facts in history for word in _former(facts, fields)}
    return Veil(sight, frozenset(word for word in found if len(word) >= (_SHORTEST_NUMBER if word.isdecimal() else _SHORTEST_NAME)))


def _former(facts: object, fields: tuple[str, ...], under: str = "") -> Iterable[str]:
    """Every text that stands somewhere under one of those names."""
    if isinstance(facts, Mapping):
        for key, value in facts.items():
            yield from _former(value, fields, under if under in fields else str(key))
    elif isinstance(facts, list | tuple):
        for value in facts:
            yield from _former(value, fields, under)
    elif isinstance(facts, str) and under in fields:
        yield facts
