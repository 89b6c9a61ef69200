"""Marks, webhooks and units in the database, on SQLite and PostgreSQL: each mark fires once, each step is told once."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import Engine, insert, select, text

from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import people
from hotline_core.errors import BadInput, Conflict, NotFound
from tests.integration.ticket_kit import DAY, NOW, Due, Person, PlainLaws, complaint
from tickets.store.marks import AGAIN_S, Marks
from tickets.store.orders import Foreign, Orders
from tickets.store.outbox import Webhooks
from tickets.store.schema import notices, outbox, ticket_marks, tickets, units
from tickets.store.units import UnitStore, changed_units
from tickets.ticket import Ticket
from tickets.units import unit_of

pytestmark = pytest.mark.integration
CLERK = Person()
TRANSPORT = unit_of("transport", {"name": "市交通运输局"})
ROAD = unit_of("transport-road", {"name": "公路管理处", "parent": "transport"})
GIVEN = {"transport": TRANSPORT, "transport-road": ROAD}


def _dispatched(engine: Engine, count: int = 1) -> list[str]:
    """Signing is due in a day, the reply in five."""
    orders = Orders(engine, PlainLaws())
    acts = [("dispatch", {"unit": "transport"})]
    return [
        orders.create(complaint(), by="clerk1", role="clerk", now=NOW, policy=None, actor=CLERK, acts=acts).number  # type: ignore[arg-type]
        for _ in range(count)
    ]


def _notices(engine: Engine) -> list[tuple[str, str]]:
    query = select(notices.c.number, notices.c.facts).where(notices.c.kind == "due").order_by(notices.c.id)
    with reading(engine) as connection:
        return [(row.number, str(json.loads(row.facts)["limit"])) for row in connection.execute(query)]


# -- marks ----------------------------------------------------------------------------------------------------------


def test_a_limit_that_has_come_is_told_once_and_the_next_one_when_its_time_comes(engine: Engine) -> None:
    """Looked at before, at and long after."""
    (number,), marks = _dispatched(engine), Marks(engine, PlainLaws())
    assert marks.next_at() == NOW + DAY
    assert marks.fire(NOW + DAY - 1, None).looked == 0
    for at in (NOW + DAY, NOW + DAY, NOW + 2 * DAY):
        marks.fire(at, None)
    assert _notices(engine) == [(number, "sign")]
    assert marks.next_at() == NOW + 5 * DAY
    assert marks.fire(NOW + 9 * DAY, None).marks == 1
    assert _notices(engine) == [(number, "sign"), (number, "reply")]
    assert marks.next_at() is None
    with reading(engine) as connection:
        trail = read_audit(connection)
        assert first_broken(trail) is None
        assert [row.actor for row in trail if row.act == "ticket_marks"] == ["clockwork"] * 2


def test_a_clock_that_jumps_back_and_forth_fires_nothing_twice(engine: Engine) -> None:
    """What was fired stays fired."""
    _dispatched(engine, 3)
    marks = Marks(engine, PlainLaws())
    for at in (NOW, NOW + 2 * DAY, NOW - 9 * DAY, NOW + DAY, NOW + 2 * DAY):
        marks.fire(at, None)
    assert sorted(limit for _, limit in _notices(engine)) == ["sign"] * 3


def test_a_limit_that_was_kept_in_time_is_not_told(engine: Engine) -> None:
    """Signed before the day was over."""
    (number,) = _dispatched(engine)
    Orders(engine, PlainLaws()).act(number, 1, "sign", {}, CLERK, NOW + 60, None)
    marks = Marks(engine, PlainLaws())
    assert marks.next_at() == NOW + 5 * DAY
    assert marks.fire(NOW + 2 * DAY, None).looked == 0


def test_four_clockworks_at_once_fire_each_mark_once(engine: Engine) -> None:
    """Two workers by mistake, or an old one that is not yet gone."""
    numbers = _dispatched(engine, 12)
    threads = [threading.Thread(target=Marks(engine, PlainLaws()).fire, args=(NOW + DAY, None)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(number for number, _ in _notices(engine)) == numbers
    with reading(engine) as connection:
        assert len(connection.execute(select(ticket_marks)).all()) == 12


class Broken(PlainLaws):
    """The profile's file of one ticket is gone."""

    def __init__(self, number: str) -> None:
        self._number = number

    def to_fire(self, ticket: Ticket, fired: frozenset[str], policy: object, now: float) -> tuple[Due, ...]:
        if ticket.number == self._number:
            raise NotFound("unknown_profile")
        return super().to_fire(ticket, fired, policy, now)


