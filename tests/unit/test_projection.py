"""What ledger records make of a call's row."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from hotline_core.adapters.ledger_chain import AGENT_KINDS, CALL_KINDS, Fact, LedgerRecord
from hotline_core.domain.records import CallRow
from worker.projection import PROJECTIONS, project

pytestmark = pytest.mark.unit

CALL = "h1-1795301234.12"
STATES = ("greeting", "waiting", "ringing", "talking", "held", "joined", "duty", "party", "dialling", "ended")
OUTCOMES = (None, "answered", "abandoned", "callback", "duty", "party", "lost", "busy", "no_answer", "failed")


def _record(kind: str, at: float = 100.0, **facts: Fact) -> LedgerRecord:
    personal = {"caller": "13800001111", "dialled": "12328"} if kind in ("call_arrived", "call_dialled") else {}
    return LedgerRecord(1, at, CALL, kind, facts, personal)


def _lived(*records: LedgerRecord) -> CallRow:
    row: CallRow | None = None
    for record in records:
        row = project(row, record)
    assert row is not None
    return row


ARRIVED = _record("call_arrived", 100.0, line="12328", channel="PJSIP/x")
QUEUED = _record("queue_entered", 108.0, queue="main", priority=0, by="bridge")
RUNG = _record("agent_rung", 109.0, agent="1001")
ANSWERED = _record("agent_answered", 112.0, agent="1001")
ENDED = _record("call_ended", 160.0, by="caller", cause=16)


def test_every_kind_of_record_about_a_call_is_projected() -> None:
    """Complete: a new kind without a projection fails here."""
    assert set(PROJECTIONS) == CALL_KINDS
    assert not set(PROJECTIONS) & AGENT_KINDS


@pytest.mark.parametrize("kind", sorted(CALL_KINDS))
def test_a_call_first_seen_in_the_middle_still_gets_a_row(kind: str) -> None:
    """Earlier records may be missing (a gap); nothing raises and the row is usable."""
    row = project(None, _record(kind))
    assert (row.call_id, row.arrived_at) == (CALL, 100.0)
    assert row.state in STATES


@pytest.mark.parametrize(("kind", "state"), list(itertools.product(sorted(CALL_KINDS), STATES)))
def test_every_kind_in_every_state_gives_a_known_state_and_never_revives_an_ended_call(kind: str, state: str) -> None:
    """All pairs."""
    row = CallRow(CALL, "12328", "13800001111", "12328", state, 50.0, agent="1001")
    after = project(row, _record(kind, agent="1001", by="caller", cause=16))
    assert after.state in STATES
    assert after.outcome in OUTCOMES
    assert state != "ended" or after.state == "ended"
    assert after.arrived_at == 50.0


@pytest.mark.parametrize("kind", sorted(CALL_KINDS))
def test_the_same_record_twice_changes_nothing_more(kind: str) -> None:
    """A record seen again after a restart leaves the row as it is."""
    record = _record(kind, agent="1001", by="caller", cause=16)
    once = project(CallRow(CALL, "12328", "1", "12328", "ringing", 50.0, agent="1001"), record)
    assert project(once, record) == once


def test_a_whole_call_answered_and_ended_by_the_caller() -> None:
    """The row at the end tells everything a list shows."""
    row = _lived(ARRIVED, _record("greeting_started"), QUEUED, RUNG, ANSWERED, ENDED)
    assert row == CallRow(
        CALL, "12328", "13800001111", "12328", "ended", 100.0, 108.0, 112.0, 160.0, "1001", "caller", 16, "answered"
    )


def test_a_caller_who_hangs_up_while_waiting_has_abandoned() -> None:
    """Counted apart from answered calls."""
    assert _lived(ARRIVED, QUEUED, ENDED).outcome == "abandoned"


def test_a_caller_cut_off_by_the_system_is_lost() -> None:
    """Listed for call-back."""
    assert _lived(ARRIVED, QUEUED, _record("call_ended", 160.0, by="system", cause=38)).outcome == "lost"


def test_a_caller_who_asked_for_a_call_back_is_counted_so() -> None:
    """Also when the note comes after the end."""
    noted = _record("callback_noted", 150.0)
    assert _lived(ARRIVED, QUEUED, noted, ENDED).outcome == "callback"
    assert _lived(ARRIVED, QUEUED, ENDED, noted).outcome == "callback"


def test_a_caller_waits_from_the_recording_on_also_where_nobody_is_there_to_queue_for() -> None:
    """The dialplan enters no empty queue; the caller asked for a person all the same."""
    row = _lived(ARRIVED, _record("recording_started", 107.0), ENDED)
    assert (row.queued_at, row.outcome) == (107.0, "abandoned")


def test_a_caller_led_to_an_outside_party_asks_for_a_person_only_when_that_fails() -> None:
    """Counted apart from those who wait for an agent."""
    row = _lived(ARRIVED, _record("recording_started", 107.0), _record("party_rung", 107.1, party="railway"))
    assert (row.state, row.queued_at) == ("party", None)
    row = project(row, _record("party_failed", 127.0, party="railway", urgent=False))
    assert (row.state, row.queued_at) == ("waiting", 127.0)


def test_a_caller_who_asked_for_rescuers_is_known_as_such_whatever_follows() -> None:
    """Hung up while 12395 rang, or handed to an agent: the call-back list tells it (R24)."""
    rung = _record("party_rung", 107.1, party="water_rescue", urgent=True)
    row = _lived(ARRIVED, _record("recording_started", 107.0), rung, ENDED)
    assert (row.urgent, row.outcome, row.queued_at) == (True, "abandoned", None)
    assert not _lived(ARRIVED, _record("party_rung", 107.1, party="railway", urgent=False)).urgent


def test_a_citizen_who_was_left_by_whoever_had_answered_and_gave_up_waiting_again_is_known_as_such() -> None:
    """The agent's page never came back, or the rescuer hung up first; an answer after that ends it."""
    vanished = _lived(ARRIVED, QUEUED, RUNG, ANSWERED, _record("requeued", 140.0, agent="1001", reason="telephone_vanished"))
    assert (project(vanished, ENDED).outcome, project(vanished, ENDED).left_alone) == ("answered", True)
    assert not project(vanished, _record("agent_answered", 150.0, agent="1002")).left_alone
    rescued = _lived(ARRIVED, _record("party_rung", 107.1, party="water_rescue", urgent=True), _record("party_answered", 110.0))
    assert project(rescued, _record("party_failed", 130.0, urgent=True)).left_alone
    assert not project(_lived(ARRIVED, _record("party_rung", 107.1)), _record("party_failed", 127.0)).left_alone


