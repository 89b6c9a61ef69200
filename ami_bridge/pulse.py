"""Heartbeat, watchdog and clock: Asterisk is told that the bridge lives; the bridge sees the watchdog tick and the clock jump."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ami_bridge import actions
from ami_bridge.connection import Connection
from ami_bridge.jumps import Look, jumped_s
from ami_bridge.mending import Mender
from ami_bridge.protocol import Packet
from ami_bridge.telephones import TelephoneStore
from hotline_core.adapters.live import LivePublisher
from hotline_core.domain.agent_events import ClockSetBack
from hotline_core.domain.board import Board
from hotline_core.log import Log
from transfer.transfers import Transfers

WATCHDOG_LATE_S = 2.5
SHOW_BEAT_EVERY = 2  # ticks

State = tuple[str, float]  # up or down, and since when (epoch seconds)


class Pulse:
    """The state of Asterisk and of its watchdog as this bridge sees them; beaten by the engine's tick alone."""

    def __init__(
        self, *, now: Callable[[], float], live: LivePublisher, log: Log, mender: Mender, telephones: TelephoneStore
    ) -> None:
        self.asterisk: State = ("down", now())
        self.watchdog: State = ("down", now())
        self._now = now
        self._live = live
        self._log = log
        self._mender = mender
        self._telephones = telephones
        self._link: Connection | None = None
        self._beats = 0
        self._seen = ("", 0.0)  # the watchdog's last tick, and when it changed (steady seconds)
        self._looked: Look | None = None

    def clock(self, at: float, steady_s: float, board: Board, transfers: Transfers, link: Connection | None) -> list[ClockSetBack]:
        """Once a tick: if the clock has jumped, what waits here waits no longer and no shorter, and Asterisk is mended.

        Told is what every agent is to hear of it; empty as long as time goes on.
        """
        look = Look(at, steady_s)
        by_s = jumped_s(self._looked, look) if self._looked is not None else 0.0
        self._looked = look
        if not by_s:
            return []
        self._log.warning("the clock was set " + ("on" if by_s > 0 else "back"), by_s=round(abs(by_s), 1))
        board.shift(by_s)
        transfers.shift(by_s)
        if link is not None and link.is_up:
            self._telephones.shift(by_s, link)
            if by_s < 0:
                self._start_watchdog(link, self._seen[0])
        return [ClockSetBack(agent) for agent in board.agents] if by_s < 0 else []

    def lost(self, at: float) -> None:
        """The link is lost: nothing is known of Asterisk."""
        self.asterisk = self.watchdog = ("down", at)

    def in_step(self, at: float) -> None:
        """A resync is done."""
        if self.asterisk[0] != "up":
            self.asterisk = ("up", at)
        self._seen = ("", _steady_s())

    def beat(self, link: Connection) -> None:
        """One heartbeat; every second one is shown, and the watchdog asked for its tick."""
        self._link = link
        self._beats += 1
        link.post(*actions.beat(self._beats))
        if self._beats % SHOW_BEAT_EVERY == 0:
            self._live.beat()
        if self._beats % SHOW_BEAT_EVERY == 0 or self.watchdog[0] != "up":
            link.post("Getvar", [("Variable", "WD_TICK")]).add_done_callback(self._said)

    def _said(self, future: asyncio.Future[Packet]) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        at, steady_s = self._now(), _steady_s()
        tick, seen_at = self._seen
        said = future.result().text("Value")
        if said != tick:
            # the first reading after a start proves nothing: only a change does
            if self.watchdog[0] != "up" and tick:
                self.watchdog = ("up", at)
            self._seen = (said, steady_s)
        elif steady_s - seen_at > WATCHDOG_LATE_S and self._link is not None:
            if self.watchdog[0] == "up":
                self.watchdog = ("down", at)
            self._log.warning("watchdog does not tick, started again")
            self._start_watchdog(self._link, tick)

    def _start_watchdog(self, link: Connection, tick: str) -> None:
        """A clock that was set back stops the watchdog's wait and all others (jumps.py), also while there is no bridge."""
        self._seen = (tick, _steady_s())
        link.post(*actions.start_watchdog())
        self._mender.mend(link)


def _steady_s() -> float:
    return asyncio.get_running_loop().time()
