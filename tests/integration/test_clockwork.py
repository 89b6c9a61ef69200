"""Reminders and escalations fire once, whatever clock, rules and other clockworks do; a year's holidays move limits."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from agent_desktop.rights import load_rights
from doctor.checks.tickets import Stored, judge, look
from hotline_core.adapters.engine import reading
from hotline_core.log import open_log
from hotline_core.settings import DEFAULT_CITY, load_city
from tickets.acts import Act
from tickets.clockwork import marks
from tickets.doing import Actor
from tickets.laws import TicketLaws
from tickets.limits import SHANGHAI
from tickets.store.marks import Marks
from tickets.store.orders import Orders
from tickets.store.policy_keeper import PolicyKeeper
from tickets.store.recounting import Recounting
from tickets.store.schema import notices, ticket_marks, tickets
from tickets.store.seals import changed
from tickets.ticket import Content, Ticket
from worker.clockwork import Clockwork

pytestmark = pytest.mark.integration

COMPLAINT = Content(line="12328", klass="complaint", field="city_passenger", title="出租车拒载", text="拒载", number="13800000001")
CLERK = Actor("clerk1", "clerk", load_rights().acts_of("clerk"))
MARK_KINDS = ("remind", "due", "overdue", "escalate")


def at(text: str) -> float:
    """Epoch seconds of a time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


class Clock:
    """The worker's time, set by the test."""

    def __init__(self) -> None:
        self.at = at("2026-05-11T10:00:00")

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def works(engine: Engine, home: Path, clock: Clock) -> Clockwork:
    log = open_log("test", "critical")
    keeper = PolicyKeeper(engine, home, lambda: load_city(DEFAULT_CITY), log)
    return Clockwork(keeper, Marks(engine, TicketLaws()), Recounting(engine), clock, log)


def dispatched(engine: Engine, works: Clockwork, clock: Clock, content: Content = COMPLAINT) -> Ticket:
    """A ticket that was sent to a unit at this moment."""
    acts: list[tuple[Act, dict[str, object]]] = [("accept", {}), ("dispatch", {"unit": "transport-passenger"})]
    orders, policy = Orders(engine, TicketLaws()), works.keeper.policy
    return orders.create(content, by="clerk1", role="clerk", now=clock.at, policy=policy, acts=acts, actor=CLERK)


def through(works: Clockwork) -> None:
    """Until nothing is due now."""
    for _ in range(50):
        if works.step() == 1.0:
            return
    raise AssertionError("the clockwork never comes to rest")


def fired(engine: Engine, number: str) -> list[str]:
    """The keys of what was told, as the notices have them."""
    query = select(notices.c.facts).where(notices.c.number == number, notices.c.kind.in_(MARK_KINDS)).order_by(notices.c.id)
    with reading(engine) as connection:
        told = [str(json.loads(facts)["mark"]) for facts in connection.scalars(query)]
        kept = set(connection.scalars(select(ticket_marks.c.key).where(ticket_marks.c.number == number)))
    assert kept == set(told)
    return told


def test_the_ladder_of_a_complaint_nobody_answers_is_told_rung_by_rung_and_once(
    engine: Engine, works: Clockwork, clock: Clock
) -> None:
    """Every mark when its time has come and not before, from the unit up to the leadership; after three weeks silence."""
    ticket = dispatched(engine, works, clock)
    expected = marks(ticket, works.keeper.policy)
    assert {mark.audience for mark in expected} >= {"unit:transport-passenger", "head:transport-passenger", "centre", "leadership"}
    for _ in range(30 * 8):
        clock.at += 3 * 3600
        through(works)
        assert fired(engine, ticket.number) == [mark.key for mark in expected if mark.at <= clock.at]
    assert len(fired(engine, ticket.number)) == len(expected)
    with reading(engine) as connection:
        assert connection.scalar(select(tickets.c.next_mark_at)) is None


@pytest.mark.parametrize("jumps", [(400, -800, 401, 0), (-30, 5, 5, 60), (15, -15, 15, -15, 40)])
def test_no_jump_of_the_clock_tells_anything_twice(engine: Engine, works: Clockwork, clock: Clock, jumps: tuple[int, ...]) -> None:
    """Days forth and back; in the end each was told once."""
    ticket = dispatched(engine, works, clock)
    for days in jumps:
        clock.at += days * 86_400.0
        through(works)
    told = fired(engine, ticket.number)
    assert max(Counter(told).values(), default=0) <= 1
    clock.at = at("2028-01-01T00:00:00")
    through(works)
    assert sorted(fired(engine, ticket.number)) == sorted(mark.key for mark in marks(ticket, works.keeper.policy))


