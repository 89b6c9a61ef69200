"""What the bridge makes of Asterisk's state after a restart or a lost link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_bridge.protocol import Packet
from ami_bridge.resync import Snapshot, events_of, places_of
from hotline_core.domain import events as ev
from hotline_core.domain.board import Board
from hotline_core.domain.commands import Write

pytestmark = pytest.mark.unit

NOW = 100.0


def channel(name: str, unique: str, linked: str, application: str = "Queue", state: str = "Up", context: str = "wait") -> Packet:
    """One entry of CoreShowChannels."""
    return Packet([
        ("Event", "CoreShowChannel"), ("Channel", name), ("Uniqueid", unique), ("Linkedid", linked), ("Application", application),
        ("ChannelStateDesc", state), ("Context", context),
    ])  # fmt: skip


def snapshot(*channels: Packet, arrived: str = "10,12328,12328,138", answered: str = "", ended: str = "") -> Snapshot:
    """Asterisk's state with one call `c` in the journal."""
    return Snapshot(
        channels, (), {"c": arrived}, {"c": answered} if answered else {}, {"c": ended} if ended else {}
    )  # fmt: skip


CITIZEN = channel("PJSIP/trunk-demo-1", "c", "c")


@pytest.mark.parametrize(
    ("channels", "answered", "phase", "agent"),
    [
        ([CITIZEN], "", "waiting", ""),
        ([channel("PJSIP/trunk-demo-1", "c", "c", application="AGI", context="arrive")], "", "greeting", ""),
        ([channel("PJSIP/trunk-demo-1", "c", "c", application="Read", context="arrive")], "", "greeting", ""),
        ([CITIZEN, channel("PJSIP/agent-1002-7", "x", "c", "AppQueue", "Ringing")], "", "ringing", "1002"),
        ([CITIZEN, channel("PJSIP/agent-1002-7", "x", "c", "AppQueue", "Up")], "12,agent-1002", "talking", "1002"),
        ([channel("PJSIP/trunk-demo-1", "c", "c", "Dial", context="duty")], "12,duty", "duty", ""),
        ([channel("PJSIP/trunk-demo-1", "c", "c", "Dial", context="party")], "12,party", "party", ""),
        ([CITIZEN], "12,party", "waiting", ""),  # the rescuer left, an agent is to listen
        ([CITIZEN, channel("PJSIP/agent-1002-7", "x", "c", "AppQueue", "Ringing")], "12,party", "ringing", "1002"),
    ],
)  # fmt: skip
def test_a_caller_found_on_the_line_is_adopted_in_the_phase_asterisk_shows(
    channels: list[Packet], answered: str, phase: str, agent: str
) -> None:
    """The phase is read off the channels, the caller's number off the journal."""
    (event,) = events_of(snapshot(*channels, answered=answered), frozenset(), NOW)
    assert isinstance(event, ev.CallAdopted)
    assert (event.phase, event.agent, event.caller, event.line, event.arrived_at) == (phase, agent, "138", "12328", 10.0)


def test_a_withheld_number_is_still_withheld_to_a_bridge_that_comes_back() -> None:
    """Both on the line and gone; a journal of before the mark has none."""
    (adopted,) = events_of(snapshot(CITIZEN, arrived="10,12328,12328,138,yes"), frozenset(), NOW)
    (recovered,) = events_of(snapshot(arrived="10,12328,12328,138,yes", ended="60,16,,"), frozenset(), NOW)
    (plain,) = events_of(snapshot(CITIZEN), frozenset(), NOW)
    assert isinstance(adopted, ev.CallAdopted)
    assert isinstance(recovered, ev.CallRecovered)
    assert isinstance(plain, ev.CallAdopted)
    assert (adopted.caller, adopted.withheld, recovered.caller, recovered.withheld) == ("138", True, "138", True)
    assert not plain.withheld


def test_a_caller_who_came_and_went_unseen_is_recovered_with_agent_and_end() -> None:
    """The journal holds all the list of calls needs."""
    (event,) = events_of(snapshot(answered="12,agent-1001", ended="60,16,callback,agent"), frozenset(), NOW)
    assert event == ev.CallRecovered("c", "12328", "138", "12328", 10.0, 60.0, 16, "callback", "agent", "1001", 12.0)


