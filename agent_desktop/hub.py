"""The live view as the desk holds it, and its clients: each with a bounded queue of its own; no I/O, no clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from agent_desktop import alarms
from agent_desktop.alarms import Alarm
from agent_desktop.gate import Caller
from agent_desktop.telling import Message, Shared, Telling
from agent_desktop.view import NOTHING, Live, LiveState, Viewer, agents_of, seen_agent, seen_call, seen_calls, waiting
from hotline_core.adapters.live import Delta, Snapshot

QUEUE_LIMIT = 256
ACK_LIMIT = 64
TOO_SLOW = 1013  # websocket close code: try again later


class Client:
    """One page: what waits to be sent to it. Overflow drops all of it for a fresh snapshot."""

    def __init__(self, caller: Caller, viewer: Viewer, snapshot: Callable[[Client], Message], limit: int = QUEUE_LIMIT) -> None:
        self.caller = caller
        self.viewer = viewer
        self.shown: set[str] = set()
        self.closed: int | None = None
        self.overflows = 0
        self._snapshot = snapshot
        self._limit = limit
        self._needs_snapshot = True
        self._changes: deque[Message] = deque()
        self._acks: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._wake.set()

    def offer(self, message: Message) -> None:
        """Queue a change, or fall back to a snapshot when the page is too slow."""
        if self._needs_snapshot:
            return  # the snapshot will hold it
        if len(self._changes) >= self._limit:
            self.overflows += 1
            self.resynchronise()
            return
        self._changes.append(message)
        self._wake.set()

    def acknowledge(self, message: Message) -> None:
        """Queue an answer to this page's own click; a page that clicks on and reads nothing is closed."""
        if len(self._acks) >= ACK_LIMIT:
            self.close(TOO_SLOW)
            return
        self._acks.append(message)
        self._wake.set()

    def resynchronise(self) -> None:
        """Forget what waits; a fresh snapshot comes next."""
        self._changes.clear()
        self._needs_snapshot = True
        self._wake.set()

    def close(self, code: int) -> None:
        """Tell the sender to end with this websocket code."""
        self.closed = code
        self._wake.set()

    async def next(self) -> Message | None:
        """The next message to send; None when the client is closed."""
        while True:
            if self.closed is not None:
                return None
            if self._acks:
                return self._acks.popleft()
            if self._needs_snapshot:
                self._needs_snapshot = False
                return self._snapshot(self)
            if self._changes:
                return self._changes.popleft()
            self._wake.clear()
            await self._wake.wait()