def test_the_duty_telephone_answers() -> None:
    """Outcome duty."""
    row = _lived(ARRIVED, QUEUED, _record("duty_rung", 120.0), _record("duty_answered", 125.0))
    assert (row.state, row.answered_at, row.outcome) == ("duty", 125.0, "duty")
    assert project(row, ENDED).outcome == "duty"


def test_a_missed_ring_puts_the_caller_back_to_waiting() -> None:
    """The agent who did not answer is not the call's agent."""
    row = _lived(ARRIVED, QUEUED, RUNG, _record("agent_missed", 129.0, agent="1001", reason="no_answer"))
    assert (row.state, row.agent, row.queued_at) == ("waiting", None, 108.0)


def test_another_agent_s_missed_ring_does_not_stop_this_one() -> None:
    """Two telephones ring, one gives up."""
    row = _lived(ARRIVED, QUEUED, RUNG, _record("agent_missed", 110.0, agent="1002", reason="busy"))
    assert (row.state, row.agent) == ("ringing", "1001")


def test_hold_and_back() -> None:
    """held, then talking."""
    row = _lived(ARRIVED, QUEUED, RUNG, ANSWERED, _record("hold_started", 130.0))
    assert row.state == "held"
    assert project(row, _record("hold_ended", 140.0)).state == "talking"


