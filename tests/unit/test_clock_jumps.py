"""The machine's clock jumps: what is seen of it, what waits here, and what Asterisk is asked to do about its own waits."""

from __future__ import annotations

import json

import pytest

from ami_bridge.actions import Action
from ami_bridge.inbox import LATE_S, happened_at
from ami_bridge.jumps import JUMP_S, LONGEST_VALUE, Look, jumped_s, kept, ringing_on, stuck, unanswered, waiters
from ami_bridge.protocol import Packet
from hotline_core.domain import events as ev
from hotline_core.domain.board import Board
from hotline_core.domain.call import NOTICE_LIMIT_S
from hotline_core.domain.outgoing_events import DialAsked
from transfer.model import Join
from transfer.model import Rules as TransferRules
from transfer.transfers import Transfers

pytestmark = pytest.mark.unit

NOON = 1_795_262_400.0
HOUR = 3600.0


def channel(
    number: int, application: str, *, context: str = "wait", priority: int = 20, state: str = "Up", bridge: str = "",
    name: str = "PJSIP/trunk-demo", linked: str = "",
) -> Packet:  # fmt: skip
    """One channel as CoreShowChannels tells it."""
    return Packet([
        ("Event", "CoreShowChannel"), ("Channel", f"{name}-{number:08x}"), ("Uniqueid", f"h1-1.{number}"),
        ("Linkedid", linked or f"h1-1.{number}"), ("Context", context), ("Exten", "s"), ("Priority", str(priority)),
        ("Application", application), ("ChannelStateDesc", state), ("BridgeId", bridge),
    ])  # fmt: skip


def entry(number: int, position: int) -> Packet:
    """One caller in a queue as QueueStatus tells it."""
    return Packet([("Event", "QueueEntry"), ("Channel", f"PJSIP/trunk-demo-{number:08x}"), ("Position", str(position))])


def who(actions: list[Action]) -> list[tuple[str, int, str]]:
    """Action, channel's number and where to, in order."""
    told = []
    for action, pairs in actions:
        fields = dict(pairs)
        where = ",".join(fields.get(name, "") for name in ("Context", "Exten", "Priority")).strip(",")
        told.append((action, int(fields["Channel"].rpartition("-")[2], 16), where))
    return told


def test_time_that_goes_on_is_no_jump_however_late_one_looks() -> None:
    """A bridge that was stopped for 10 s sees both clocks 10 s later."""
    for passed_s in (0.5, 10.0, 7200.0):
        assert jumped_s(Look(NOON, 5.0), Look(NOON + passed_s + 0.9 * JUMP_S, 5.0 + passed_s)) == 0.0


def test_a_clock_that_is_set_on_or_back_is_seen_with_its_size() -> None:
    """Also while the bridge was stopped."""
    assert jumped_s(Look(NOON, 5.0), Look(NOON + HOUR + 0.5, 5.5)) == HOUR
    assert jumped_s(Look(NOON, 5.0), Look(NOON - HOUR + 0.5, 5.5)) == -HOUR
    assert jumped_s(Look(NOON, 5.0), Look(NOON - 80.0, 15.0)) == -90.0


def test_callers_in_the_queue_enter_it_anew_in_their_order() -> None:
    """As QueueStatus numbers them, whatever the order of its packets."""
    channels = [channel(1, "Queue"), channel(2, "Queue"), channel(3, "Queue")]
    found = waiters(channels, [entry(3, 2), entry(1, 1), entry(2, 3)])
    assert who(found) == [("Redirect", number, "wait,woken,1") for number in (1, 3, 2)]


def test_a_caller_for_whom_a_telephone_rings_or_who_has_gone_is_left_alone() -> None:
    """Somebody may be answering at this moment; a name that no channel has any more may soon be another's."""
    channels = [channel(1, "Queue"), channel(2, "AppQueue", name="PJSIP/agent-1001", state="Ringing", linked="h1-1.1")]
    assert waiters(channels, [entry(1, 1), entry(7, 2)]) == []


def test_a_caller_who_is_asked_for_a_call_back_goes_on_waiting() -> None:
    """The question would be waited for; one in the menu is no such question."""
    channels = [channel(1, "Read", context="overflow"), channel(2, "Read", context="arrive")]
    assert who(waiters(channels, [])) == [("Redirect", 1, "wait,woken,1")]


