"""The dialplan's net with no bridge: whoever leaves at whatever stage, where everybody ends up, and after how long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from hotline_core.settings import DEFAULT_CITY
from tests.campaign.conftest import OpenTable
from tests.running.instance import Hotline, running
from tests.running.room import Talk, bridgeless, connected
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer, RingForever

pytestmark = pytest.mark.campaign

# (stage, who leaves) -> what each ear hears then; "again": the agent's telephone is called once more
ENDS: dict[tuple[str, str], dict[str, str]] = {
    ("talk", "citizen"): {"agent": "gone"},
    ("talk", "agent"): {"citizen": "gone"},
    ("talk", "vanished"): {"citizen": "agent", "agent": "citizen"},
    ("parked", "citizen"): {"agent": "gone"},
    ("parked", "agent"): {"citizen": "alone"},
    ("parked", "vanished"): {"citizen": "agent", "agent": "citizen"},
    ("calling", "citizen"): {"agent": "third", "third": "agent"},  # the third answers then
    ("calling", "agent"): {"citizen": "alone"},
    ("calling", "vanished"): {"citizen": "agent", "agent": "citizen"},
    ("calling", "third"): {"citizen": "agent", "agent": "citizen"},  # it refuses
    ("adding", "citizen"): {"agent": "third", "third": "agent"},
    ("adding", "agent"): {"citizen": "alone"},
    ("adding", "vanished"): {"citizen": "agent", "agent": "citizen"},
    ("adding", "third"): {"citizen": "agent", "agent": "citizen"},
    ("consult", "citizen"): {"agent": "third", "third": "agent"},
    ("consult", "agent"): {"citizen": "alone", "third": "gone"},
    ("consult", "vanished"): {"citizen": "alone", "third": "gone"},
    ("consult", "third"): {"citizen": "agent", "agent": "citizen"},
    ("swapped", "citizen"): {"agent": "third", "third": "agent"},
    ("swapped", "agent"): {"citizen": "alone", "third": "gone"},
    ("swapped", "vanished"): {"citizen": "alone", "third": "gone"},
    ("swapped", "third"): {"citizen": "agent", "agent": "citizen"},
    ("three", "citizen"): {"agent": "third", "third": "agent"},
    ("three", "agent"): {"citizen": "third", "third": "citizen"},
    ("three", "vanished"): {"citizen": "third", "third": "citizen"},
    ("three", "third"): {"citizen": "agent", "agent": "citizen"},
    ("handed", "citizen"): {"third": "gone"},
    ("handed", "third"): {"citizen": "alone"},
    ("consult", "nobody"): {"citizen": "agent third", "agent": "citizen third", "third": "agent citizen"},
    ("swapped", "nobody"): {"citizen": "agent third", "agent": "citizen third", "third": "agent citizen"},
    ("parked", "nobody"): {"citizen": "agent", "agent": "citizen"},
}


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline of its own; after-call work would only make it wait."""
    with running(DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 0")) as one:
        yield one


async def test_nobody_is_left_behind_with_no_bridge_whoever_leaves_at_whatever_stage(hotline: Hotline, table: OpenTable) -> None:
    """Every stage times everybody who can leave: the citizen talks, or waits at the head of the queue; nobody is left over."""
    rows = table("rescue-net", "The net without a bridge", "stage", "leaves", "then", "after ms", "faults")
    faults: list[str] = []
    async with bridgeless(hotline) as (hand, telephone):
        for number, ((stage, leaver), wanted) in enumerate(ENDS.items()):
            # who rang for a citizen of the case before, gone in that moment, is paused as one who missed a call
            await hand.act("QueuePause", ("Interface", "PJSIP/agent-1003"), ("Paused", "false"))
            async with AsyncExitStack() as stack:
                policy = RingForever() if stage in ("calling", "adding") else Answer()
                third = await stack.enter_async_context(SipCaller(hotline.sip, f"138557192{number:02}", on_invite=policy))
                talk = await stack.enter_async_context(connected(hand, telephone, f"138557191{number:02}"))
                try:
                    await brought_to(stage, talk, third)
                    hand.is_beating = False  # from here on there is no bridge
                    took_ms = await left(leaver, talk, wanted)
                    fault = ""
                except (AssertionError, TimeoutError) as error:
                    took_ms, fault = 0.0, f"{stage} {leaver}: {error}"
                    faults.append(fault)
                rows.add(stage, leaver, " ".join(f"{ear}: {what}" for ear, what in wanted.items()), round(took_ms), fault)
                for ear in talk.ears.values():
                    await ear.hang_up()
                await talk.book_is_closed()
    assert not faults, faults


async def brought_to(stage: str, talk: Talk, third: SipCaller) -> None:
    """The stage, as the bridge's moves would bring it about."""
    is_held = stage in ("parked", "calling", "consult")
    await talk.move(citizen="hold" if is_held else "room", agent="room")
    if stage in ("calling", "adding"):
        await talk.ring(third)
    elif stage not in ("talk", "parked"):
        await talk.join(third)
    if stage == "swapped":
        await talk.move(third="hold")
    await talk.ears["citizen"].listen(1.0)  # a farewell in the moment of a move is none
    if stage == "handed":
        await talk.ears["agent"].hang_up()
        await talk.hears(citizen="third", third="citizen")


async def left(leaver: str, talk: Talk, wanted: dict[str, str]) -> float:
    """Somebody leaves; milliseconds until everybody hears what is wanted."""
    began, since = time.monotonic(), len(talk.hand.packets)
    if leaver == "vanished":
        await talk.hand.act("Hangup", ("Channel", talk.channels["agent"]), ("Cause", "44"))
        if "agent" in wanted:
            await talk.agent_again(after=since)
    elif leaver == "third" and not talk.ears["third"].answered.is_set():
        talk.ears["third"].reject(603)
    elif leaver != "nobody":
        await talk.ears[leaver].hang_up()
    if leaver == "citizen" and not talk.ears.get("third", talk.ears["agent"]).answered.is_set():
        talk.ears["third"].answer()
        talk.say("third")
    if wanted.get("citizen") == "alone":
        await talk.told("alone", after=since)
        took_ms = (time.monotonic() - began) * 1000
        await talk.hears(**{**wanted, "citizen": "music"})
        return took_ms
    await talk.hears(**wanted)
    return (time.monotonic() - began) * 1000
