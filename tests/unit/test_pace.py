"""The pace of what is done again and again: nobody waits who comes alone, and a crowd is served in moments."""

from __future__ import annotations

import pytest

from hotline_core.adapters.pace import Pace

pytestmark = pytest.mark.unit


def test_what_comes_now_and_then_never_waits() -> None:
    """Five in each quarter of a second, for a minute: a call that arrives, is led, rings and talks."""
    pace = Pace(0.01, 10)
    assert all(pace.wait_s(second / 4) == 0 for second in range(240) for _ in range(5))


def test_of_a_crowd_one_is_done_in_each_moment() -> None:
    """Whoever does the next as soon as told does a hundred in a second, and ten more at the beginning."""
    pace, now, done = Pace(0.01, 10), 0.0, 0
    while now < 1.0 and done < 1000:
        done += 1
        now += pace.wait_s(now)
    assert done == pytest.approx(111, abs=1)


def test_a_crowd_that_is_over_leaves_no_debt() -> None:
    """A second later the first few are let through again."""
    pace, now = Pace(0.01, 10), 0.0
    for _ in range(500):
        now += pace.wait_s(now)
    assert [pace.wait_s(now + 1.0) for _ in range(10)] == [0.0] * 10
