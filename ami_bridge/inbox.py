"""The one ordered inbox: AMI events, intents and ticks in the order they came, each with the time at which it happened."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ami_bridge.dial_tests import DialTestBegun
from ami_bridge.intents import Intent
from ami_bridge.protocol import STAMP
from ami_bridge.resync import Snapshot
from hotline_core.domain import events as ev
from hotline_core.domain.events import Event
from transfer import events as te

LATE_S = 2.0  # the watchdog's patience: after that callers are no longer where Asterisk said, and what waits counts from now
BOUND = 50_000  # 15 s of the busiest minute measured; beyond it the machine is lost anyway
ENDINGS = (
    ev.CallEnded, ev.AgentLeft, ev.CallRecovered, te.CitizenGone, te.AgentGone, te.ThirdLeft, te.ThirdFailed, te.MoveRefused,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passes; the heartbeat goes through the inbox, so that a stuck engine looks dead. `steady_s`: by a clock nobody sets."""

    steady_s: float


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The link to Asterisk is lost."""


@dataclass(frozen=True, slots=True)
class Resync:
    """What Asterisk holds, read over the link of that number; worthless once that link is lost."""

    link: int
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class KeyRead:
    """A menu's question was played; `key` is empty for silence, None if it could not be played to its end."""

    call_id: str
    key: str | None


Item = KeyRead | DialTestBegun | te.JoinEvent | Event | Intent | Tick | LinkDown | Resync


class Inbox:
    """Bounded; when full, everything but the end of a call, a resync and a loss of link is shed and counted."""

    def __init__(self, now: Callable[[], float], bound: int = BOUND) -> None:
        self._now = now
        self._bound = bound
        self._items: deque[tuple[float, Item]] = deque()
        self._filled = asyncio.Event()
        self.shed = 0

    def put(self, item: Item, stamp: str = "") -> bool:
        """Append; False if it was shed. `stamp` is when Asterisk said it (AMI's Timestamp), if it did."""
        if len(self._items) >= self._bound and not isinstance(item, (*ENDINGS, Resync, LinkDown)):
            self.shed += 1
            return False
        self._items.append((happened_at(stamp, self._now()), item))
        self._filled.set()
        return True

    @property
    def depth(self) -> int:
        """How many items wait."""
        return len(self._items)

    async def batch(self) -> list[tuple[float, Item]]:
        """Everything that is there now, at least one item."""
        await self._filled.wait()
        self._filled.clear()
        items = list(self._items)
        self._items.clear()
        return items


def happened_at(stamp: str, now: float) -> float:
    """When it happened (epoch seconds): by Asterisk's own word, however late a busy machine lets us read it; else now.

    Never ahead of us, and not if the clock was set meanwhile.
    """
    told = float(stamp) if STAMP.fullmatch(stamp) else now
    return told if now - LATE_S <= told <= now else now
