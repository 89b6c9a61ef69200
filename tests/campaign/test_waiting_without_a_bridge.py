"""Who waits while there is no bridge: places, overflow, topics and danger are Asterisk's own, and nothing is forgotten later."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.asterisk import test_waiting as ordinary
from tests.running.waiting import CHOOSER, LATE, Waited, half_a_minute

pytestmark = pytest.mark.campaign

SAME: tuple[Callable[[Waited], None], ...] = (
    ordinary.test_the_next_caller_in_the_queue_hears_that_and_no_number,
    ordinary.test_a_topic_switched_on_during_the_wait_is_heard_on_its_line_alone,
    ordinary.test_a_topic_switched_off_during_the_wait_is_not_begun_again,
    ordinary.test_a_free_agent_is_rung_at_once_though_a_topic_is_playing,
    ordinary.test_a_caller_who_hides_the_number_is_not_asked_for_a_call_back_and_waits_on,
    ordinary.test_a_caller_in_danger_is_neither_moved_nor_asked_nor_told_anything,
    ordinary.test_a_caller_who_waited_long_reaches_the_duty_telephone_where_the_queue_says_so,
    ordinary.test_a_caller_who_chose_a_call_back_heard_all_of_it,
)


@pytest.fixture(scope="module")
def waited() -> Waited:
    """The bridge is stopped when all wait, and started again when all is over."""
    return half_a_minute(is_bridge_away=True)


@pytest.mark.parametrize("test", SAME, ids=lambda test: test.__name__.removeprefix("test_"))
def test_a_caller_who_waits_notices_no_difference_without_a_bridge(waited: Waited, test: Callable[[Waited], None]) -> None:
    """The ordinary test, unchanged."""
    test(waited)


def test_what_waiting_callers_did_without_a_bridge_is_known_when_it_is_back(waited: Waited) -> None:
    """By the dialplan's journal: the chosen call-back and the talk with the duty telephone."""
    assert (waited.stored[CHOOSER]["outcome"], waited.stored[CHOOSER]["ended_by"]) == ("callback", "system")
    assert waited.stored[LATE]["outcome"] == "duty"
