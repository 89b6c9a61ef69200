"""Whom to call back: who is on the list and in which order, who is not, and what each row tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_core.domain.callbacks import Attempt, callback_list, kind_of_need, row_of
from hotline_core.domain.records import CallRow

pytestmark = pytest.mark.unit

NOW = 10_000.0
ZHANG, LI = "13800001234", "13911115678"
OUTCOMES = (None, "answered", "abandoned", "callback", "duty", "party", "lost", "busy", "no_answer", "failed")


def call(call_id: str, at: float, outcome: str | None, caller: str = ZHANG, **more: object) -> CallRow:
    """An ended call of that outcome; who gave up had asked for a person unless told otherwise."""
    fields: dict[str, object] = {"state": "ended", "queued_at": at + 8, "ended_at": at + 60, "ended_by": "caller"}
    if outcome in ("answered", "duty"):
        fields |= {"answered_at": at + 20, "agent": "1001"}
    made = {"line": "12328", "caller": caller, "dialled": "12328", "arrived_at": at, "outcome": outcome, **fields, **more}
    return CallRow(call_id, **made)  # type: ignore[arg-type]


def dialled(call_id: str, at: float, outcome: str | None, caller: str = ZHANG, **more: object) -> CallRow:
    """A call to a citizen."""
    return call(call_id, at, outcome, caller, **{"direction": "out", "queued_at": None, "agent": "1001", **more})


@pytest.mark.parametrize(("missed", "kind"), [
    (call("a", 1, "abandoned"), "gave_up"), (call("a", 1, "abandoned", queued_at=None), ""), (call("a", 1, "callback"), "promised"),
    (call("a", 1, "lost", ended_by="system"), "cut_off"), (call("a", 1, "answered"), ""), (call("a", 1, "duty"), ""),
    (call("a", 1, "party"), ""), (call("a", 1, "answered", ended_by="system"), "cut_off"),
    (dialled("a", 1, "answered", answered_at=5.0, ended_by="system"), "cut_off"), (dialled("a", 1, "no_answer"), ""),
    (dialled("a", 1, "failed", ended_by="system"), ""), (call("a", 1, "callback", state="waiting"), ""),
    (call("a", 1, "abandoned", queued_at=None, urgent=True), "in_danger"), (call("a", 1, "lost", urgent=True), "in_danger"),
    (call("a", 1, "party", answered_at=9.0, urgent=True), ""), (call("a", 1, "answered", urgent=True), ""),
    (call("a", 1, "party", answered_at=9.0, urgent=True, left_alone=True), "in_danger"),
    (call("a", 1, "answered", left_alone=True), "cut_off"), (call("a", 1, "answered", urgent=True, ended_by="system"), "in_danger"),
    (call("a", 1, "answered", urgent=True, left_alone=True), "in_danger"),
])  # fmt: skip
def test_who_gave_up_was_promised_a_call_or_was_cut_off_is_to_be_called_back(missed: CallRow, kind: str) -> None:
    """Who hung up in the menu without asking for a person wanted none; a call that still runs is no need yet."""
    assert kind_of_need(missed) == kind


def test_one_row_per_number_and_line_with_count_and_times_newest_need_first() -> None:
    """Three calls of Zhang on two lines and one of Li make three rows."""
    calls = [
        call("a", 100, "abandoned"), call("b", 300, "callback"), call("c", 200, "abandoned", line="12345"),
        call("d", 250, "lost", LI),
    ]  # fmt: skip
    rows = callback_list(calls, (), NOW).rows
    assert [(row.call_id, row.number, row.line, row.kind, row.count) for row in rows] == [
        ("b", ZHANG, "12328", "promised", 2), ("d", LI, "12328", "cut_off", 1), ("c", ZHANG, "12345", "gave_up", 1),
    ]  # fmt: skip
    assert rows[0].times == (300, 100)


@pytest.mark.parametrize("reached", [
    call("x", 400, "answered"), call("x", 400, "duty"), call("x", 400, "answered", line="12345"),
    dialled("x", 400, "answered", answered_at=420.0), call("x", 400, "answered", state="talking", ended_at=None, ended_by=None),
])  # fmt: skip
def test_who_has_reached_a_person_since_on_any_line_and_in_either_direction_is_not_called(reached: CallRow) -> None:
    """One pool of agents serves all lines (R2)."""
    assert callback_list([call("a", 100, "abandoned"), reached], (), NOW).rows == ()


def test_who_reached_a_person_before_and_gave_up_later_is_called() -> None:
    """Only a talk after the need counts."""
    rows = callback_list([call("x", 50, "answered"), call("a", 100, "abandoned")], (), NOW).rows
    assert [row.call_id for row in rows] == ["a"]


def test_who_asked_for_rescuers_and_was_heard_by_nobody_stands_before_all_others_until_somebody_is_reached() -> None:
    """Hung up while 12395 rang: the first row, though not the newest; the rescuers' answer to a later call ends it (R24)."""
    danger = call("a", 100, "abandoned", queued_at=None, urgent=True)
    rows = callback_list([danger, call("b", 900, "abandoned", LI)], (), NOW).rows
    assert [(row.call_id, row.kind) for row in rows] == [("a", "in_danger"), ("b", "gave_up")]
    assert callback_list([danger, call("c", 300, "party", answered_at=320.0, urgent=True)], (), NOW).rows == ()
    assert len(callback_list([danger, call("c", 300, "party", answered_at=320.0)], (), NOW).rows) == 1


