"""What Asterisk holds of calls with a third on the line, after a login: where each leg is, and what was dialled for it; pure.

The dialplan's book of a call (astdb `hljoin/CALL`) names each leg's channel, the channel's own context says where it is; a channel
that is gone counts as gone whatever the book says. `hlthird/CALL` is ours: whom the last third's dialling was meant for; `way` is
empty once that transfer has ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from ami_bridge.protocol import Packet
from ami_bridge.translate import agent_of, whole
from ami_bridge.translate_join import call_of_third
from hotline_core.domain import events as ev
from hotline_core.domain.commands import Write
from transfer import commands as tc
from transfer import events as te
from transfer.events import AGENT, CITIZEN, THIRD, JoinEvent, JoinSeen, Talk, Target
from transfer.model import DIALLED, Join

PLACES = ("room", "hold")  # contexts of the dialplan, and what a JoinSeen calls them
BOOK, MEMORY = "hljoin", "hlthird"


def dialled_for(command: tc.DialThird, n: int, attempt: int) -> str:
    """What astdb keeps of a dialling: whom it was meant for; one line, under the 1024 bytes of AMI."""
    kept = {
        "way": command.way, "number": command.number, "trunk": command.trunk, "n": n, "attempt": attempt,
        "dialled": whole(command.third.rpartition("-")[2]), "target": asdict(command.target),
    }  # fmt: skip
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def remembered(memory: str, record: Write) -> str:
    """The memory of a dialling after a record of its call; of a transfer that has ended only the counts are still needed."""
    news: dict[str, object] = {"answered": True, "waited_s": record.facts.get("waited_s")}
    if record.kind == "transfer_ended":
        news = {"way": "", "target": {}, "number": ""}
    return json.dumps(_kept(memory) | news, ensure_ascii=False, separators=(",", ":"))


def open_transfer(memory: str) -> int:
    """The number of the transfer that had not ended, 0 for none."""
    kept = _kept(memory)
    return max(1, _number(kept.get("n"))) if _text(kept, "way") else 0


def book_of(channels: Sequence[Packet], books: Mapping[str, Mapping[str, str]], call_id: str) -> dict[str, Packet]:
    """The living legs of a call by role, as far as they are in the room, on hold or dialled."""
    names = {packet.text("Channel"): packet for packet in channels}
    book = books.get(call_id, {})
    legs = {}
    for role, keys in ((CITIZEN, (CITIZEN, "held-citizen")), (AGENT, (AGENT,)), (THIRD, (THIRD, "held-third"))):
        for key in keys:
            packet = names.get(book.get(key, ""))
            if packet is not None and packet.text("Context") in PLACES:
                legs[role] = packet
    known = {packet.text("Channel") for packet in legs.values()}
    thirds = [packet for packet in channels if call_of_third(packet.text("Uniqueid")) == call_id]
    for packet in thirds:
        if THIRD not in legs and packet.text("Channel") not in known:  # known: promoted, the agent of the call
            legs[THIRD] = packet
    return legs


def joins_of(
    channels: Sequence[Packet], books: Mapping[str, Mapping[str, str]], memories: Mapping[str, str],
    adopted: Mapping[str, ev.CallAdopted], muted: Sequence[str],
) -> list[JoinSeen]:  # fmt: skip
    """Every call of which a leg is in a room, on hold or dialled; `muted` are channels nobody in their room hears."""
    calls = {*books, *(call_of_third(packet.text("Uniqueid")) for packet in channels)} - {""}
    seen = []
    for call_id in sorted(calls):
        legs = book_of(channels, books, call_id)
        if legs:
            seen.append(_seen(call_id, legs, _kept(memories.get(call_id, "")), adopted.get(call_id), muted))
    return seen


def lost_of(join: Join, channels: Sequence[Packet]) -> list[JoinEvent]:
    """What went by unseen of a call of ours that `joins_of` does not name any more: whoever has no leg has gone."""
    names = {packet.text("Channel") for packet in channels}
    events: list[JoinEvent] = []
    if join.citizen_channel not in names:
        events.append(te.CitizenGone(join.call_id))
    if join.agent_channel not in names:
        events.append(te.AgentGone(join.call_id, join.agent, join.agent_channel, 0))
    elif join.citizen_channel in names:
        return [te.CitizenElsewhere(join.call_id)]  # a talk of two in a bridge of their own
    third = join.third
    if third is not None and all(packet.text("Uniqueid") != third.unique_id for packet in channels):
        kind = te.ThirdFailed if third.place == DIALLED else te.ThirdLeft
        events.append(kind(join.call_id, third.unique_id, 0))
    return [*events, te.CitizenElsewhere(join.call_id)] if join.citizen_channel in names else events


def _seen(
    call_id: str, legs: Mapping[str, Packet], kept: Mapping[str, object], call: ev.CallAdopted | None, muted: Sequence[str]
) -> JoinSeen:
    third, agent = legs.get(THIRD), legs.get(AGENT)
    target = kept.get("target")
    talk = Talk(
        call_id, call.line if call else "", call.channel if call else "",
        agent_of(agent.text("Channel")) if agent else (call.agent if call else ""),
        agent.text("Channel") if agent else (call.agent_channel if call else ""),
    )  # fmt: skip
    return JoinSeen(
        call_id, talk, _place(legs.get(CITIZEN)), _place(agent), _place(third),
        third.text("Uniqueid") if third else "", third.text("Channel") if third else "",
        _target(target, third),
        way=_text(kept, "way"), number=_text(kept, "number"), trunk=_text(kept, "trunk"),
        dialled=_number(kept.get("dialled")), n=_number(kept.get("n")),
        attempt=_number(kept.get("attempt")),
        is_told=kept.get("answered") is True, waited_s=_seconds(kept.get("waited_s")),
        muted=tuple(role for role, packet in legs.items() if packet.text("Channel") in muted),
    )  # fmt: skip


def _place(leg: Packet | None) -> str:
    if leg is None:
        return ""
    if leg.text("ChannelStateDesc") != "Up":
        return "ringing"
    context = leg.text("Context")
    return context if context in PLACES else "room"  # a third who has just answered: its first step is not done yet


def _kept(text: str) -> dict[str, object]:
    try:
        kept = json.loads(text or "{}")
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _target(kept: object, third: Packet | None) -> Target:
    """Whom the third is; a torn entry still tells an agent by the channel's name."""
    agent = agent_of(third.text("Channel")) if third else ""
    if not isinstance(kept, dict):
        return Target(agent=agent)
    numbers = kept.get("numbers")
    return Target(
        _text(kept, "party"), _text(kept, "name"), _text(kept, "kind"),
        tuple(str(number) for number in numbers) if isinstance(numbers, list) else (), agent, "",
    )  # fmt: skip


def _text(kept: Mapping[str, object], name: str) -> str:
    value = kept.get(name)
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
