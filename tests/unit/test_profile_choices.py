"""Which profile is in force for a line: what an administrator chose from a day on, before it what the city's file says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hotline_core.errors import BadInput, Conflict
from tests.unit.ticket_kit import at, policy
from tickets.choices import AHEAD, Choice, check, check_withdrawal, chosen_on

pytestmark = pytest.mark.unit

TODAY = date(2026, 11, 23)
SUQIAN, JINAN = "js-suqian-2020", "sd-jinan"
CHOICES = (
    Choice("12328", date(2026, 12, 1), SUQIAN), Choice("12328", date(2027, 1, 1), JINAN),
    Choice("other", date(2026, 12, 15), JINAN),
)  # fmt: skip


def test_from_its_day_on_the_chosen_profile_holds_and_before_it_the_one_before(tmp_path: Path) -> None:
    """The last second of a day is the old one's, the first of the next the new one's; other lines are as they were."""
    ours = replace(policy(tmp_path), choices=CHOICES)
    moments = {
        "2026-11-30T23:59:59": "ah-suzhou-2023", "2026-12-01T00:00:00": SUQIAN, "2026-12-31T23:59:59": SUQIAN,
        "2027-01-01T00:00:00": JINAN, "2030-01-01T00:00:00": JINAN,
    }  # fmt: skip
    assert {moment: ours.profile_of("12328", at(moment)).key for moment in moments} == moments
    assert ours.profile_of("12345", at("2030-01-01T00:00:00")).key == SUQIAN, "as the city's file says"


def test_a_line_without_a_profile_of_its_own_follows_what_is_chosen_for_all_others(tmp_path: Path) -> None:
    """Unless somebody chose for that very line."""
    ours = replace(policy(tmp_path), choices=CHOICES)
    before, after = at("2026-12-14T12:00:00"), at("2026-12-15T12:00:00")
    assert {ours.profile_of(line, before).key for line in ("", "96588")} == {"ah-suzhou-2023"}
    assert {ours.profile_of(line, after).key for line in ("", "96588")} == {JINAN}
    own = replace(ours, choices=(*CHOICES, Choice("96588", date(2026, 12, 1), "sd-2020")))
    assert own.profile_of("96588", after).key == "sd-2020"


def test_nobody_chose_is_told_as_nothing() -> None:
    """Then the city's file says it."""
    assert chosen_on(date(2026, 11, 30), "12328", CHOICES) == ""
    assert chosen_on(date(2030, 1, 1), "12345", CHOICES) == ""


def test_only_today_or_a_later_day_of_a_known_line_and_profile_can_be_chosen() -> None:
    """What has been in force is never rewritten; a year that was mistyped is refused."""
    good = Choice("12328", TODAY, JINAN)
    check(good, lines=("12328", "other"), profiles=(JINAN,), today=TODAY)
    check(replace(good, begins=TODAY + AHEAD), lines=("12328",), profiles=(JINAN,), today=TODAY)
    wrong = {
        "day_over": replace(good, begins=TODAY - timedelta(days=1)), "day_too_far": replace(good, begins=date(2206, 12, 1)),
        "unknown_line": replace(good, line="12329"), "no_such_profile": replace(good, profile="xx"),
    }  # fmt: skip
    for code, choice in wrong.items():
        with pytest.raises(BadInput, match=code):
            check(choice, lines=("12328", "other"), profiles=(JINAN,), today=TODAY)


def test_a_choice_can_be_taken_back_until_the_evening_before() -> None:
    """From its first day on tickets have it: another choice follows it."""
    check_withdrawal(TODAY + timedelta(days=1), today=TODAY)
    with pytest.raises(Conflict, match="choice_in_force"):
        check_withdrawal(TODAY, today=TODAY)