def test_an_agent_whose_browser_died_leaves_the_caller_waiting_and_the_first_answer_counts() -> None:
    """The citizen waits again; answered_at stays, the second agent is the call's agent."""
    left = _record("agent_left", 130.0, agent="1001", cause=44)
    row = _lived(ARRIVED, QUEUED, RUNG, ANSWERED, left, _record("requeued", 130.1, reason="browser"))
    assert (row.state, row.agent) == ("waiting", "1001")
    again = replace(ANSWERED, at=140.0, facts={"agent": "1002"})
    assert project(row, again) == replace(row, state="talking", agent="1002", left_alone=False)


def test_a_late_answer_after_the_end_is_counted_but_the_call_stays_ended() -> None:
    """Records out of order (written later from memory) fill in facts only."""
    row = _lived(ARRIVED, QUEUED, ENDED, ANSWERED)
    assert (row.state, row.answered_at, row.outcome) == ("ended", 112.0, "answered")


def test_a_recovered_arrival_does_not_move_the_time_of_arrival() -> None:
    """After a resync the bridge writes call_arrived again for a call it adopted."""
    row = _lived(ARRIVED, QUEUED, _record("call_arrived", 115.0, line="12328", channel="PJSIP/x", recovered=True))
    assert (row.arrived_at, row.state) == (100.0, "waiting")


DIALLED = _record("call_dialled", 100.0, line="12328", agent="1001", about="h1-1.1", channel="")


@pytest.mark.parametrize(("reason", "outcome"), [
    ("busy", "busy"), ("declined", "busy"), ("no_answer", "no_answer"), ("unknown_number", "failed"), ("unavailable", "failed"),
])  # fmt: skip
def test_a_dialled_citizen_who_is_not_reached_is_told_with_the_reason(reason: str, outcome: str) -> None:
    """Four words for a call to a citizen; the dial's own reason stays in the timeline."""
    row = _lived(DIALLED, _record("dial_failed", 120.0, reason=reason), _record("call_ended", 123.0, by="system", cause=16))
    assert (row.direction, row.about, row.agent, row.caller, row.outcome) == ("out", "h1-1.1", "1001", "13800001111", outcome)


def test_a_dialled_citizen_who_talks_is_answered_and_never_counted_as_waiting() -> None:
    """Dialling, the notice, the talk, the end."""
    talk = _record("talk_started", 107.0, agent="1001")
    row = _lived(DIALLED, _record("citizen_answered", 105.0), _record("recording_started", 107.0), talk)
    assert (row.state, row.answered_at, row.queued_at) == ("talking", 107.0, None)
    ended = project(row, ENDED)
    assert (ended.state, ended.outcome) == ("ended", "answered")


@pytest.mark.parametrize(("by", "outcome"), [("agent", "no_answer"), ("caller", "failed"), ("system", "failed")])
def test_a_dial_that_ends_without_talk_and_reason_is_told_by_who_ended_it(by: str, outcome: str) -> None:
    """The agent gave up ringing; the citizen hung up during the notice; Asterisk died."""
    assert _lived(DIALLED, _record("call_ended", 123.0, by=by, cause=16)).outcome == outcome


def test_a_caller_who_gave_up_unseen_by_any_bridge_had_asked_for_a_person() -> None:
    """Without a bridge the dialplan leads everybody to the queue; only who left within the notice did not wait."""
    late, early = (_record("call_ended", at, by="caller", cause=16, recovered=True) for at in (130.0, 105.0))
    assert _lived(ARRIVED, late).queued_at == 100.0
    assert _lived(ARRIVED, early).queued_at is None


TALKING = (ARRIVED, QUEUED, RUNG, ANSWERED)
ASKED = _record("third_asked", 120.0, n=1, way="consult", party="railway", to="", queue="", by="1001")
ALONE = (_record("citizen_alone", 140.0), _record("stage_entered", 140.0, stage="alone", agent=""))


