"""Owns the chain of recordings: what was kept and what was deleted on each day of Shanghai, each link over the one before; pure.

Each day begins with the head of the day before, so that the head of any day proves every day up to it. Only hashes of sound and
facts without a person stand in it: a lawful deletion takes the sound and leaves the chain whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from recordings.naming import SHANGHAI, Piece

FIRST_PREV: Final = "0" * 64
Kind = Literal["kept", "bound", "deleted"]  # bound: what was told of a kept one after its making
Fact = str | int | float | None


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as stored; `body` is the JSON that is hashed."""

    day: str
    position: int
    kind: str
    call_id: str
    leg: int
    body: str
    hash: str

    @property
    def piece(self) -> Piece:
        """What it is about."""
        return Piece(self.call_id, self.leg)

    def facts(self) -> Mapping[str, Fact]:
        """What it says; empty if the body is none of ours."""
        try:
            told = json.loads(self.body)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


@dataclass(frozen=True, slots=True)
class Day:
    """One day's head; `count` links, `prev` is the head of the day before."""

    day: str
    prev: str
    count: int
    head: str


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold; `what`: link (position), count, head, prev, extra (links of a day without a row)."""

    day: str
    what: str
    position: int = 0


def day_of(at: float) -> str:
    """The day of a moment (epoch seconds) in Shanghai, as it is written."""
    return f"{datetime.fromtimestamp(at, SHANGHAI):%Y-%m-%d}"


def link(prev: str, day: str, position: int, kind: Kind, piece: Piece, facts: Mapping[str, Fact]) -> Link:
    """The next link after the one with hash `prev`; positions count from 1."""
    body = json.dumps(dict(facts), sort_keys=True, separators=(",", ":"))
    return Link(day, position, kind, piece.call_id, piece.leg, body, link_hash(prev, day, position, kind, piece, body))


def link_hash(prev: str, day: str, position: int, kind: str, piece: Piece, body: str) -> str:
    """Over all that a link says and the hash before it."""
    told = json.dumps([prev, day, position, kind, piece.call_id, piece.leg, body], separators=(",", ":"))
    return sha256(told.encode()).hexdigest()


def breaks(days: Iterable[Day], links: Iterable[Link]) -> Iterator[Break]:
    """Every place where it does not hold; both in order of day and position. Memory flat."""
    waiting = iter(links)
    one = next(waiting, None)
    before = FIRST_PREV
    for day in days:
        while one is not None and one.day < day.day:
            yield Break(one.day, "extra", one.position)
            one = next(waiting, None)
        if day.prev != before:
            yield Break(day.day, "prev")
        prev, count, is_whole = day.prev, 0, True
        while one is not None and one.day == day.day:
            count += 1
            made = link_hash(prev, one.day, one.position, one.kind, one.piece, one.body)
            if is_whole and (one.position != count or made != one.hash):
                is_whole = False  # what follows cannot be told apart from it
                yield Break(day.day, "link", one.position)
            prev = one.hash
            one = next(waiting, None)
        if count != day.count:
            yield Break(day.day, "count", count)
        if prev != day.head:
            yield Break(day.day, "head")
        before = day.head
    while one is not None:
        yield Break(one.day, "extra", one.position)
        one = next(waiting, None)


def told_heads(days: Iterable[Day]) -> str:
    """The text that is kept outside: a line for each day, `DAY HEAD`."""
    return "".join(f"{day.day} {day.head}\n" for day in days)


def read_heads(text: str) -> dict[str, str]:
    """The reverse; ValueError for a line that is none (a day and 64 hex digits)."""
    heads = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        day, _, head = line.strip().partition(" ")
        datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=SHANGHAI)
        if len(head) != 64 or set(head) - set("0123456789abcdef"):
            raise ValueError(line)
        heads[day] = head
    return heads