def test_of_two_clockworks_at_once_one_tells_each(engine: Engine, works: Clockwork, clock: Clock, home: Path) -> None:
    """A worker that is replaced while it runs, forty tickets late."""
    numbers = [dispatched(engine, works, clock).number for _ in range(40)]
    clock.at += 60 * 86_400
    log = open_log("test", "critical")
    keeper = PolicyKeeper(engine, home, lambda: load_city(DEFAULT_CITY), log)
    other = Clockwork(keeper, Marks(engine, TicketLaws()), Recounting(engine), clock, log)
    threads = [threading.Thread(target=through, args=(each,)) for each in (works, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for number in numbers:
        told = fired(engine, number)
        assert len(told) == len(set(told)) > 10


def test_a_ticket_whose_profile_is_gone_keeps_no_other_from_being_told(
    engine: Engine, works: Clockwork, clock: Clock, home: Path
) -> None:
    """It is looked at again later, and told once its file is back."""
    own = (Path(__file__).parents[2] / "tickets/profiles/ah-suzhou-2023.yaml").read_text(encoding="utf-8")
    file = home / "tickets/profiles/ah-suzhou-2023.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(own.replace("2023-01-01", "2024-01-01"), encoding="utf-8")
    works.keeper.refresh()
    lost = dispatched(engine, works, clock)
    file.unlink()
    works.keeper.refresh()
    well = dispatched(engine, works, clock)
    clock.at += 60 * 86_400
    through(works)
    assert (fired(engine, lost.number), len(fired(engine, well.number)) > 10) == ([], True)
    file.write_text(own.replace("2023-01-01", "2024-01-01"), encoding="utf-8")
    clock.at += 700
    through(works)
    assert len(fired(engine, lost.number)) > 10


def test_a_limit_into_a_year_that_is_not_published_moves_when_its_notice_arrives(
    engine: Engine, works: Clockwork, clock: Clock, home: Path
) -> None:
    """Ten working days over the New Year: counted with weekdays, marked, counted anew with the holidays, told and sealed."""
    works.keeper.refresh()
    year = min(year for year in range(2026, 2040) if not works.keeper.policy.calendar.is_published(date(year, 1, 4)))
    clock.at = datetime(year - 1, 12, 24, 10, tzinfo=SHANGHAI).timestamp()
    ticket = dispatched(engine, works, clock)
    assert ticket.life.is_provisional
    through(works)
    first = date(year, 1, 4)
    notice = {"source": "国务院办公厅通知", "holidays": {"元旦": f"{year}-01-01/{first + timedelta(days=7)}"}, "workdays": {}}
    (home / "tickets/holidays").mkdir(parents=True)
    (home / f"tickets/holidays/{year}.yaml").write_text(json.dumps(notice, ensure_ascii=False), encoding="utf-8")
    clock.at += 10
    through(works)
    after = Orders(engine, TicketLaws()).read(ticket.number)
    assert after is not None
    assert after.life == replace(after.life, version=ticket.life.version + 1, is_provisional=False)
    assert after.life.stands["reply"] > ticket.life.stands["reply"]
    step = Orders(engine, TicketLaws()).steps(ticket.number)[-1]
    moved = {"before": ticket.life.stands["reply"], "at": after.life.stands["reply"]}
    assert (step.act, step.actor, step.role, step.facts["moved"]["reply"]) == ("recount", "clockwork", "system", moved)  # type: ignore[index]
    with reading(engine) as connection:
        assert changed(connection, ticket.number) == []
        told = connection.execute(select(notices.c.audience).where(notices.c.kind == "recounted")).scalars()
        assert sorted(told) == ["centre", "unit:transport-passenger"]
    clock.at += 60 * 86_400
    through(works)
    assert sorted(fired(engine, ticket.number)) == sorted(mark.key for mark in marks(after, works.keeper.policy))


def test_other_reminders_count_for_tickets_that_are_under_way(engine: Engine, works: Clockwork, clock: Clock, home: Path) -> None:
    """The city wants to remind eight working days before: the ticket is looked at then, not at its first reminder of before."""
    ticket = dispatched(engine, works, clock)
    through(works)
    alerts = (Path(__file__).parents[2] / "tickets/alerts.yaml").read_text(encoding="utf-8")
    early = "  - {key: early, kind: remind, limits: [reply], of: days, working_days: 8, audience: [unit]}\n"
    (home / "tickets").mkdir(parents=True)
    (home / "tickets/alerts.yaml").write_text(alerts.replace("reminders:\n", f"reminders:\n{early}"), encoding="utf-8")
    clock.at += 10
    through(works)
    clock.at = at("2026-05-12T09:00:01")
    through(works)
    assert [key for key in fired(engine, ticket.number) if ":early:" in key] != []


def test_the_self_check_knows_when_a_reminder_was_due(engine: Engine, works: Clockwork, clock: Clock) -> None:
    """And whether the units are still the examples."""
    assert look(engine) == Stored()
    ticket = dispatched(engine, works, clock)
    first = marks(ticket, works.keeper.policy)[0]
    assert look(engine) == Stored(next_mark_at=first.at)
    [found] = judge(works.keeper.policy.calendar, look(engine), first.at + 301, is_running=True, is_own=True)
    assert (found.level, found.code) == ("bad", "late")
