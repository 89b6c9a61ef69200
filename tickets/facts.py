"""Owns how the facts of an act are read: which ones it knows, of what kind, how long; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Final, get_args

from hotline_core.errors import BadInput
from tickets.acts import Act
from tickets.ticket import CallerKind, Content, RealName

LONGEST: Final = 5000  # signs of any text of an act but those below
LENGTHS: Final[Mapping[str, int]] = MappingProxyType({
    "title": 200, "text": 20_000, "place": 400, "object": 200, "address": 400, "happened_at": 60, "name": 60, "number": 30,
    "law": 200, "spoken_to": 60, "question": 1000, "whom": 60, "when": 60, "members": 400,
})  # fmt: skip
LONGEST_OVERRIDE: Final = 3660  # days
MOST_CO_UNITS: Final = 8

# act -> the facts it knows; whichever of them it needs is read without a default in tickets/deeds.py and tickets/unit_deeds.py
KNOWN: Final[Mapping[Act, tuple[str, ...]]] = MappingProxyType({
    "accept": ("unit",), "answer": ("answer",), "refuse": ("code", "reason"), "void": ("kind", "note"),
    "dispatch": ("unit", "co_units", "note"), "tell_by_phone": ("spoken_to", "note"), "sign": (), "forward": ("unit", "note"),
    "contact": ("reached", "note"), "ask_extension": ("ground", "reason", "amount"), "grant_extension": ("reason",),
    "refuse_extension": ("reason",), "ask_return": ("reason", "basis", "suggestion"), "grant_return": ("reason",),
    "refuse_return": ("reason", "improper"), "suspend": ("reason",), "resume": ("reason",), "override": ("days", "law"),
    "reply": ("facts", "process", "basis"), "ask_supplement": ("reason",), "check": ("note",),
    "follow_up": ("reached", "satisfied", "solved", "note"), "rework": ("reason",), "close": ("note",), "archive": ("note",),
    "reopen": ("reason",), "merge": ("into", "reason"), "note": ("text",), "correct": ("changes", "reason"),
    "ask_superior": ("question",), "advise": ("answer",),
    "contest_return": ("reason", "basis"), "call_review": ("reason",),
    "settle_dispute": ("unit", "co_units", "reason", "basis", "members", "improper"), "chase": ("way", "whom", "said", "when"),
})  # fmt: skip

# What may be corrected: all that was said; never which call it was, nor, once it is accepted, on which line.
CORRECTABLE: Final = tuple(field.name for field in fields(Content) if field.name != "call_id")
_WORDS_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "caller_kind": get_args(CallerKind), "real_name": get_args(RealName),
})  # fmt: skip
_CONTENT_FLAGS: Final = frozenset(field.name for field in fields(Content) if field.type == "bool")


class Facts:
    """The facts of one act as they were sent; reading one checks it, and `kept` is what was read, for the step."""

    def __init__(self, act: Act, given: Mapping[str, object]) -> None:
        """BadInput `unknown_fact` for one that the act does not know."""
        for name in given:
            if name not in KNOWN[act]:
                raise BadInput("unknown_fact", field=name)
        self._given = given
        self.kept: dict[str, object] = {}

    def text(self, name: str, *, missing: str = "missing") -> str:
        """A text that has to be there; BadInput with the code `missing` where it is blank, `too_long`, or `bad_input`."""
        text = self.text_or_none(name)
        if not text:
            raise BadInput(missing, field=name)
        return text

    def text_or_none(self, name: str) -> str:
        """A text that may be left out; empty then."""
        text = text_of(name, self._given.get(name, ""))
        if text:
            self.kept[name] = text
        return text

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Yes or no; BadInput `missing` without a default."""
        value = self._given.get(name, default)
        if value is None:
            raise BadInput("missing", field=name)
        if not isinstance(value, bool):
            raise BadInput("bad_input", field=name)
        self.kept[name] = value
        return value

    def whole(self, name: str, most: int) -> int:
        """A whole number from 1 to `most`; BadInput `missing`, `bad_input`."""
        value = self._given.get(name)
        if value is None:
            raise BadInput("missing", field=name)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise BadInput("bad_input", field=name, most=most)
        self.kept[name] = value
        return value

    def keys(self, name: str, most: int = MOST_CO_UNITS) -> tuple[str, ...]:
        """A list of different keys, perhaps empty."""
        value = self._given.get(name, ())
        if not isinstance(value, list | tuple) or len(value) > most or not all(isinstance(each, str) for each in value):
            raise BadInput("bad_input", field=name, most=most)
        if len(set(value)) != len(value):
            raise BadInput("bad_input", field=name)
        if value:
            self.kept[name] = list(value)
        return tuple(value)

    def changes(self, name: str = "changes") -> dict[str, str | bool]:
        """New values of fields of the content; BadInput names the field that is none, or has no such kind of value."""
        value = self._given.get(name)
        if not isinstance(value, Mapping) or not value:
            raise BadInput("missing", field=name)
        return {str(field): _content_value(str(field), given) for field, given in value.items()}


def text_of(name: str, value: object) -> str:
    """The text without blanks around it; BadInput `bad_input` for what is no text, `too_long` with the most it may have."""
    if not isinstance(value, str) or "\x00" in value:
        raise BadInput("bad_input", field=name)
    text = value.strip()
    most = LENGTHS.get(name, LONGEST)
    if len(text) > most:
        raise BadInput("too_long", field=name, most=most)
    return text


def _content_value(field: str, value: object) -> str | bool:
    if field not in CORRECTABLE:
        raise BadInput("unknown_fact", field=field)
    if field in _CONTENT_FLAGS:
        if not isinstance(value, bool):
            raise BadInput("bad_input", field=field)
        return value
    text = text_of(field, value)
    words = _WORDS_OF.get(field)
    if words is not None and text not in words:
        raise BadInput("bad_input", field=field)
    return text