def test_a_call_with_a_third_party_stays_answered_and_is_counted_once() -> None:
    """Who answered first, and when, stays; the state tells that more than two may be on the line."""
    steps = [ASKED, _record("stage_entered", 120.1, stage="calling", agent="1001")]
    row = _lived(*TALKING, *steps, _record("third_answered", 125.0, n=1, attempt=1), _record("third_left", 150.0, n=1))
    assert (row.state, row.agent, row.answered_at, row.outcome) == ("joined", "1001", 112.0, "answered")
    assert project(row, ENDED).outcome == "answered"
    assert not project(row, ENDED).left_alone


def test_an_agent_who_takes_the_call_over_is_its_agent_from_there() -> None:
    """Consulted first, then left with the citizen; or the one who was cut off and took it back."""
    row = _lived(*TALKING, ASKED, _record("agent_took_over", 130.0, agent="1002"))
    assert (row.agent, row.answered_at, row.state) == ("1002", 112.0, "joined")
    back = _lived(*TALKING, *ALONE, _record("queue_entered", 145.0), _record("taken_back", 146.0, agent="1001"))
    assert (back.agent, back.left_alone) == ("1001", False)
    assert _lived(*TALKING, ASKED, _record("stage_entered", 130.0, stage="handed", agent="")).agent == "1001"


def test_who_hangs_up_after_the_third_was_content_and_who_waited_once_more_in_vain_was_left_alone() -> None:
    """A talk with a unit ends so: the unit hangs up, then the citizen. Three seconds later a queue has him: he needs somebody."""
    assert not _lived(*TALKING, *ALONE, ENDED).left_alone
    waits = _lived(*TALKING, *ALONE, _record("queue_entered", 145.0))
    assert (waits.state, waits.left_alone, waits.queued_at) == ("waiting", True, 108.0)
    assert not project(waits, _record("agent_answered", 150.0, agent="1002")).left_alone


def test_whose_telephone_only_rang_after_a_talk_does_not_get_the_call_of_who_talked() -> None:
    """Left alone and led to the queue again, the citizen gives up while another telephone rings, or after it: the recording of the
    first talk stays the first agent's to hear, and nobody else's."""
    alone = (ARRIVED, QUEUED, RUNG, ANSWERED, _record("citizen_alone", 140.0), _record("queue_entered", 144.0), replace_agent(RUNG))
    assert (_lived(*alone).state, _lived(*alone, ENDED).agent) == ("ringing", "1001")
    missed = _lived(*alone, _record("agent_missed", 150.0, agent="1002", reason="no_answer"))
    assert (missed.state, missed.agent, project(missed, ENDED).left_alone) == ("waiting", "1001", True)
    assert _lived(*alone, replace_agent(ANSWERED)).agent == "1002"


def replace_agent(record: LedgerRecord) -> LedgerRecord:
    """The same of another agent."""
    return replace(record, facts={**record.facts, "agent": "1002"})


def test_an_emergency_asked_by_an_agent_makes_the_call_urgent_for_good() -> None:
    """Also when nobody of the rescuers answered (R24)."""
    asked = _record("third_asked", 120.0, n=1, way="emergency", party="water_rescue", by="1001")
    assert _lived(*TALKING, asked, _record("third_missed", 180.0, n=1, result="no_answer"), ENDED).urgent
    assert not _lived(*TALKING, ASKED, ENDED).urgent


def test_a_citizen_led_on_by_an_agent_was_answered_by_a_person_all_the_same() -> None:
    """A blind transfer goes through the dialplan's own dialling, as the menu's keys do; the day's counts stay right."""
    row = _lived(*TALKING, _record("party_rung", 130.0, party="railway", urgent=False))
    assert (row.state, row.queued_at, row.outcome) == ("party", 108.0, "answered")
    row = project(row, _record("party_answered", 135.0, party="railway"))
    assert (row.answered_at, row.outcome) == (112.0, "answered")
