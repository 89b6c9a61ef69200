"""AMI packets as events of a call: callers without a number, foreign packets, keys that are not there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_bridge.protocol import Packet
from ami_bridge.translate import agent_of, agi_result, translate
from hotline_core.domain import events as ev

pytestmark = pytest.mark.unit

NAMES = [
    "UserEvent", "AsyncAGIStart", "AsyncAGIExec", "QueueCallerJoin", "AgentCalled", "AgentRingNoAnswer", "AgentConnect", "Hold",
    "Unhold", "HangupRequest", "Hangup", "QueueMemberStatus", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberAdded",
]  # fmt: skip


def arrival(number: str) -> ev.Event:
    """The event of an arrival from this number."""
    (event,) = translate(
        Packet([
            ("Event", "UserEvent"), ("UserEvent", "HotlineArrived"), ("CallerIDNum", number), ("Line", "12328"),
            ("Dialled", "12328"), ("Channel", "PJSIP/trunk-1"), ("ChanVariable", "CALLREF=c1"),
        ])
    )  # fmt: skip
    return event


@pytest.mark.parametrize(("told", "kept"), [("<unknown>", ""), ("anonymous", "anonymous"), ("138" * 40, ("138" * 40)[:40])])
def test_a_caller_who_withholds_the_number_or_sends_nonsense_arrives_all_the_same(told: str, kept: str) -> None:
    """No number, letters, or a hundred digits: a call is a call."""
    event = arrival(told)
    assert isinstance(event, ev.CallArrived)
    assert event.caller == kept


def test_each_trial_of_an_outside_party_is_told_with_its_number_and_what_came_of_it() -> None:
    """R31: the dialplan dials from the citizen's own channel, so that only it knows."""

    def told(*pairs: tuple[str, str]) -> list[ev.Event]:
        first = [("Event", "UserEvent"), ("UserEvent", "HotlineParty"), ("ChanVariable", "CALLREF=c1"), ("Party", "fire")]
        return translate(Packet([*first, *pairs]))

    dialled = told(("State", "dialled"), ("Attempt", "2"), ("Of", "3"), ("Number", "119"), ("Trunk", "main"))
    assert dialled == [ev.PartyDialled("c1", "fire", 2, 3, "119", "main")]
    missed = told(("State", "missed"), ("Attempt", "2"), ("Result", "busy"), ("Cause", "17"))
    assert missed == [ev.PartyMissed("c1", "fire", 2, "busy", 17)]


@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.sampled_from(["Channel", "Uniqueid", "Interface", "Queue", "Cause", "Position", "Result"]), st.text())),
)
def test_no_packet_however_odd_raises(name: str, pairs: list[tuple[str, str]]) -> None:
    """The engine survives whatever Asterisk, or its next version, sends."""
    packet = Packet([("Event", name), ("ChanVariable", "CALLREF=c1"), *pairs])
    for event in translate(packet):
        assert event
    assert agi_result(packet) is None or name == "AsyncAGIExec"


@pytest.mark.parametrize(
    ("interface", "agent"),
    [("PJSIP/agent-1001", "1001"), ("PJSIP/agent-1001-0000002a", "1001"), ("PJSIP/trunk-demo-00000001", ""), ("", "")],
)
def test_an_agents_leg_is_told_from_a_carriers(interface: str, agent: str) -> None:
    """The extension stands in the endpoint's name."""
    assert agent_of(interface) == agent


@pytest.mark.parametrize("call_id", ["", "h1 1", "h1-1\ufffd", "../h1", "x" * 65])
def test_what_cannot_be_a_call_id_names_no_call(call_id: str) -> None:
    """It would be a key of two databases and a part of file names."""
    pairs = [("Event", "AsyncAGIStart"), ("Uniqueid", call_id), ("ChanVariable", f"CALLREF={call_id}")]
    assert translate(Packet(pairs)) == []


def test_a_cause_that_is_none_is_zero_and_an_interface_that_is_no_agents_names_nobody() -> None:
    """Bounded, whatever a peer sends."""
    pairs = [("Event", "Hangup"), ("Uniqueid", "c"), ("Cause", "999999999999"), ("ChanVariable", "CALLREF=c")]
    assert translate(Packet(pairs)) == [ev.CallEnded("c", 0)]
    names = ("PJSIP/agent-1001-0000002a", "PJSIP/agent-x", "PJSIP/agent-" + "1" * 11)
    assert [agent_of(name) for name in names] == ["1001", "", ""]
