"""What happens by itself before, at and after a limit: whom it tells, when, and that a limit that moved is told of anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline_core.errors import NotFound
from tests.unit.ticket_floor import AGENT, BUREAU, CLERK, HEAD, OFFICE, Story, at, clock
from tickets.clockwork import LONGEST_KEY, Mark, marks, next_mark_at, to_fire
from tickets.limits import Limit
from tickets.profile import Alert
from tickets.ticket import Ticket

pytestmark = pytest.mark.unit

ASKED = {"ground": "evidence", "reason": "司机在外地", "amount": 10}


def ladder(story: Story, limit: str) -> list[tuple[str, str, str]]:
    """When, what, whom: the marks of one limit."""
    return [(clock(mark.at), mark.kind, mark.audience) for mark in story.marks() if mark.limit == limit]


def test_a_reply_is_reminded_of_before_it_ends_and_climbs_the_ladder_after() -> None:
    story = Story().dispatched()  # due 22 June, 23:59:59, a Monday
    assert ladder(story, "reply") == [
        ("06-18 09:00", "remind", "unit:transport"),  # the working day before: the 19th is a public holiday
        ("06-22 09:00", "remind", "unit:transport"),
        ("06-22 23:59", "due", "centre"),
        ("06-22 23:59", "due", "unit:transport"),
        ("06-23 00:59", "overdue", "head:transport"),
        ("06-23 00:59", "overdue", "unit:transport"),
        ("06-23 09:00", "escalate", "centre"),
        ("06-23 09:00", "escalate", "head:transport"),
        ("06-25 09:00", "escalate", "centre"),
        ("06-25 09:00", "escalate", "leadership"),
    ]


def test_a_signature_due_within_the_hour_is_told_of_when_the_hour_is_over() -> None:
    story = Story(profile="js-suqian-2020").dispatched()
    assert ladder(story, "sign")[:2] == [("05-11 11:00", "due", "centre"), ("05-11 11:00", "due", "unit:transport")]
    assert ladder(story.does("sign", BUREAU), "sign") == []


def test_an_urgent_matter_tells_the_centre_at_once_and_the_leadership_when_nobody_sends_it() -> None:
    story = Story(profile="js-suqian-2020").with_content(is_urgent=True).does("accept", AGENT)
    assert ladder(story, "dispatch") == [
        ("05-11 10:00", "due", "centre"), ("05-11 11:00", "overdue", "centre"), ("05-12 09:00", "escalate", "leadership"),
    ]  # fmt: skip


def test_a_telephone_call_that_is_owed_is_reminded_of_until_it_was_made() -> None:
    story = Story().with_content(is_safety=True).dispatched()
    assert ladder(story, "phone") == [
        ("05-11 10:05", "remind", "centre"), ("05-11 10:15", "overdue", "centre"), ("05-11 11:00", "escalate", "leadership"),
    ]  # fmt: skip
    assert ladder(story.does("tell_by_phone", CLERK, spoken_to="值班员"), "phone") == []


def test_an_extension_gives_the_limit_marks_of_its_own() -> None:
    story = Story().signed()
    before = {mark.key for mark in story.marks() if mark.limit == "reply"}
    story.does("ask_extension", BUREAU, **ASKED).does("grant_extension", HEAD)
    after = {mark.key for mark in story.marks() if mark.limit == "reply"}
    assert len(before) == len(after) == 10
    assert before & after == set()


def test_an_act_that_moves_no_limit_leaves_every_mark_as_it_was() -> None:
    story = Story().signed()
    before = story.marks()
    assert story.does("note", BUREAU, text="已联系").does("contact", BUREAU, reached=True).marks() == before


def test_a_suspended_reply_is_nobodys_to_remind_of_but_the_suspension_does_not_last_unseen() -> None:
    story = Story().signed().does("suspend", CLERK, reason="等待鉴定")
    assert ladder(story, "reply") == []
    assert ladder(story, "wait_resume") == [("05-18 09:00", "remind", "centre"), ("06-01 09:00", "escalate", "leadership")]
    assert ladder(story.does("resume", CLERK), "wait_resume") == []


def test_what_was_replied_is_reminded_of_no_more_and_a_follow_up_is() -> None:
    story = Story(profile="ah-suzhou-2023").replied()
    assert ladder(story, "reply") == []
    story.does("check", CLERK).does("close", CLERK)
    assert ladder(story, "follow_up") == [
        ("05-18 09:00", "remind", "centre"), ("05-18 23:59", "due", "centre"), ("05-19 00:59", "overdue", "centre"),
        ("05-19 09:00", "escalate", "leadership"),
    ]  # fmt: skip
    assert story.does("follow_up", CLERK, satisfied=True, solved=True).marks() == ()


def test_what_waits_for_a_decision_that_nothing_limits_does_not_lie_forgotten() -> None:
    story = Story(profile="js-suqian-2020").does("accept", AGENT)  # this profile knows no limit of dispatch
    assert ladder(story, "wait_dispatch") == [("05-11 11:00", "remind", "centre"), ("05-12 09:00", "escalate", "leadership")]
    story = Story().replied()
    assert ladder(story, "wait_check") == [("05-12 09:00", "remind", "centre"), ("05-14 09:00", "escalate", "leadership")]
    story.at("2026-05-15T16:00:00").does("check", CLERK)
    assert ladder(story, "wait_close") == [("05-18 09:00", "remind", "centre"), ("05-20 09:00", "escalate", "leadership")]
    assert story.does("close", CLERK).marks() == ()


def test_an_extension_that_nobody_decides_is_told_to_whoever_decides() -> None:
    story = Story().signed().does("ask_extension", BUREAU, **ASKED)
    assert ladder(story, "wait_extension") == [("05-12 09:00", "remind", "head:transport"), ("05-14 09:00", "escalate", "centre")]
    assert ladder(story.does("grant_extension", HEAD), "wait_extension") == []
    story = Story(profile="js-suqian-2020").signed().does("ask_extension", BUREAU, **(ASKED | {"amount": 3}))
    assert ladder(story, "wait_extension")[0] == ("05-12 09:00", "remind", "centre")


def test_a_return_that_nobody_decides_is_told_to_the_centre() -> None:
    asked = {"reason": "不属我局", "basis": "三定方案", "suggestion": "转城管局"}
    story = Story().signed().does("ask_return", BUREAU, **asked)
    assert ladder(story, "wait_return") == [("05-12 09:00", "remind", "centre"), ("05-14 09:00", "escalate", "leadership")]
    assert ladder(story.does("refuse_return", CLERK, reason="属你局职责"), "wait_return") == []


def test_the_head_of_the_bureau_is_told_of_what_its_office_is_late_with() -> None:
    story = Story().signed().does("forward", BUREAU, unit="transport-passenger").does("sign", OFFICE)
    overdue = {mark.audience for mark in story.marks() if mark.kind == "overdue"}
    assert overdue == {"unit:transport-passenger", "head:transport-passenger", "head:transport"}


def test_a_reminder_that_would_come_before_the_limit_began_is_left_out() -> None:
    story = Story(now="2026-05-11T10:00:00").with_content(klass="consult")
    story.dispatched()
    assert story.does("override", CLERK, days=1, law="某法").due("reply") == "05-11 23:59"
    assert ladder(story, "reply")[0] == ("05-11 23:59", "due", "centre")


def test_a_profile_with_a_ladder_of_its_own_climbs_that_one() -> None:
    story = Story(profile="js-suqian-2020")
    own = (Alert("patience", "escalate", ("reply",), Limit(36, "hours"), ("leadership",)),)
    profile = replace(story.policy.profile_of("12328", story.now), reminders=(), escalation=own)
    story.policy = replace(story.policy, profiles={profile.id: profile})
    assert [mark.limit for mark in story.dispatched().marks()] == ["reply"]
    assert ladder(story, "reply") == [("05-13 10:00", "escalate", "leadership")]


def test_a_limit_of_hours_is_reminded_of_by_the_hour() -> None:
    story = Story(profile="js-suqian-2020").signed()
    assert ladder(story, "reply")[0] == ("05-11 21:00", "remind", "unit:transport")  # twelve hours end at 22:00


def fires(ticket: Ticket, story: Story, fired: set[str], now: float) -> list[Mark]:
    """As the worker does: what is due is told and remembered."""
    told = list(to_fire(ticket, fired, story.policy, now))
    fired |= {mark.key for mark in told}
    return told


def test_each_mark_fires_once_however_often_and_late_the_clock_is_looked_at() -> None:
    story = Story().dispatched()
    fired: set[str] = set()
    moments = ("2026-06-18T08:59:59", "2026-06-18T09:00:00", "2026-06-17T00:00:00", "2026-07-30T00:00:00", "2026-06-01T00:00:00")
    counts = [len(fires(story.ticket, story, fired, at(now))) for now in moments]
    assert counts == [0, 1, 0, 9, 0]
    assert next_mark_at(story.ticket, fired, story.policy) is None


def test_the_ticket_is_looked_at_again_when_its_next_mark_comes() -> None:
    story = Story().dispatched()
    first = story.marks()[0]
    assert clock(next_mark_at(story.ticket, (), story.policy)) == "06-18 09:00"
    assert clock(next_mark_at(story.ticket, {first.key}, story.policy)) == "06-22 09:00"


def test_keys_fit_the_table_and_are_all_different() -> None:
    story = Story().signed().does("forward", BUREAU, unit="transport-passenger")
    story = story.with_content(is_urgent=True)
    keys = [mark.key for mark in story.marks()]
    assert len(set(keys)) == len(keys)
    assert max(map(len, keys)) <= LONGEST_KEY


def test_a_ticket_whose_profile_is_gone_says_so() -> None:
    story = Story().dispatched()
    lost = replace(story.ticket, life=replace(story.life, profile="nowhere@2020-01-01"))
    with pytest.raises(NotFound, match="unknown_profile"):
        marks(lost, story.policy)
