"""Pauses of recordings: nothing is kept of an identity or card number that is spoken; pure (R95, GB/T 35273).

A pause belongs to a call and to the agent who asked for it. It silences every recording of the call, the main one and those of
thirds, whoever joins meanwhile; the files' lengths go on, so that times stay true. It ends with a click, after `limit_s`, when
its agent has the call no more, or with the call. What is so is Asterisk's word alone; a word that does not come is asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hotline_core.domain.call_state import Call
from hotline_core.domain.commands import Command, ForgetPause, KeepPause, Reply, Silence, Write
from hotline_core.domain.pause_events import (
    LegRecorded,
    PauseDue,
    PauseEvent,
    PauseRecordingAsked,
    PauseRemembered,
    RecordingSilenced,
    ResumeRecordingAsked,
)

LIMIT_S = 60.0  # the city's recording.pause_s
SURE_S = 2.0  # Asterisk answers within milliseconds; a command without its word after that is sent again
TRIES = 3  # a pause that Asterisk never confirms is given up, and the page is told nothing that is not so
TALKS = ("talking", "held", "joined")
AGENT, TIME, LEFT, END = "agent", "time", "left", "end"  # who or what ended it


@dataclass(frozen=True, slots=True)
class Pause:
    """One call's; times are epoch seconds."""

    call_id: str
    agent: str  # extension
    until: float
    again_at: float  # when what was asked of Asterisk is asked again
    since: float | None = None  # None: Asterisk has not said yet that the sound is away
    ending: str = ""
    tries: int = 0