def test_a_ticket_that_cannot_be_judged_holds_up_no_other_and_is_tried_again(engine: Engine) -> None:
    """It would else be the longest due one for ever."""
    first, second = _dispatched(engine, 2)
    broken = Marks(engine, Broken(first))
    fired = broken.fire(NOW + DAY, None, limit=2)
    assert (fired.marks, fired.troubles) == (1, ((first, "unknown_profile"),))
    assert broken.due(NOW + DAY, 10) == []
    assert Marks(engine, PlainLaws()).fire(NOW + DAY + AGAIN_S, None).marks == 1
    assert [number for number, _ in _notices(engine)] == [second, first]


def test_a_look_stops_at_its_limit_and_goes_on_with_the_longest_due(engine: Engine) -> None:
    numbers = _dispatched(engine, 5)
    marks = Marks(engine, PlainLaws())
    assert [marks.fire(NOW + DAY, None, limit=2).looked for _ in range(4)] == [2, 2, 1, 0]
    assert [number for number, _ in _notices(engine)] == numbers


# -- webhooks -------------------------------------------------------------------------------------------------------


def _waiting(engine: Engine) -> list[tuple[str, dict[str, object]]]:
    with reading(engine) as connection:
        return [(row.webhook, json.loads(row.body)) for row in connection.execute(select(outbox).order_by(outbox.c.id))]


def test_each_step_is_written_down_for_each_webhook_that_wants_it(engine: Engine) -> None:
    """In the step's own transaction, without a word of the citizen; the other system's number goes with it."""
    hooks = Webhooks(engine)
    hooks.put("city", "https://city.example/hook", [], actor="admin1", now=NOW)
    hooks.put("archive", "http://10.0.0.9:8080/x", ["archive", "close"], actor="admin1", now=NOW)
    orders = Orders(engine, PlainLaws())
    made = orders.create(
        complaint(), by="service", role="service", now=NOW, policy=None, foreign=Foreign("city-12345", "A-1", "d" * 64)
    )
    orders.act(made.number, 0, "dispatch", {"unit": "transport"}, CLERK, NOW + 1, None)
    orders.act(made.number, 1, "close", {}, CLERK, NOW + 2, None)
    told = _waiting(engine)
    assert [(key, body["act"], body["version"]) for key, body in told] == [
        ("city", "create", 0), ("city", "dispatch", 1), ("archive", "close", 2), ("city", "close", 2),
    ]  # fmt: skip
    assert told[1][1] == {
        "ticket": made.number, "version": 1, "act": "dispatch", "stage": "dispatched", "at": NOW + 1, "unit": "transport",
        "foreign": {"system": "city-12345", "number": "A-1"},
    }  # fmt: skip
    assert {hook.key: hook.waiting for hook in hooks.everyone()} == {"archive": 1, "city": 3}


def test_a_webhook_has_a_secret_of_its_own_and_takes_all_with_it_when_it_goes(engine: Engine) -> None:
    """A new secret with each change; neither it nor the whole address is in the trail."""
    hooks = Webhooks(engine)
    first = hooks.put("city", "https://city.example/hook?key=open-sesame", [], actor="admin1", now=NOW)
    second = hooks.put("city", "https://city.example/other", ["close"], actor="admin1", now=NOW + 1)
    assert len(first) >= 40
    assert first != second
    (hook,) = hooks.everyone()
    assert (hook.url, hook.acts, hook.made_at) == ("https://city.example/other", ("close",), NOW)
    _dispatched(engine)
    hooks.remove("city", actor="admin1", now=NOW + 2)
    assert hooks.everyone() == ()
    assert _waiting(engine) == []
    with pytest.raises(NotFound):
        hooks.remove("city", actor="admin1", now=NOW)
    with reading(engine) as connection:
        trail = "".join(row.facts for row in read_audit(connection))
    assert second not in trail
    assert "sesame" not in trail


