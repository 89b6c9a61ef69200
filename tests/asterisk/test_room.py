"""Three on the line with no bridge: who hears whom wherever the legs are moved, and where the citizen ends up whoever leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline_core.settings import DEFAULT_CITY
from tests.running.instance import Hotline, running
from tests.running.room import bridgeless, connected
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline of its own: its bridge is away in these tests."""
    with running(DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")) as one:
        yield one


async def test_a_citizen_and_a_third_talk_on_when_the_agent_leaves_and_who_is_left_alone_is_next_in_the_queue(
    hotline: Hotline,
) -> None:
    """Hold, consult, three, swap, the agent leaves, the third leaves: each ear hears what it should, and nobody else's words."""
    async with (
        bridgeless(hotline) as (hand, telephone), connected(hand, telephone, "13855719001") as talk,
        SipCaller(hotline.sip, "13855719002") as third,
    ):  # fmt: skip
        await talk.move(citizen="hold", agent="room")
        await talk.hears(citizen="music", agent="")
        await talk.join(third)
        await talk.hears(citizen="music", agent="third", third="agent")
        await talk.move(citizen="room")
        await talk.hears(citizen="agent third", agent="citizen third", third="agent citizen")
        await talk.move(third="hold")
        await talk.hears(citizen="agent", agent="citizen", third="music")
        await talk.move(third="room")
        await talk.hears(citizen="agent third", agent="citizen third", third="agent citizen")
        await talk.ears["agent"].hang_up()
        await talk.hears(citizen="third", third="citizen")
        await talk.ears["third"].hang_up()
        await talk.told("alone")
        await talk.hears(citizen="music")
        await talk.hand.wait_for("QueueCallerJoin", CallerIDNum="13855719001", Position="1")
        assert not talk.ears["citizen"].ended.is_set()
        assert sorted(await talk.keys()) == ["call", "left", "waits"]
        await talk.ears["citizen"].hang_up()
        await talk.book_is_closed()