def test_who_has_not_moved_from_a_wait_of_a_second_is_led_to_the_next_step() -> None:
    """Others have moved on, are in a bridge, came later, or are no telephone's channel."""
    before = [
        channel(1, "MusicOnHold", priority=30), channel(2, "Wait", context="recover", priority=14), channel(3, "Wait", priority=12),
        channel(4, "Wait", bridge="b"), channel(5, "Queue"), channel(6, "Wait", name="Local/s@watchdog"),
    ]  # fmt: skip
    after = [*before[:2], channel(3, "Wait", priority=14), *before[3:], channel(7, "Wait")]
    assert who(stuck(before, after)) == [("Redirect", 1, "wait,s,31"), ("Redirect", 2, "recover,s,15")]


def test_who_still_hears_the_menu_s_question_is_taken_to_the_queue() -> None:
    """Who came since then is not."""
    before = [channel(1, "Read", context="arrive"), channel(2, "Read", context="arrive"), channel(3, "Read", context="overflow")]
    after = [before[0], channel(2, "Queue"), before[2], channel(4, "Read", context="arrive")]
    assert who(unanswered(before, after)) == [("Redirect", 1, "rescue,taken,1")]


def test_a_telephone_that_rings_on_is_told_to_stop() -> None:
    """One that was answered, or rings for somebody else since, is not."""
    before = [channel(number, "AppQueue", state="Ringing", name="PJSIP/agent-1001") for number in (1, 2)]
    after = [before[0], channel(2, "AppQueue", name="PJSIP/agent-1001"), channel(3, "AppQueue", state="Ringing")]
    assert who(ringing_on(before, after)) == [("Hangup", 1, "")]


def test_a_registration_ends_as_much_later_as_the_clock_was_set_on() -> None:
    """All else in it stays as it is; what is no registration, or too long for a line of AMI, is left alone."""
    contact = {"uri": "sip:坐席@10.0.0.7", "expiration_time": "1795262520", "qualify_frequency": "10"}
    for by_s in (HOUR, -HOUR + 0.2):
        told = json.loads(kept(json.dumps(contact), by_s))
        assert told == contact | {"expiration_time": str(1795262520 + round(by_s))}
    assert [kept(text, HOUR) for text in ("", "no JSON", "[]", "{}", '{"expiration_time": null}')] == [""] * 5
    assert kept(json.dumps(contact | {"user_agent": "x" * LONGEST_VALUE}), HOUR) == ""


@pytest.mark.parametrize("by_s", [HOUR, -HOUR])
def test_what_the_bridge_waits_for_is_waited_for_as_long_as_before(by_s: float) -> None:
    """The menu's notice, a call to a citizen that never began, a third's answer: neither at once nor an hour later."""
    board, transfers = Board(), Transfers(TransferRules(("demo",)))
    board.apply(ev.CallArrived("c", "12328", "138", "12328", "ch"), NOON)
    board.apply(DialAsked("1001", "i", "d", "13800000000", "12328"), NOON)
    transfers.joins["j"] = Join("j", "12328", "ch", "1001", "leg", since=NOON, deadlines={"third": NOON + 20})
    until = board.dials["d"].until
    board.shift(by_s)
    transfers.shift(by_s)
    later = NOON + by_s + 1
    assert board.due(later) == []
    assert transfers.due(later) == []
    assert [type(event).__name__ for event in board.due(NOON + by_s + NOTICE_LIMIT_S)] == ["DeadlineReached"]
    assert [event.name for event in transfers.due(NOON + by_s + 20)] == ["third"]
    assert board.dials["d"].until == until + by_s


def test_what_asterisk_says_is_dated_by_its_own_word_however_late_it_is_read() -> None:
    """A busy machine reads it a second later; after-call work does not begin later for that."""
    for late_s in (0.0, 0.8, LATE_S):
        assert happened_at(f"{NOON - late_s:.6f}", NOON) == NOON - late_s


def test_what_asterisk_says_is_dated_now_if_the_clock_was_set_since_or_nothing_is_told() -> None:
    """Nor ahead of us, nor from before the watchdog took the callers back."""
    for stamp in ("", "soon", f"{NOON + 0.5:.6f}", f"{NOON + HOUR:.6f}", f"{NOON - LATE_S - 0.5:.6f}", f"{NOON - HOUR:.6f}"):
        assert happened_at(stamp, NOON) == NOON