@pytest.mark.parametrize(("field", "key", "url", "acts"), [
    ("key", "City", "https://x.example", []),
    ("url", "city", "ftp://x.example", []),
    ("url", "city", "https://", []),
    ("url", "city", "https://u:p@x.example/", []),
    ("url", "city", "https://x.example/ a", []),
    ("url", "city", "https://[x", []),
    ("acts", "city", "https://x.example", ["explode"]),
])  # fmt: skip
def test_a_webhook_that_could_never_be_called_is_refused(engine: Engine, field: str, key: str, url: str, acts: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        Webhooks(engine).put(key, url, acts, actor="admin1", now=NOW)
    assert refused.value.facts == {"field": field}


def test_there_are_no_more_webhooks_than_a_step_can_bear(engine: Engine) -> None:
    hooks = Webhooks(engine)
    for count in range(20):
        hooks.put(f"city-{count}", "https://x.example", [], actor="admin1", now=NOW)
    with pytest.raises(Conflict):
        hooks.put("one-more", "https://x.example", [], actor="admin1", now=NOW)
    hooks.put("city-7", "https://y.example", [], actor="admin1", now=NOW)


# -- units ----------------------------------------------------------------------------------------------------------


def test_a_changed_unit_takes_the_place_of_the_files_and_a_removed_one_is_gone(engine: Engine) -> None:
    """Each with its row of the trail, which names no person."""
    store = UnitStore(engine)
    assert store.changed() == {}
    market = unit_of("market", {"name": "市场监管局", "contacts": [{"name": "王芳", "phone": "051285550001"}]})
    store.put(market, GIVEN, actor="supervisor1", now=NOW)
    store.remove("transport-road", GIVEN, actor="supervisor1", now=NOW)
    assert changed_units(engine) == {"market": market, "transport-road": None}
    with pytest.raises(NotFound):
        store.remove("transport-road", GIVEN, actor="supervisor1", now=NOW)
    with reading(engine) as connection:
        trail = [(row.act, row.subject) for row in read_audit(connection)]
        assert "王芳" not in "".join(row.facts for row in read_audit(connection))
    assert trail == [("unit_put", "market"), ("unit_removed", "transport-road")]


def test_a_tree_that_bites_its_tail_is_refused(engine: Engine) -> None:
    store = UnitStore(engine)
    with pytest.raises(BadInput):
        store.put(TRANSPORT.model_copy(update={"parent": "transport-road"}), GIVEN, actor="x", now=NOW)
    with pytest.raises(BadInput):
        store.put(unit_of("market", {"name": "市场监管局", "parent": "nobody"}), GIVEN, actor="x", now=NOW)
    assert store.changed() == {}


def test_a_unit_stays_while_others_people_or_open_tickets_are_below_it(engine: Engine) -> None:
    """What it has would be nobody's; closed tickets do not keep it."""
    store = UnitStore(engine)

    def refused(key: str) -> object:
        with pytest.raises(Conflict) as error:
            store.remove(key, GIVEN, actor="x", now=NOW)
        return error.value.facts["by"]

    assert refused("transport") == "units"
    store.remove("transport-road", GIVEN, actor="x", now=NOW)
    (number,) = _dispatched(engine)
    assert refused("transport") == "tickets"
    Orders(engine, PlainLaws()).act(number, 1, "close", {}, CLERK, NOW, None)
    officer = {"login": "unit1", "name": "周涛", "role": "unit", "password_hash": "x", "made_at": NOW, "unit": "transport"}
    with writing(engine) as connection:
        connection.execute(insert(people), officer)
    assert refused("transport") == "people"
    with writing(engine) as connection:
        connection.execute(text("UPDATE people SET disabled_at = 2"))
    store.remove("transport", GIVEN, actor="x", now=NOW)
    assert store.changed() == {"transport": None, "transport-road": None}


def test_a_unit_of_another_version_is_told_and_the_files_counts(engine: Engine) -> None:
    """Nothing breaks; the operator hears of it."""
    with writing(engine) as connection:
        connection.execute(insert(units), [{"key": "odd", "data": "{not json"}, {"key": "strange", "data": '{"wheels": 4}'}])
    told: list[str] = []
    assert changed_units(engine, told.append) == {}
    assert told == ["odd", "strange"]


def test_what_was_never_looked_at_has_no_mark_of_time(engine: Engine) -> None:
    """A draft has no limit: the clockwork does not see it."""
    Orders(engine, PlainLaws()).create(complaint(), by="agent1", role="agent", now=NOW, policy=None)
    with reading(engine) as connection:
        assert connection.execute(select(tickets.c.next_mark_at)).scalar_one() is None
    assert Marks(engine, PlainLaws()).next_at() is None
