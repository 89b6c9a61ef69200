"""What ledger records make of the transfers of a call: who, to whom, which numbers, what came of it, who left last (R31)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_core.adapters.ledger_chain import CALL_KINDS, TRANSFER_KINDS, Fact, LedgerRecord
from hotline_core.domain.records import AttemptRow, TransferRow
from worker.transfer_projection import TRANSFER_PROJECTIONS, CallTransfers, project_transfers

pytestmark = pytest.mark.unit

CALL = "h1-1795301234.12"
MENU = 0


def record(kind: str, at: float, facts: Mapping[str, Fact] | None = None, **personal: str) -> LedgerRecord:
    return LedgerRecord(1, at, CALL, kind, facts or {}, personal)


def asked(n: int = 1, at: float = 100.0, **facts: Fact) -> LedgerRecord:
    told: dict[str, Fact] = {"n": n, "way": "consult", "party": "railway", "kind": "hotline", "to": "", "queue": "", "by": "1001"}
    told.update(facts)
    return record("third_asked", at, told, name="铁路")


def dialled(attempt: int = 1, at: float = 101.0, n: int = 1, leg: int | None = None, number: str = "12306") -> LedgerRecord:
    told: dict[str, Fact] = {"n": n, "attempt": attempt, "of": 3, "trunk": "main"}
    return record("third_dialled", at, told if leg is None else told | {"leg": leg}, number=number)


def answered(attempt: int = 1, at: float = 110.0, n: int = 1) -> LedgerRecord:
    return record("third_answered", at, {"n": n, "attempt": attempt, "waited_s": at - 100.0})


def failed(attempt: int, at: float, cause: int, result: str, n: int = 1) -> LedgerRecord:
    return record("third_failed", at, {"n": n, "attempt": attempt, "cause": cause, "result": result})


def ended(at: float, outcome: str, last: str = "agent", n: int = 1) -> LedgerRecord:
    return record("transfer_ended", at, {"n": n, "outcome": outcome, "last": last})


def tried(attempt: int, at: float, number: str) -> LedgerRecord:
    """One trial by the dialplan."""
    return record("party_dialled", at, {"party": "water_rescue", "attempt": attempt, "of": 2, "trunk": "main"}, number=number)


def lived(*records: LedgerRecord) -> CallTransfers:
    of = CallTransfers(CALL)
    for one in records:
        of = project_transfers(of, one)
    return of


def test_every_kind_about_a_third_is_projected() -> None:
    """Complete: a new kind without a projection fails here."""
    assert TRANSFER_KINDS < set(TRANSFER_PROJECTIONS) <= CALL_KINDS


def test_a_consult_whose_second_number_answers_tells_both_attempts_and_who_left_last() -> None:
    """Busy at the first number, an answer at the second, the third hangs up, the agent stays with the citizen."""
    of = lived(
        asked(), dialled(1, leg=1), failed(1, 103.0, 17, "busy"), dialled(2, 103.5, leg=2, number="01012306"), answered(2),
        record("third_left", 160.0, {"n": 1, "by": "third", "cause": 16}), ended(160.0, "returned"),
    )  # fmt: skip
    assert of.transfers == {
        1: TransferRow(
            CALL, 1, "consult", 100.0, "railway", "铁路", "hotline", by="1001", answered_at=110.0, waited_s=10.0, ended_at=160.0,
            outcome="returned", last="agent",
        )
    }  # fmt: skip
    assert of.attempts == {
        (1, 1): AttemptRow(CALL, 1, 1, 101.0, 1, "12306", "main", cause=17, result="busy", ended_at=103.0),
        (1, 2): AttemptRow(
            CALL, 1, 2, 103.5, 2, "01012306", "main", answered_at=110.0, waited_s=6.5, cause=16, result="answered", ended_at=160.0,
            ended_by="third",
        ),
    }  # fmt: skip


def test_a_transfer_in_vain_tells_why_and_the_next_one_begins_anew() -> None:
    """Numbers of attempts count within a transfer, legs within the call, also when the bridge did not tell them."""
    missed = record("third_missed", 120.0, {"n": 1, "result": "no_answer"})
    of = lived(
        asked(),
        dialled(1),
        failed(1, 120.0, 19, "no_answer"),
        missed,
        ended(121.0, "failed"),
        asked(2, 130.0),
        dialled(1, 131.0, 2),
    )
    assert (of.transfers[1].result, of.transfers[1].outcome, of.transfers[2].outcome) == ("no_answer", "failed", None)
    assert [(one.n, one.attempt, one.leg) for one in of.attempts.values()] == [(1, 1, 1), (2, 1, 2)]


def test_a_third_who_leaves_because_of_the_next_transfer_ends_its_own_attempt() -> None:
    """Three on the line, then back into the queue: the third's leg ends after the next transfer has begun."""
    left = record("third_left", 130.0, {"n": 2, "by": "system", "cause": 16})
    away = (asked(2, 129.0, way="requeue"), ended(129.1, "led", n=2))
    of = lived(asked(), dialled(), answered(), ended(129.0, "returned"), *away, left)
    assert (of.attempts[1, 1].ended_at, of.attempts[1, 1].ended_by) == (130.0, "system")
    assert project_transfers(of, left) == of


