"""A complaint on its way through the database, by the life and the clockwork in service, on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.engine import reading
from hotline_core.errors import Forbidden, IntentRefused
from tests.unit.ticket_floor import BUREAU, CLERK, COMPLAINT, OTHER, at, policy_of
from tickets.acts import Act
from tickets.clockwork import marks
from tickets.doing import Actor
from tickets.store.listing import Filter, Listing
from tickets.store.marks import Marks
from tickets.store.orders import Orders
from tickets.store.schema import notices, ticket_marks
from tickets.store.seals import changed
from tickets.ticket import Ticket

pytestmark = pytest.mark.integration
POLICY = policy_of()
MADE = at("2026-05-11T10:00:00")


def _sent(engine: Engine) -> Ticket:
    acts: list[tuple[Act, dict[str, object]]] = [("accept", {}), ("dispatch", {"unit": "transport"})]
    return Orders(engine).create(COMPLAINT, by=CLERK.name, role=CLERK.role, now=MADE, policy=POLICY, actor=CLERK, acts=acts)


def test_a_complaint_from_the_click_to_the_archive(engine: Engine) -> None:
    """Each act read back as the life made it, listed under its unit, with the trail whole and silent about the citizen."""
    orders, sent = Orders(engine), _sent(engine)
    assert (sent.life.stage, sent.life.unit) == ("dispatched", "transport")
    row = Listing(engine).row(sent.number)
    assert row is not None
    assert (row.due_at, row.stage, row.unit) == (min(_awaited(sent)), "dispatched", "transport")
    with pytest.raises(Forbidden):
        orders.act(sent.number, 2, "sign", {}, OTHER, MADE + 60, POLICY)
    with pytest.raises(IntentRefused):
        orders.act(sent.number, 2, "archive", {}, CLERK, MADE + 60, POLICY)
    reply = {"facts": "查明属实", "process": "约谈司机", "basis": "管理规定"}
    acts: list[tuple[Act, dict[str, object], Actor]] = [
        ("sign", {}, BUREAU), ("contact", {"reached": True}, BUREAU), ("reply", dict(reply), BUREAU), ("check", {}, CLERK),
        ("close", {}, CLERK),
    ]  # fmt: skip
    ticket = sent
    for count, (act, facts, actor) in enumerate(acts, start=1):
        ticket = orders.act(sent.number, ticket.life.version, act, facts, actor, MADE + count * 3600, POLICY)
        assert orders.read(sent.number) == ticket, act
    assert ticket.life.stage == "closed"
    assert [step.act for step in orders.steps(sent.number)][3:] == [act for act, _, _ in acts]
    assert Listing(engine).page(Filter(visible=BUREAU.units, stages=("closed",)), now=MADE).rows[0].number == sent.number
    assert Listing(engine).page(Filter(visible=OTHER.units), now=MADE).rows == ()
    with reading(engine) as connection:
        assert changed(connection, sent.number) == []
        trail = read_audit(connection)
        assert first_broken(trail) is None
        told = "".join(row.facts for row in trail)
    for private in ("市民甲", "13800000001", "火车站", "约谈"):
        assert private not in told


def test_the_clockwork_tells_each_mark_of_an_unsigned_complaint_once(engine: Engine) -> None:
    """Looked at every six hours for two months: just the marks that the life has, each at the first look after its time."""
    sent = _sent(engine)
    expected = {mark.key: mark for mark in marks(sent, POLICY)}
    assert len(expected) > 3
    clockwork = Marks(engine)
    for look in range(4 * 75):
        clockwork.fire(MADE + look * 6 * 3600, POLICY)
    assert clockwork.next_at() is None
    with reading(engine) as connection:
        fired = connection.execute(select(ticket_marks)).all()
        told = connection.execute(select(notices.c.kind, notices.c.audience).where(notices.c.kind != "dispatched")).all()
    assert {row.key for row in fired} == set(expected)
    assert all(0 <= row.fired_at - row.due_at < 6 * 3600 or row.due_at < MADE for row in fired)
    wanted = sorted((mark.kind, mark.audience) for mark in expected.values())
    assert sorted((row.kind, row.audience) for row in told if row.kind in ("remind", "due", "overdue", "escalate")) == wanted


def _awaited(ticket: Ticket) -> list[float]:
    """What the unit has to keep now; giving it back is no duty."""
    return [ends_at for what, ends_at in ticket.life.stands.items() if what in ("sign", "contact", "reply")]
