"""Keeps the bridge's directory as the desk's is: at once after a change, and again every few seconds.

The bridge keeps what it is told in Asterisk's own database, so that emergency acts and menus need no desk and no database. It may
be away: what could not be told is told again. Before the desk's own database has answered nothing is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent_desktop.intents import UNSURE, BridgeClient
from agent_desktop.party_book import PartyBook
from hotline_core.log import Log
from transfer.directory import Directory, calling_data

LIST_AGAIN_S = 10.0
TURN_S = 4.0
MOST_STEPS = 50  # at a time, so that a change never waits long behind the first start of a big city


@dataclass(frozen=True, slots=True)
class Put:
    """Tell the bridge of a party; `data` is what it has to know."""

    key: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Remove:
    """Tell the bridge that a party is none any more."""

    key: str


def plan(parties: Directory, known: Mapping[str, object]) -> list[Put | Remove]:
    """What to tell the bridge, emergency parties first; `known` is what it has (key -> data)."""
    puts = [(party, calling_data(party)) for party in parties.values() if known.get(party.key) != calling_data(party)]
    steps: list[Put | Remove] = [Put(party.key, data) for party, data in sorted(puts, key=lambda pair: not pair[0].is_emergency)]
    return steps + [Remove(key) for key in sorted(known.keys() - parties.keys())]


class PartyKeeper:
    """One for the desk; changes go one after the other, so that old never overtakes new. `on_change`: the book has learned."""

    def __init__(
        self, book: PartyBook, bridge: BridgeClient, now: Callable[[], float], on_change: Callable[[], None], log: Log
    ) -> None:
        self._book = book
        self._bridge = bridge
        self._now = now
        self._on_change = on_change
        self._log = log
        self._turn = asyncio.Lock()
        self._known: dict[str, object] = {}
        self._listed_at = 0.0

    async def reconcile(self) -> bool:
        """Tell the bridge whatever differs; False when something is left for the next time."""
        try:
            async with asyncio.timeout(TURN_S):
                await self._turn.acquire()
        except TimeoutError:
            return False
        try:
            return await self._reconcile()
        finally:
            self._turn.release()

    async def _reconcile(self) -> bool:
        if not await self._listed() or not self._book.is_sure:
            return False
        steps = plan(self._book.parties, self._known)
        for step in steps[:MOST_STEPS]:
            if not await self._take(step):
                return False
        return len(steps) <= MOST_STEPS and not plan(self._book.parties, self._known)

    async def _take(self, step: Put | Remove) -> bool:
        """Carry out one step; False when the bridge is away, so that the others need not be tried now."""
        match step:
            case Put(key, data):
                reply = await self._bridge.ask("party_put", more={"party": key, "data": data})
                if reply.ok:
                    self._known[key] = data
            case Remove(key):
                reply = await self._bridge.ask("party_remove", more={"party": key})
                if reply.ok:
                    self._known.pop(key, None)
        if not reply.ok:
            self._log.warning("the bridge did not take a party", step=type(step).__name__, party=step.key, code=reply.code)
        return reply.code not in UNSURE

    async def _listed(self) -> bool:
        """Know what the bridge has: at first, and now and then: a killed Asterisk loses what its database had not committed."""
        if self._listed_at and self._now() - self._listed_at < LIST_AGAIN_S:
            return True
        reply = await self._bridge.ask("party_list")
        parties = reply.facts.get("parties")
        if not reply.ok or not isinstance(parties, dict):
            return False
        self._known = dict(parties)
        self._listed_at = self._now()
        if self._book.borrow(parties):
            self._on_change()
        return True
