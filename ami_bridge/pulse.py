"""Heartbeat and watchdog: the bridge tells Asterisk that it is alive, and sees that the dialplan's watchdog is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from ami_bridge import actions
from ami_bridge.connection import Connection
from ami_bridge.protocol import Packet
from hotline_core.adapters.live import LivePublisher
from hotline_core.domain.agent_events import ClockSetBack
from hotline_core.log import Log

WATCHDOG_LATE_S = 2.5
SET_BACK_S = 1.0  # a tick that is older than the one before by more: the clock was set back
SHOW_BEAT_EVERY = 2  # ticks

State = tuple[str, float]  # up or down, and since when (epoch seconds)


class Pulse:
    """The state of Asterisk and of its watchdog as this bridge sees them; beaten by the engine's tick alone."""

    def __init__(self, *, now: Callable[[], float], live: LivePublisher, log: Log) -> None:
        self.asterisk: State = ("down", now())
        self.watchdog: State = ("down", now())
        self._now = now
        self._live = live
        self._log = log
        self._link: Connection | None = None
        self._beats = 0
        self._seen = ("", 0.0)  # the watchdog's last tick, and when it changed
        self._ticked_at = now()

    def clock(self, at: float, agents: Iterable[str]) -> list[ClockSetBack]:
        """What every agent is to hear if this tick, at `at`, is older than the one before; empty as long as time goes on."""
        back_s, self._ticked_at = self._ticked_at - at, at
        if back_s <= SET_BACK_S:
            return []
        self._log.warning("the clock was set back", by_s=round(back_s, 1))
        return [ClockSetBack(agent) for agent in agents]

    def lost(self, at: float) -> None:
        """The link is lost: nothing is known of Asterisk."""
        self.asterisk = self.watchdog = ("down", at)

    def in_step(self, at: float) -> None:
        """A resync is done."""
        if self.asterisk[0] != "up":
            self.asterisk = ("up", at)
        self._seen = ("", at)

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
        at = self._now()
        tick, seen_at = self._seen
        said = future.result().text("Value")
        if said != tick:
            # the first reading after a start proves nothing: only a change does
            if self.watchdog[0] != "up" and tick:
                self.watchdog = ("up", at)
            self._seen = (said, at)
        elif at - seen_at > WATCHDOG_LATE_S and self._link is not None:
            if self.watchdog[0] == "up":
                self.watchdog = ("down", at)
            self._log.warning("watchdog does not tick, started again")
            self._seen = (tick, at)
            self._link.post(*actions.start_watchdog())
