"""Owns when a citizen who calls again may come with the same matter (R60; E art. 19): which ticket, and why it is one; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from tickets.acts import Stage
from tickets.limits import SHANGHAI

UNSOLVED_S = 6 * 24 * 3600.0
CLOSED: frozenset[str] = frozenset({"closed", "archived"})
OVER: frozenset[str] = CLOSED | {"answered", "refused", "void", "merged"}
Why = Literal["unsolved", "closed"]


class Kept(Protocol):
    """What is looked at of a ticket (tickets.store.listing.Row); times are epoch seconds."""

    @property
    def number(self) -> str: ...
    @property
    def stage(self) -> Stage: ...
    @property
    def created_at(self) -> float: ...
    @property
    def closed_at(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Repeat:
    """The ticket whose matter may have come back, and by which half of the rule."""

    number: str
    why: Why


def repeat_of(tickets: Iterable[Kept], now: float) -> Repeat | None:
    """Of a citizen's earlier tickets the one that would make a call about it now a repeat, the newest first; None: no call would.

    Closed at most a calendar month ago, or made more than six days ago and not over. Whether it is the same matter people decide.
    """
    for each in sorted(tickets, key=lambda ticket: ticket.number, reverse=True):
        if each.stage in CLOSED and each.closed_at is not None and now < _a_month_after(each.closed_at):
            return Repeat(each.number, "closed")
        if each.stage not in OVER and now - each.created_at > UNSOLVED_S:
            return Repeat(each.number, "unsolved")
    return None


def _a_month_after(moment: float) -> float:
    """The same clock on the same day of the next month, on its last day where there is no such day."""
    day = datetime.fromtimestamp(moment, SHANGHAI)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    for number in range(day.day, 27, -1):
        try:
            return day.replace(year=year, month=month, day=number).timestamp()
        except ValueError:
            continue  # 30 February
    return day.replace(year=year, month=month).timestamp()