class Hub:
    """Applies what Redis tells and hands each client the part it may see."""

    def __init__(self, parts: Callable[[], Mapping[str, object]]) -> None:
        self.state: LiveState = NOTHING
        self.is_linked = False
        self.day: Message | None = None
        self.dial_tests: Message | None = None
        self.pause_reasons: list[dict[str, object]] = []
        self.alarms: dict[str, Alarm] = {}
        self._took_part: dict[str, frozenset[str]] = {}
        self._past_overflows = 0
        self._parts = parts
        self._clients: set[Client] = set()

    def attach(self, caller: Caller, viewer: Viewer) -> Client:
        """A new client; its first message will be a snapshot."""
        client = Client(caller, viewer, self._snapshot)
        self._clients.add(client)
        return client

    def detach(self, client: Client) -> None:
        """The client is gone."""
        if client in self._clients:
            self._clients.discard(client)
            self._past_overflows += client.overflows

    @property
    def overflows(self) -> int:
        """How often a page was too slow and got a snapshot instead of what it had missed, since the desk started."""
        return self._past_overflows + sum(client.overflows for client in self._clients)

    @property
    def clients(self) -> frozenset[Client]:
        """All pages connected now."""
        return frozenset(self._clients)

    def replace(self, snapshot: Snapshot) -> None:
        """Everything known before is void."""
        self.is_linked = True
        kinds = _by_kind(snapshot.fields)
        self.state = LiveState(
            epoch=snapshot.epoch, seq=snapshot.seq, calls=kinds["call"], agents=kinds["agent"], queues=kinds["queue"]
        )
        self._note(kinds["call"])
        for client in self._clients:
            client.resynchronise()

    def change(self, delta: Delta) -> None:
        """Apply the next change and offer it to every client that may see a part of it."""
        kinds = _by_kind(delta.changed)
        gone = {kind: {_id(field) for field in delta.gone if field.startswith(kind + ":")} for kind in ("call", "agent", "queue")}
        state = self.state
        self.state = replace(
            state,
            epoch=delta.epoch,
            seq=delta.seq,
            calls=_changed(state.calls, kinds["call"], gone["call"]),
            agents=_changed(state.agents, kinds["agent"], gone["agent"]),
            queues=_changed(state.queues, kinds["queue"], gone["queue"]),
        )
        if kinds["call"] or gone["call"]:
            self._note(kinds["call"])
        telling = Telling(delta.seq, kinds, gone["call"])
        for client in sorted(self._clients, key=lambda client: not telling.concerns(client.viewer)):
            if (message := telling.to(client.viewer, client.shown)) is not None:
                client.offer(message)

    def lost(self) -> None:
        """Redis is away: what is shown may be old; the parts say so."""
        self.is_linked = False

    def parts_changed(self) -> None:
        """Tell every page the new health of the parts."""
        message = Shared({"type": "parts", "parts": self._parts()})
        for client in self._clients:
            client.offer(message)

    def reasons_changed(self, reasons: list[dict[str, object]]) -> None:
        """Tell every page the pause reasons when they changed."""
        if reasons != self.pause_reasons:
            self.pause_reasons = reasons
            message = Shared({"type": "pause_reasons", "pause_reasons": reasons})
            for client in self._clients:
                client.offer(message)

    def parties_changed(self) -> None:
        """Tell every page that the directory or a favourite changed; it asks for what it may see."""
        for client in self._clients:
            client.offer({"type": "parties"})

    def bridge_alarms(self, facts: Mapping[str, object]) -> None:
        """The bridge itself tells of emergencies; it counts while the live view is away."""
        told = alarms.of_bridge(facts)
        if told is not None and not self.is_linked:
            self._alarms_changed(told)

    def alarm(self, alarm: Alarm) -> None:
        """An emergency that a page has just begun; with the live view there, its own word comes in a moment and says more."""
        if not self.is_linked:
            self._alarms_changed({**self.alarms, str(alarm["call_id"]): alarm})

    def _alarms_changed(self, now: dict[str, Alarm]) -> None:
        if now == self.alarms:
            return
        self.alarms = now
        for client in self._clients:
            if client.viewer.leads:
                client.offer({"type": "alarms", "alarms": alarms.in_order(now)})

    def _note(self, changed: Mapping[str, Live]) -> None:
        """After each word of the live view: who has to do with which call, and which emergencies there are."""
        calls = self.state.calls
        for call_id, call in changed.items():
            self._took_part[call_id] = self._took_part.get(call_id, frozenset()) | agents_of(call)
        for call_id in self._took_part.keys() - calls.keys():
            del self._took_part[call_id]
        self._alarms_changed(alarms.of_live(calls.values()))

    def took_part(self, call_id: str) -> frozenset[str]:
        """The extensions whose call a running call is or was, as far as the live view told."""
        return self._took_part.get(call_id, frozenset())

    def day_changed(self, day: Message) -> None:
        """Tell the pages that may see it the new counts of the day; a page that gets a snapshot later finds them there."""
        self.day = day
        message = Shared({"type": "day", "day": day})
        for client in self._clients:
            if client.viewer.sees_day:
                client.offer(message)

    def dial_tests_changed(self, tests: Message) -> None:
        """Tell the pages of who sees the day what the last dial-tests found."""
        self.dial_tests = tests
        message: Message = {"type": "dial_tests", "dial_tests": tests}
        for client in self._clients:
            if client.viewer.sees_day:
                client.offer(message)

    def tell(self, extension: str, message: Message) -> None:
        """Tell the pages of one extension something that no live state says."""
        for client in self._clients:
            if extension and client.caller.extension == extension:
                client.acknowledge(message)

    def close(self, code: int, *, sid: str | None = None) -> None:
        """End all clients, or those of one session."""
        for client in self._clients:
            if sid is None or client.caller.sid == sid:
                client.close(code)

    def _snapshot(self, client: Client) -> Message:
        calls = seen_calls(client.viewer, self.state.calls.values())
        client.shown = {str(call.get("id")) for call in calls}
        return {
            "type": "snapshot",
            "seq": self.state.seq,
            "me": client.caller.told(),
            "calls": calls,
            "agents": [seen_agent(client.viewer, agent) for agent in self.state.agents.values()],
            "queues": [dict(queue) for queue in self.state.queues.values()],
            "parts": self._parts(),
            "day": self.day if client.viewer.sees_day else None,
            "dial_tests": self.dial_tests if client.viewer.sees_day else None,
            "pause_reasons": self.pause_reasons,
            "alarms": alarms.in_order(self.alarms) if client.viewer.leads else [],
        }

    def told(self, viewer: Viewer) -> Message:
        """The answer of GET /api/live."""
        return {
            "epoch": self.state.epoch,
            "seq": self.state.seq,
            "queues": [dict(queue) for queue in self.state.queues.values()],
            "waiting": [seen for call in waiting(self.state.calls.values()) if (seen := seen_call(viewer, call)) is not None],
            "calls": seen_calls(viewer, self.state.calls.values()),
            "agents": [seen_agent(viewer, agent) for agent in self.state.agents.values()],
            "parts": self._parts(),
        }


def _by_kind(fields: Mapping[str, Live]) -> dict[str, dict[str, Live]]:
    """Live fields (`call:<id>`) sorted by kind and id; kinds the desk does not know are left out."""
    sorted_: dict[str, dict[str, Live]] = {"call": {}, "agent": {}, "queue": {}}
    for field, value in fields.items():
        kind, _, name = field.partition(":")
        if kind in sorted_ and name:
            sorted_[kind][name] = value
    return sorted_


def _id(field: str) -> str:
    return field.partition(":")[2]


def _changed(before: Mapping[str, Live], changed: Mapping[str, Live], gone: set[str]) -> dict[str, Live]:
    return {**{name: value for name, value in before.items() if name not in gone}, **changed}