@dataclass(slots=True)
class Pauses:
    """All calls'; the board owns one, its methods are the only writers."""

    limit_s: float = LIMIT_S
    pauses: dict[str, Pause] = field(default_factory=dict)
    legs: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by call id: channels of thirds with a recording

    def apply(self, event: PauseEvent, call: Call | None, now: float) -> list[Command]:
        """What is to be done; `call` is the event's, None if there is none (any more)."""
        pause = self.pauses.get(event.call_id)
        match event:
            case PauseRecordingAsked() if call is None or pause is not None:
                return [Reply(event.intent_id, "ok" if pause is not None else "unknown_call")]
            case PauseRecordingAsked():
                pause = Pause(event.call_id, event.agent, now + self.limit_s, now + SURE_S)
                self.pauses[event.call_id] = pause
                return [_kept(pause), *self._silence(pause, call, event.intent_id)]
            case ResumeRecordingAsked():
                if call is None or pause is None:
                    return [Reply(event.intent_id)]
                return self._end(pause, AGENT, call, now, event.intent_id)
            case PauseRemembered():
                return self._remembered(event, call, now)
            case LegRecorded():
                return self._leg(event, pause)
            case RecordingSilenced() if pause is not None and call is not None and event.channel == call.channel:
                return self._told(pause, event, now)
            case PauseDue() if pause is not None and call is not None:
                return self._due(pause, call, now)
        return []

    def follow(self, call_id: str, call: Call | None, now: float) -> list[Command]:
        """The call has moved on: its pause ends with it, or when its agent has it no more."""
        if call is None:
            self.legs.pop(call_id, None)
        pause = self.pauses.get(call_id)
        if pause is None:
            return []
        if call is None or not call.channel:
            del self.pauses[call_id]  # a rescue may go on without the citizen, and its recording is evidence
            thirds = self._silence(pause, None, on=False) if call is not None else []
            return [*thirds, *_resumed(pause, END, now), ForgetPause(call_id)]
        if not pause.ending and (call.agent != pause.agent or call.phase not in TALKS or call.agent_left):
            return self._end(pause, LEFT, call, now)
        return []

    def due(self, now: float) -> list[PauseEvent]:
        """The moments that have come."""
        return [PauseDue(pause.call_id) for pause in self.pauses.values() if _wake_at(pause) <= now]

    @property
    def wake_at(self) -> float | None:
        """The next such moment, None if there is none."""
        return min(map(_wake_at, self.pauses.values()), default=None)

    def shift(self, by_s: float) -> None:
        """The clock was set on by so many seconds, or back: a pause lasts as long as before."""
        for call_id, pause in self.pauses.items():
            self.pauses[call_id] = replace(pause, until=pause.until + by_s, again_at=pause.again_at + by_s)

    def of(self, call_id: str) -> Mapping[str, float] | None:
        """What a page is told: since when and until when at the latest nothing is kept; None while all is."""
        pause = self.pauses.get(call_id)
        return None if pause is None or pause.since is None else {"since": pause.since, "until": pause.until}

    def _silence(self, pause: Pause, call: Call | None, intent_id: str = "", *, on: bool = True) -> list[Command]:
        """Every recording of the call; the main one answers the click."""
        thirds = [Silence(leg, on) for leg in self.legs.get(pause.call_id, ())]
        return [*thirds, Silence(call.channel, on, intent_id)] if call is not None else list(thirds)

    def _end(self, pause: Pause, by: str, call: Call, now: float, intent_id: str = "") -> list[Command]:
        self.pauses[pause.call_id] = replace(pause, ending=pause.ending or by, again_at=now + SURE_S, tries=0)
        return self._silence(pause, call, intent_id, on=False)

    def _told(self, pause: Pause, event: RecordingSilenced, now: float) -> list[Command]:
        if not event.is_silent:
            del self.pauses[pause.call_id]
            return [*_resumed(pause, pause.ending or TIME, now), ForgetPause(pause.call_id)]
        if pause.since is not None or pause.ending:
            return []  # told already; or it came too late and is on its way out
        pause = replace(pause, since=now, until=now + self.limit_s, tries=0)
        self.pauses[pause.call_id] = pause
        return [Write("recording_paused", pause.call_id, now, {"agent": pause.agent, "until": pause.until}), _kept(pause)]

    def _due(self, pause: Pause, call: Call, now: float) -> list[Command]:
        if not pause.ending and pause.since is not None:
            return self._end(pause, TIME, call, now) if pause.until <= now else []
        if pause.again_at > now:
            return []
        if pause.tries >= TRIES and pause.since is None:
            del self.pauses[pause.call_id]  # never confirmed: nothing was shown, and nothing may stay silent
            return [*self._silence(pause, call, on=False), ForgetPause(pause.call_id)]
        self.pauses[pause.call_id] = replace(pause, again_at=now + SURE_S, tries=pause.tries + 1)
        return self._silence(pause, call, on=not pause.ending)

    def _remembered(self, event: PauseRemembered, call: Call | None, now: float) -> list[Command]:
        """After a login: what was asked before is asked again, for nobody knows which command came through."""
        known = self.pauses.get(event.call_id)
        until = min(event.until, now + self.limit_s)  # the clock may have been set back meanwhile
        pause = known or Pause(event.call_id, event.agent, until, now + SURE_S, event.since)
        if call is None:
            self.pauses.pop(event.call_id, None)
            return [*_resumed(pause, END, now), ForgetPause(event.call_id)]
        if pause.agent != call.agent or call.phase not in TALKS:
            return self._end(pause, LEFT, call, now)
        if not pause.ending and pause.until <= now:
            return self._end(pause, TIME, call, now)
        self.pauses[event.call_id] = replace(pause, again_at=now + SURE_S, tries=0)
        return self._silence(pause, call, on=not pause.ending)

    def _leg(self, event: LegRecorded, pause: Pause | None) -> list[Command]:
        known = self.legs.get(event.call_id, ())
        if event.channel not in known:
            self.legs[event.call_id] = (*known, event.channel)
        return [Silence(event.channel, True)] if pause is not None and not pause.ending else []


def _kept(pause: Pause) -> KeepPause:
    return KeepPause(pause.call_id, pause.agent, pause.until, pause.since)


def _resumed(pause: Pause, by: str, now: float) -> list[Command]:
    """The record of the end; of a pause that never was there is none."""
    return [] if pause.since is None else [Write("recording_resumed", pause.call_id, now, {"by": by})]


def _wake_at(pause: Pause) -> float:
    return pause.until if pause.since is not None and not pause.ending else pause.again_at