def test_a_third_who_is_wanted_no_more_while_it_rings_was_cancelled() -> None:
    """The agent dropped it; nothing more is told of the attempt. An answered one ends with its leg, not with the transfer."""
    of = lived(asked(), dialled(), ended(105.0, "cancelled", last=""))
    assert (of.attempts[1, 1].result, of.attempts[1, 1].ended_at, of.transfers[1].last) == ("cancelled", 105.0, None)
    assert lived(asked(), dialled(), answered(), ended(120.0, "handed")).attempts[1, 1].ended_at is None


def test_a_consulted_agent_who_takes_the_call_over_is_marked_at_that_moment() -> None:
    """From there the main recording has every word of that leg."""
    of = lived(
        asked(party="", kind="", to="1002"),
        dialled(leg=1, number=""),
        answered(),
        record("agent_took_over", 140.0, {"agent": "1002"}),
    )
    assert of.attempts[1, 1].took_over_at == 140.0
    assert (
        lived(asked(), dialled(), answered(), record("agent_took_over", 140.0, {"agent": "1002"})).attempts[1, 1].took_over_at
        is None
    )


@pytest.mark.parametrize(
    ("end", "outcome"), [({"by": "system"}, "unseen"), ({"by": "caller", "recovered": True}, "unseen"), ({"by": "caller"}, None)]
)
def test_what_was_open_when_nobody_watched_the_end_is_told_so_and_a_rescue_that_goes_on_is_not(
    end: dict[str, Fact], outcome: str | None
) -> None:
    """Asterisk killed, or the bridge away. A citizen who hangs up while the agent talks on with rescuers ends nothing."""
    of = lived(asked(), dialled(), answered(), record("call_ended", 150.0, end))
    assert of.transfers[1].outcome == outcome
    assert (of.attempts[1, 1].ended_by, of.attempts[1, 1].result) == (outcome, "answered")
    late = project_transfers(of, record("third_left", 170.0, {"n": 1, "by": "third", "cause": 16}))
    late = project_transfers(late, ended(170.0, "citizen_left"))
    assert (late.transfers[1].outcome, late.attempts[1, 1].ended_at, late.attempts[1, 1].ended_by) == (
        "citizen_left",
        170.0,
        "third",
    )


def test_what_a_menu_s_key_led_to_is_a_transfer_that_nobody_asked_for() -> None:
    """Rescuers answered after 12 s, the second number; they hung up before the citizen, who is led to an agent."""
    rung: dict[str, Fact] = {"party": "water_rescue", "urgent": True}
    of = lived(
        record("party_rung", 100.0, rung),
        tried(1, 101.0, "12395"),
        record("party_missed", 105.0, {"party": "water_rescue", "attempt": 1, "result": "busy", "cause": 17}),
        tried(2, 106.0, "110"),
        record("party_answered", 112.0, {"party": "water_rescue"}),
        record("citizen_alone", 170.0),
        record("call_ended", 200.0, {"by": "caller"}),
    )
    row = of.transfers[MENU]
    assert (row.way, row.party, row.by, row.waited_s) == ("menu", "water_rescue", "", 12.0)
    assert (row.outcome, row.ended_at, row.last) == ("led", 170.0, "citizen")
    told = [(one.number, one.trunk, one.result, one.cause, one.waited_s, one.leg) for one in of.attempts.values()]
    assert told == [("12395", "main", "busy", 17, None, None), ("110", "main", "answered", None, 6.0, None)]


