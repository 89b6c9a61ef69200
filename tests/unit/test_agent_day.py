"""An agent's day, added up from what was told of the agent's states: nothing is counted twice, nothing that was not told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_core.domain.agent_day import STATES, Calls, Shift, step

pytestmark = pytest.mark.unit
NINE = 1_795_309_200.0


def day(*told: tuple[float, str, str], wrap_up_s: float = 60.0) -> Shift:
    """Records at seconds after nine o'clock."""
    shift = Shift()
    for after, kind, reason in told:
        shift = step(shift, f"agent_{kind}", reason, NINE + after, wrap_up_s)
    return shift


def test_after_call_work_and_pauses_are_added_up_until_the_next_state() -> None:
    """Two calls, a meal, a short rest that still runs."""
    shift = day(
        (0, "ready", ""), (100, "wrap_up", ""), (120, "ready", ""), (300, "wrap_up", ""), (310, "paused", "meal"),
        (910, "ready", ""), (1000, "paused", "rest"),
    )  # fmt: skip
    now = shift.at(NINE + 1030, 60.0)
    assert (now.wraps, now.wrapped_s, now.average_wrap_s) == (2, 30.0, 15.0)
    assert dict(now.paused) == {"meal": 600.0, "rest": 30.0}
    assert now.began_at == NINE


def test_after_call_work_is_never_longer_than_the_citys_clock_for_it() -> None:
    """A talk that is taken up again ends it without a word."""
    assert day((0, "wrap_up", ""), (500, "ready", "")).wrapped_s == 60.0
    assert day((0, "wrap_up", ""), (500, "ready", ""), wrap_up_s=0.0).wrapped_s == 500.0


def test_a_day_without_a_word_holds_nothing() -> None:
    """And no average is made up."""
    empty = Shift().at(NINE, 60.0)
    assert (empty.wraps, empty.average_wrap_s, dict(empty.paused), empty.began_at) == (0, None, {}, 0.0)
    assert Calls().average_s is None
    assert Calls(answered=3, dialled=1, ended=3, talk_s=90.0).average_s == 30.0


@given(st.lists(st.tuples(st.integers(-50, 5000), st.sampled_from(STATES)), max_size=40))
def test_whatever_comes_in_whatever_order_no_more_time_is_counted_than_went_by(told: list[tuple[int, str]]) -> None:
    """Records of a ledger that was gathered late come with older times."""
    shift = Shift()
    for after, kind in told:
        shift = step(shift, kind, "rest", NINE + after, 0.0)
    last = max((after for after, _ in told), default=0)
    first = min((after for after, _ in told), default=0)
    spent = shift.at(NINE + last, 0.0)
    assert 0 <= spent.wrapped_s + sum(spent.paused.values()) <= last - first
