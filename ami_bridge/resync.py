"""What Asterisk holds at this moment, read after each login, as events that bring the board up to date.

Sources: CoreShowChannels (who is there), the dialplan's journal in astdb (whose call it is, what was missed), QueueStatus
(members). `read` does the asking; `events_of` is pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ami_bridge.actions import PAUSES
from ami_bridge.adoption import BOOK, MEMORY, book_of, joins_of
from ami_bridge.connection import Connection
from ami_bridge.protocol import Packet
from ami_bridge.translate import agent_of, member_of_list, whole
from ami_bridge.translate import cause as cause_of
from ami_bridge.translate_join import call_of_third
from hotline_core.domain import events as ev
from hotline_core.domain.events import Event
from hotline_core.domain.pause_events import LegRecorded, PauseEvent, PauseRemembered
from hotline_core.domain.queue_events import PlacesSeen
from hotline_core.errors import AmiError
from transfer.events import AGENT, CITIZEN, JoinSeen

OUTSIDE = ("duty", "party")  # who else may have answered, in the journal; also the contexts of the dialplan


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Asterisk's state as it was told, packet by packet, and the journal by family and call id."""

    channels: Sequence[Packet]
    members: Sequence[Packet]
    arrived: Mapping[str, str]
    answered: Mapping[str, str]
    ended: Mapping[str, str]
    dialled: Mapping[str, str] = field(default_factory=dict)  # agent, about, channel of the citizen who picked up
    entries: Sequence[Packet] = ()  # who stands in a queue, in its order
    directory: Mapping[str, str] = field(default_factory=dict)  # changes to the parties of the city's file
    books: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of calls with a third, see adoption.py
    memories: Mapping[str, str] = field(default_factory=dict)  # whom their thirds were dialled for
    muted: Sequence[str] = ()  # channels nobody in their room hears
    pauses: Mapping[str, str] = field(default_factory=dict)  # of recordings: until, since, agent


async def read(link: Connection) -> Snapshot:
    """Ask Asterisk for everything; AmiError if it does not answer in time.

    What was answered and what has ended is asked after the channels: the dialplan writes the end before the channel goes, so
    that a call that ends while we ask is never taken for one that died with Asterisk.
    """
    arrived = await _journal(link, "hlcall")
    dialled = await _journal(link, "hlout")
    parties = await _journal(link, "hldir")
    books = await _books(link)
    memories = await _journal(link, MEMORY)
    pauses = await _journal(link, PAUSES)
    channels = await link.ask_list("CoreShowChannels")
    answered = await _journal(link, "hlans")
    ended = await _journal(link, "hlend")
    queue = await link.ask_list("QueueStatus")
    return Snapshot(
        [packet for packet in channels if packet.text("Event") == "CoreShowChannel"],
        [packet for packet in queue if packet.text("Event") == "QueueMember"],
        arrived, answered, ended, dialled, [packet for packet in queue if packet.text("Event") == "QueueEntry"],
        parties, books, memories, await _muted(link, channels), pauses,
    )  # fmt: skip


def events_of(snapshot: Snapshot, known: frozenset[str], now: float) -> list[Event]:
    """Events that make the board equal to Asterisk: adopted calls, calls missed whole, ended calls, members."""
    events: list[Event] = []
    callers = {packet.text("Uniqueid"): packet for packet in snapshot.channels}
    names = {packet.text("Channel"): packet for packet in snapshot.channels}
    for call_id, journal in sorted(snapshot.arrived.items()):
        at, line, dialled, caller, withheld = _fields(journal, 5)
        answered, agent = _fields(snapshot.answered.get(call_id, ""), 2)
        direction, dialler, about, citizen = _dialled(snapshot.dialled.get(call_id))
        channel = names.get(citizen)
        if channel is not None and channel.text("Linkedid") != call_id:
            channel = None  # after a crash of Asterisk names are given out again: somebody else's call
        channel = channel or callers.get(call_id)
        if channel is not None and call_id not in snapshot.ended:
            events.append(_adopted(call_id, channel, snapshot, (at, line, dialled, caller, withheld), (answered, agent), now))
            continue
        ended, cause, outcome, by = _fields(snapshot.ended.get(call_id, ""), 4)
        if agent in OUTSIDE:
            outcome = agent
        elif not ended:
            outcome = "lost"  # Asterisk died with the call; no end was written
        events.append(
            ev.CallRecovered(
                call_id, line, caller, dialled, _at(at, now), _at(ended, now), cause_of(cause), outcome,
                ended_by=by or ("caller" if ended else "system"),
                agent=(agent.removeprefix("agent-") or dialler) if agent not in OUTSIDE else "",
                answered_at=_at(answered, now) if answered else None, direction=direction, about=about,
                withheld=withheld == "yes",
            )
        )
    for call_id in sorted(known - snapshot.arrived.keys()):
        events += [ev.HangUpAsked(call_id, "system"), ev.CallEnded(call_id, 0)]
    for packet in snapshot.members:
        events += member_of_list(packet)
    return [*events, *_pauses_of(snapshot, now)]