def test_a_caller_who_gave_up_or_reached_the_duty_room_unseen_is_recovered_as_such() -> None:
    """The journal tells an abandoned call from one the duty telephone took, and when."""
    (gave_up,) = events_of(snapshot(ended="60,16,,"), frozenset(), NOW)
    assert isinstance(gave_up, ev.CallRecovered)
    assert (gave_up.ended_by, gave_up.outcome, gave_up.answered_at) == ("caller", "", None)
    (duty,) = events_of(snapshot(answered="30,duty", ended="60,16,,"), frozenset(), NOW)
    assert isinstance(duty, ev.CallRecovered)
    assert (duty.outcome, duty.answered_at, duty.agent) == ("duty", 30.0, "")


def test_a_caller_whose_asterisk_died_is_recovered_as_lost() -> None:
    """No channel and no end in the journal: dropped, to be called back."""
    (event,) = events_of(snapshot(), frozenset(), NOW)
    assert isinstance(event, ev.CallRecovered)
    assert (event.outcome, event.ended_at) == ("lost", NOW)


def test_a_call_to_a_citizen_is_not_taken_for_another_that_got_its_channels_name() -> None:
    """Asterisk crashed with the call and counts its channels from one again."""
    lost = Snapshot(
        (channel("PJSIP/trunk-demo-1", "d", "d"),), (), {"c": "10,12345,139,139"}, {"c": "12,agent-1001"}, {},
        {"c": "1001,,PJSIP/trunk-demo-1"},
    )  # fmt: skip
    (event,) = events_of(lost, frozenset(), NOW)
    assert isinstance(event, ev.CallRecovered)
    assert (event.outcome, event.direction, event.agent) == ("lost", "out", "1001")


def test_a_known_caller_who_ended_while_the_link_was_lost_keeps_the_facts_of_the_journal() -> None:
    """Answered and ended unseen is not abandoned; no trace at all is ended by the system."""
    (event,) = events_of(snapshot(answered="12,agent-1001", ended="60,16,,agent"), frozenset({"c"}), NOW)
    board = Board()
    board.apply(ev.CallArrived("c", "12328", "138", "12328", "ch"), 10.0)
    kinds = [command.kind for command in board.apply(event, NOW) if isinstance(command, Write)]
    assert kinds == ["agent_answered", "call_ended"]
    assert board.calls == {}
    gone = [ev.HangUpAsked("c", "system"), ev.CallEnded("c", 0)]
    assert events_of(Snapshot((), (), {}, {}, {}), frozenset({"c"}), NOW) == gone


def test_the_order_of_a_queue_is_read_off_asterisk() -> None:
    """By position; a channel that is no caller's of ours has no place."""
    def entry(place: int, name: str) -> Packet:
        return Packet([("Event", "QueueEntry"), ("Queue", "hotline"), ("Position", str(place)), ("Channel", name)])

    two = Snapshot(
        (CITIZEN, channel("PJSIP/trunk-demo-2", "d", "d")), (), {"c": "10,12328,12328,138", "d": "11,12328,12328,139"}, {}, {},
        entries=(entry(2, "PJSIP/trunk-demo-1"), entry(1, "PJSIP/trunk-demo-2"), entry(3, "PJSIP/stranger")),
    )  # fmt: skip
    assert places_of(two, events_of(two, frozenset(), NOW)).places == {"hotline": ("d", "c")}


@given(st.text(), st.text(), st.text())
def test_no_journal_however_torn_stops_the_bridge(arrived: str, answered: str, ended: str) -> None:
    """A bad entry would otherwise stop every restart."""
    for present in ((CITIZEN,), ()):
        state = Snapshot(present, (), {"c": arrived}, {"c": answered}, {"c": ended})
        assert len(events_of(state, frozenset(), NOW)) == 1


def test_a_callers_odd_journal_is_read_as_far_as_it_goes() -> None:
    """A torn entry gives a call without number, never an error."""
    (event,) = events_of(snapshot(CITIZEN, arrived="10,12328"), frozenset(), NOW)
    assert isinstance(event, ev.CallAdopted)
    assert (event.line, event.caller) == ("12328", "")