def test_an_answer_told_twice_answers_one_number() -> None:
    """Also where the bridge heard of two numbers and of no failure between them."""
    heard = record("party_answered", 112.0, {"party": "water_rescue"})
    of = lived(tried(1, 101.0, "12395"), tried(2, 106.0, "110"), heard, heard)
    assert [one.result for one in of.attempts.values()] == [None, "answered"]


def test_a_menu_s_party_whom_nobody_reached_failed() -> None:
    """The citizen goes to an agent; or hangs up while it rings."""
    vain = lived(record("party_rung", 100.0, {"party": "railway"}), record("party_failed", 120.0, {"party": "railway"}))
    assert (vain.transfers[0].outcome, vain.transfers[0].result, vain.transfers[0].ended_at) == ("failed", "no_answer", 120.0)
    rung = record("party_rung", 100.0, {"party": "railway"})
    left = lived(rung, tried(1, 101.0, "12306"), record("call_ended", 105.0, {"by": "caller"}))
    assert (left.transfers[0].outcome, left.transfers[0].ended_at) == ("citizen_left", 105.0)
    assert (left.attempts[0, 1].result, left.attempts[0, 1].ended_at) == ("cancelled", 105.0)


def test_an_agent_s_blind_transfer_is_answered_by_whom_the_dialplan_reached() -> None:
    """A party, or another agent."""
    blind = (asked(way="blind"), ended(100.5, "led"))
    of = lived(*blind, record("party_rung", 101.0, {"party": "railway"}), record("party_answered", 109.0, {"party": "railway"}))
    assert (of.transfers[1].waited_s, of.transfers[1].outcome, set(of.transfers)) == (9.0, "led", {1})
    to_agent = (asked(way="blind", party="", to="1002"), ended(100.5, "led"), record("agent_resumed", 104.0, {"agent": "1002"}))
    assert lived(*to_agent).transfers[1].waited_s == 4.0
    assert lived(asked(way="blind", to="1003"), to_agent[2]).transfers[1].answered_at is None


RECORDS = [
    asked(),
    asked(2, 130.0, way="blind", to="1002"),
    dialled(),
    dialled(2, leg=2),
    answered(),
    answered(2),
    failed(1, 111.0, 17, "busy"),
    record("third_missed", 120.0, {"n": 1, "result": "busy"}),
    record("third_left", 150.0, {"n": 1, "by": "third", "cause": 16}),
    record("agent_took_over", 151.0, {"agent": "1002"}),
    record("agent_resumed", 152.0, {"agent": "1002"}),
    ended(160.0, "returned"),
    record("party_rung", 99.0, {"party": "railway"}),
    tried(1, 99.1, "12306"),
    tried(2, 99.3, "95306"),
    record("party_missed", 99.2, {"party": "railway", "attempt": 1, "result": "busy", "cause": 17}),
    record("party_answered", 99.5, {"party": "railway"}),
    record("party_failed", 99.9, {"party": "railway"}),
    record("citizen_alone", 153.0),
    record("call_ended", 170.0, {"by": "system"}),
    *(record(kind, 100.0) for kind in sorted(TRANSFER_PROJECTIONS)),
]


@given(st.lists(st.sampled_from(RECORDS), max_size=25), st.sampled_from(RECORDS))
def test_in_any_order_and_with_any_gap_every_attempt_has_its_transfer_or_stands_alone_and_the_last_record_twice_changes_nothing(
    records: list[LedgerRecord], last: LedgerRecord
) -> None:
    """A ledger with holes still makes rows that can be written: keys fit, legs are never given twice to different attempts."""
    once = lived(*records, last)
    assert project_transfers(once, last) == once
    assert all(row.n == n and row.call_id == CALL for n, row in once.transfers.items())
    assert all((row.n, row.attempt) == key for key, row in once.attempts.items())