def _pauses_of(snapshot: Snapshot, now: float) -> list[PauseEvent]:
    """The recordings of thirds first, then the pauses, which silence them anew."""
    thirds = [packet for packet in snapshot.channels if packet.text("ChannelStateDesc") == "Up"]
    legs = [(call_of_third(packet.text("Uniqueid")), packet.text("Channel")) for packet in thirds]
    told: list[PauseEvent] = [LegRecorded(call_id, channel) for call_id, channel in legs if call_id]
    for call_id, kept in sorted(snapshot.pauses.items()):
        until, since, agent = _fields(kept, 3)
        told.append(PauseRemembered(call_id, agent, _at(until, now), _at(since, now) if since else None))
    return told


def joined_of(snapshot: Snapshot, events: Sequence[Event]) -> list[JoinSeen]:
    """The calls with a third on the line, or about to have one; `events` as for `places_of`."""
    adopted = {event.call_id: event for event in events if isinstance(event, ev.CallAdopted)}
    return joins_of(snapshot.channels, snapshot.books, snapshot.memories, adopted, snapshot.muted)


def places_of(snapshot: Snapshot, events: Sequence[Event]) -> PlacesSeen:
    """The order of each queue; `events` are those of the same snapshot, which know whose channel it is."""
    calls = {event.channel: event.call_id for event in events if isinstance(event, ev.CallAdopted)}
    places: dict[str, list[tuple[int, str]]] = {}
    for packet in snapshot.entries:
        call_id = calls.get(packet.text("Channel"))
        if call_id is not None:
            places.setdefault(packet.text("Queue"), []).append((whole(packet.text("Position")), call_id))
    return PlacesSeen({queue: tuple(call_id for _, call_id in sorted(found)) for queue, found in places.items()})


def _adopted(
    call_id: str, channel: Packet, snapshot: Snapshot, journal: tuple[str, ...], answer: tuple[str, ...], now: float
) -> ev.CallAdopted:
    at, line, dialled, caller, withheld = journal
    answered, _ = answer
    joined = book_of(snapshot.channels, snapshot.books, call_id)
    legs = [
        packet for packet in snapshot.channels
        if packet.text("Linkedid") == call_id and agent_of(packet.text("Channel")) and not call_of_third(packet.text("Uniqueid"))
    ]  # fmt: skip
    if AGENT in joined:  # called into the room again, or a colleague who took the call over
        legs = [joined[AGENT]]
    direction, dialler, about, citizen = _dialled(snapshot.dialled.get(call_id))
    talking = [packet for packet in legs if packet.text("ChannelStateDesc") == "Up"]
    ringing = [packet for packet in legs if packet.text("ChannelStateDesc") in ("Ringing", "Ring", "Down")]
    leg = next(iter(talking or ringing), None)
    if direction == "out" and not answered:
        phase = "dialling"
    elif CITIZEN in joined:
        phase = "joined"
    elif talking:
        phase = "talking"
    elif channel.text("Context") in OUTSIDE:  # not by the journal: who was left by a rescuer waits for an agent again
        phase = channel.text("Context")
    elif ringing:
        phase = "ringing"
    elif channel.text("Context") == "arrive":  # not by the application: a question shows as Read, not as AGI
        phase = "greeting"
    else:
        phase = "waiting"
    return ev.CallAdopted(
        call_id, line, caller, dialled, channel.text("Channel"), phase, _at(at, now),
        agent_of(leg.text("Channel")) if leg else dialler, leg.text("Channel") if leg else "",
        _at(answered, now) if answered and phase in ("talking", "joined", *OUTSIDE) else None,
        direction, about, bool(citizen), withheld == "yes",
    )  # fmt: skip


def _dialled(journal: str | None) -> tuple[str, str, str, str]:
    """Direction of a call, and of a call to a citizen the agent, the call it answers and the citizen's channel."""
    if journal is None:
        return "in", "", "", ""
    agent, about, citizen = _fields(journal, 3)
    return "out", agent, about, citizen


async def _books(link: Connection) -> dict[str, dict[str, str]]:
    books: dict[str, dict[str, str]] = {}
    for packet in await link.ask_list("DBGetTree", [("Family", BOOK)]):
        _, _, call_id, key = (*packet.text("Key").split("/"), "", "", "")[:4]
        if packet.text("Event") == "DBGetTreeResponse" and key:
            books.setdefault(call_id, {})[key] = packet.text("Val")
    return books


async def _muted(link: Connection, channels: Sequence[Packet]) -> list[str]:
    """Asked leg by leg; who is gone meanwhile is muted no more."""
    legs = [packet.text("Channel") for packet in channels if packet.text("Application") == "ConfBridge"]
    return [leg for leg in legs if await _is_muted(link, leg)]


async def _is_muted(link: Connection, leg: str) -> bool:
    try:
        answer = await link.ask("Getvar", [("Channel", leg), ("Variable", "MUTED")])
    except AmiError as error:
        if error.code == "refused":
            return False
        raise
    return answer.text("Value") == "yes"


async def _journal(link: Connection, family: str) -> dict[str, str]:
    entries = await link.ask_list("DBGetTree", [("Family", family)])
    return {
        packet.text("Key").rpartition("/")[2]: packet.text("Val")
        for packet in entries
        if packet.text("Event") == "DBGetTreeResponse"
    }


def _fields(text: str, count: int) -> tuple[str, ...]:
    parts = text.split(",", count - 1)
    return tuple(parts + [""] * (count - len(parts)))


def _at(text: str, otherwise: float) -> float:
    """Epoch seconds of a journal entry; a torn entry must never stop the bridge."""
    return float(whole(text)) if whole(text) > 0 else otherwise
