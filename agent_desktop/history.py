"""Owns what somebody who searches the past means, and how calls and tickets of two databases become one list; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from hotline_core.domain.numbers import of_caller
from hotline_core.errors import BadInput

Kind = Literal["all", "call", "ticket"]
R = TypeVar("R")
FEWEST_DIGITS, MOST_DIGITS = 3, 20
_NUMBER = re.compile(r"\+?[0-9][0-9\s()（）-]*")
_OVER = "-"  # of a cursor: this list is at its end


@dataclass(frozen=True, slots=True)
class Question:
    """Either the beginning of a telephone number, in each form it may be kept in, or words; neither: everything."""

    numbers: tuple[str, ...] = ()
    words: str = ""


def question(typed: str, area_code: str) -> Question:
    """What was typed: three digits or more with nothing but separators are a number, all else are words."""
    text = typed.strip()
    digits = "".join(sign for sign in text if sign in "0123456789")
    if _NUMBER.fullmatch(text) and FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return Question(numbers=tuple(dict.fromkeys((digits, of_caller(text, area_code)))))
    return Question(words=text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page begins in each list: a cursor, empty for its beginning, None when it is at its end."""

    calls: str | None = ""
    tickets: str | None = ""

    @property
    def is_end(self) -> bool:
        return self.calls is None and self.tickets is None

    def told(self) -> str:
        """As one word that `place_of` reads again."""
        return "|".join(_OVER if each is None else each for each in (self.calls, self.tickets))


def place_of(told: str) -> Place:
    """Where a page begins; BadInput `bad_cursor` (field after) for what no page told."""
    parts = told.split("|")
    if len(parts) != 2:
        raise BadInput("bad_cursor", field="after")
    return Place(*(None if part == _OVER else part for part in parts))


@dataclass(frozen=True, slots=True)
class Entry(Generic[R]):
    """A row with its moment (epoch seconds) and the cursor that a page after it begins with."""

    at: float
    cursor: str
    row: R


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """What one database found, newest first, and whether more lies behind it."""

    entries: Sequence[Entry[R]] = ()
    has_more: bool = False


def merged(calls: Found[R], tickets: Found[R], before: Place, limit: int) -> tuple[list[R], Place]:
    """The newest `limit` of both lists, each kept in its own order, and where the next page begins."""
    rows: list[R] = []
    c = t = 0
    while len(rows) < limit and (c < len(calls.entries) or t < len(tickets.entries)):
        is_call = t == len(tickets.entries) or (c < len(calls.entries) and calls.entries[c].at >= tickets.entries[t].at)
        rows.append(calls.entries[c].row if is_call else tickets.entries[t].row)
        c, t = (c + 1, t) if is_call else (c, t + 1)
    return rows, Place(_after(calls, c, before.calls), _after(tickets, t, before.tickets))


def _after(found: Found[R], taken: int, before: str | None) -> str | None:
    if taken == len(found.entries) and not found.has_more:
        return None
    return found.entries[taken - 1].cursor if taken else before