def test_who_is_on_the_line_now_is_not_called_and_who_is_being_dialled_is_shown_so() -> None:
    """A call without an end from long ago does not hide anybody for ever."""
    missed = call("a", 9000, "abandoned")
    waiting = call("w", 9900, None, state="waiting", ended_at=None, ended_by=None)
    assert callback_list([missed, waiting], (), NOW).rows == ()
    assert len(callback_list([missed, waiting], (), 9900 + 7201.0).rows) == 1
    (row,) = callback_list([missed, dialled("d", 9950, None, state="dialling", agent="1002", ended_at=None)], (), NOW).rows
    assert row.dialled_by == "1002"


def test_withheld_numbers_are_counted_apart() -> None:
    """Nobody can call them; the count tells how many there were."""
    listed = callback_list([call("a", 1, "abandoned", ""), call("b", 2, "callback", ""), call("c", 3, "answered", "")], (), NOW)
    assert (listed.rows, listed.withheld) == ((), 2)


def test_each_row_tells_the_attempts_since_the_first_need_with_their_outcomes() -> None:
    """An attempt before the citizen called is none for this need."""
    calls = [dialled("p", 50, "busy"), call("a", 100, "abandoned"), dialled("q", 200, "busy"), dialled("r", 300, "no_answer")]
    (row,) = callback_list(calls, (), NOW).rows
    assert row.attempts == (Attempt(300, "1001", "no_answer"), Attempt(200, "1001", "busy"))


def test_who_is_marked_as_done_with_comes_back_only_with_a_new_need_on_that_line() -> None:
    """A mark names a call: it covers that number's needs on that line up to it, and no later ones."""
    calls = [call("a", 100, "abandoned"), call("b", 200, "abandoned"), call("c", 150, "abandoned", line="12345")]
    assert [row.call_id for row in callback_list(calls, ("b",), NOW).rows] == ["c"]
    assert [row.calls for row in callback_list(calls, ("a", "c"), NOW).rows] == [("b",)]
    assert len(callback_list(calls, ("unknown",), NOW).rows) == 2


def test_a_page_that_shows_an_older_call_of_a_row_still_names_the_row() -> None:
    """The citizen called again in the meantime."""
    listed = callback_list([call("a", 100, "abandoned"), call("b", 200, "abandoned")], (), NOW)
    assert row_of(listed, "a") == row_of(listed, "b") == listed.rows[0]
    assert row_of(listed, "z") is None


ROWS = st.builds(
    call, st.uuids().map(str), st.integers(1, 900).map(float), st.sampled_from(OUTCOMES), st.sampled_from(["", ZHANG, LI]),
    direction=st.sampled_from(["in", "out"]), line=st.sampled_from(["12328", "12345"]),
    state=st.sampled_from(["waiting", "talking", "dialling", "ended"]),
    ended_by=st.sampled_from(["caller", "agent", "system", None]),
)  # fmt: skip


@given(st.lists(ROWS, max_size=30))
def test_whatever_happened_no_number_and_line_stands_twice_and_nobody_is_called_without_need(calls: list[CallRow]) -> None:
    """Rows are made of needs alone, each need in one row at most, newest first."""
    listed = callback_list(calls, (), NOW)
    needs = {one.call_id for one in calls if kind_of_need(one) and one.caller}
    told = [call_id for row in listed.rows for call_id in row.calls]
    assert len(told) == len(set(told))
    assert set(told) <= needs
    assert len({(row.number, row.line) for row in listed.rows}) == len(listed.rows)
    assert [row.times[0] for row in listed.rows] == sorted((row.times[0] for row in listed.rows), reverse=True)
