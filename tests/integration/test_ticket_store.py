"""Tickets in SQLite and PostgreSQL: made once, changed by acts, never lost, never changed behind the trail's back."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine, inspect, select, text, update

from agent_desktop.drafts import Drafts
from agent_desktop.migrate import TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE
from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.migrate import is_migrated
from hotline_core.errors import BadInput, Conflict, IntentRefused, NotFound
from tests.integration.ticket_kit import DAY, NOW, Person, PlainLaws, complaint
from tickets.store.form import dumped
from tickets.store.listing import Filter, Listing
from tickets.store.orders import DraftRef, Foreign, Orders
from tickets.store.schema import metadata, notices, ticket_bodies, ticket_steps, ticket_units
from tickets.store.seals import changed
from tickets.ticket import Extension, Life, Pause, Ticket

pytestmark = pytest.mark.integration
CLERK = Person()


@pytest.fixture
def orders(engine: Engine) -> Orders:
    return Orders(engine, PlainLaws())


def _made(orders: Orders, now: float = NOW, **changes: object) -> Ticket:
    return orders.create(complaint(**changes), by="agent1", role="agent", now=now, policy=None)


def test_the_migrations_make_exactly_the_tables_the_code_knows(engine: Engine, database_url: str) -> None:
    """Tables, columns, their kinds and indexes; SQLite's full-text index stands beside."""
    assert is_migrated(database_url, TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE)
    found = inspect(engine)
    beside = {name for name in found.get_table_names() if name.startswith(("alembic_", "ticket_search"))}
    assert set(found.get_table_names()) - beside == {table.name for table in metadata.sorted_tables}
    double = "DOUBLE PRECISION" if engine.name == "postgresql" else "FLOAT"
    for table in metadata.sorted_tables:
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert set(columns) == {column.name for column in table.columns}
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable, column
            expected = str(column.type.compile(engine.dialect)).replace("FLOAT(53)", double)
            assert str(columns[column.name]["type"].compile(engine.dialect)) == expected, column
        wanted = {index.name for index in table.indexes if index.name != "ticket_words_by_gram" or engine.name == "postgresql"}
        assert {index["name"] for index in found.get_indexes(table.name) if not index.get("duplicates_constraint")} == wanted


def test_a_ticket_is_read_as_it_was_written_also_its_odd_characters(orders: Orders) -> None:
    """Every field of the content, and a life with everything in it."""
    odd = "第一行\n第二行\t制表 \\ 'quote' \"double\" \x01 emoji 🚌"
    made = _made(orders, text=odd, caller_kind="enterprise", is_complex=True, is_secret=True, happened_at="昨天下午")
    assert orders.read(made.number) == made
    assert made.content.text == odd
    assert orders.read("20200101000001") is None


def test_a_life_with_all_its_parts_survives_the_database(orders: Orders, engine: Engine) -> None:
    """Also one that another version wrote: a field it did not have has its default, one that is not ours is left out."""
    made = _made(orders)
    full = Life(
        stage="in_hand", version=7, created_at=NOW, co_units=("water", "power"), chain=("transport", "transport-road"),
        unit="transport-road", stands={"reply": NOW + 1.25}, met={"sign": NOW}, extension=Extension("parties", "多方", 5, NOW),
        pauses=(Pause(NOW, None, "鉴定"),), override=60, is_satisfied=False,
    )  # fmt: skip
    with writing(engine) as connection:
        connection.execute(update(ticket_bodies).values(life=dumped(full)))
    read = orders.read(made.number)
    assert read is not None
    assert read.life == full
    with writing(engine) as connection:
        connection.execute(update(ticket_bodies).values(life=json.dumps({"stage": "signed", "version": 2, "unheard_of": [1]})))
    read = orders.read(made.number)
    assert read is not None
    assert read.life == Life(stage="signed", version=2)


def test_numbers_count_within_the_day_of_shanghai(orders: Orders) -> None:
    """Midnight there begins a new count; nobody gets a number twice."""
    before_midnight = NOW + 13.5 * 3600  # 23:30
    numbers = [_made(orders, now).number for now in (NOW, before_midnight, before_midnight + 1800, before_midnight + 1801)]
    assert numbers == ["20261122000001", "20261122000002", "20261123000001", "20261123000002"]


def test_twenty_clerks_at_once_get_twenty_numbers(orders: Orders) -> None:
    """And the audit trail is one line."""
    numbers: list[str] = []
    threads = [threading.Thread(target=lambda: numbers.append(_made(orders).number)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(numbers) == [f"20261122{count:06d}" for count in range(1, 21)]


def test_every_act_leaves_a_step_and_a_row_of_the_trail_in_one_transaction(orders: Orders, engine: Engine) -> None:
    """Who, when, what, from which facts; and the trail holds neither name nor number nor text."""
    made = _made(orders)
    sent = orders.act(made.number, 0, "dispatch", {"unit": "transport", "note": "请速办"}, CLERK, NOW + 60, None)
    assert (sent.life.version, sent.life.stage, sent.life.unit) == (1, "dispatched", "transport")
    steps = orders.steps(made.number)
    assert [(step.version, step.actor, step.role, step.act, step.stage, step.at) for step in steps] == [
        (0, "agent1", "agent", "create", "draft", NOW),
        (1, "clerk1", "clerk", "dispatch", "dispatched", NOW + 60),
    ]
    assert steps[1].facts == {"unit": "transport", "note": "请速办"}
    assert orders.steps(made.number, after=0) == steps[1:]
    with reading(engine) as connection:
        trail = read_audit(connection)
        assert first_broken(trail) is None
        assert [(row.act, row.subject, row.actor) for row in trail] == [
            ("ticket_create", made.number, "agent1"),
            ("ticket_dispatch", made.number, "clerk1"),
        ]
        for private in ("王小明", "13855700001", "公交", "请速办", "幸福路"):
            assert private not in "".join(row.facts for row in trail)
        (told,) = connection.execute(select(notices)).all()
    assert (told.audience, told.kind, told.at) == ("unit:transport", "dispatched", NOW + 60)


def test_who_acts_on_an_old_page_is_told_so_and_nothing_changes(orders: Orders) -> None:
    """Also when both act in the same moment: one of them."""
    made = _made(orders)
    orders.act(made.number, 0, "accept", {}, CLERK, NOW, None)
    with pytest.raises(Conflict) as refused:
        orders.act(made.number, 0, "accept", {}, CLERK, NOW, None)
    assert (refused.value.code, refused.value.facts) == ("ticket_changed", {"version": 1})
    outcomes: list[str] = []

    def act() -> None:
        try:
            orders.act(made.number, 1, "note", {"text": "一"}, CLERK, NOW, None)
        except Conflict as error:
            outcomes.append(error.code)
        else:
            outcomes.append("done")

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done"] + ["ticket_changed"] * 5
    assert len(orders.steps(made.number)) == 3
    with pytest.raises(NotFound):
        orders.act("20200101000001", 0, "accept", {}, CLERK, NOW, None)


def test_what_the_life_refuses_leaves_nothing_behind(orders: Orders, engine: Engine) -> None:
    """Neither a step nor a row of the trail; a ticket whose first act is refused is not made at all."""
    made = _made(orders)
    with pytest.raises(IntentRefused):
        orders.act(made.number, 0, "rework", {}, CLERK, NOW, None)
    with pytest.raises(IntentRefused):
        orders.create(
            complaint(), by="clerk1", role="clerk", now=NOW, policy=None, acts=[("accept", {}), ("rework", {})], actor=CLERK
        )
    with reading(engine) as connection:
        assert len(read_audit(connection)) == 1
    assert [row.number for row in Listing(engine).page(Filter(), now=NOW).rows] == [made.number]
    assert _made(orders).number == "20261122000002"


def test_a_ticket_and_its_first_acts_are_one_transaction(orders: Orders) -> None:
    """From the desk: accepted and dispatched with one click."""
    sent = orders.create(
        complaint(), by="clerk1", role="clerk", now=NOW, policy=None, actor=CLERK,
        acts=[("accept", {}), ("dispatch", {"unit": "transport"})],
    )  # fmt: skip
    assert (sent.life.version, sent.life.stage) == (2, "dispatched")
    assert [step.act for step in orders.steps(sent.number)] == ["create", "accept", "dispatch"]


def test_a_draft_that_changed_meanwhile_makes_no_ticket(orders: Orders, engine: Engine) -> None:
    """The clerk would send words that nobody wrote last."""
    drafts = Drafts(engine)
    drafts.save("h1-1.1", "公交车拒载", 0, by="agent1", now=NOW)
    with pytest.raises(Conflict) as refused:
        orders.create(complaint(), by="agent1", role="agent", now=NOW, policy=None, draft=DraftRef("h1-1.1", 0))
    assert (refused.value.code, refused.value.facts) == ("draft_changed", {"version": 1})
    made = orders.create(
        complaint(call_id="h1-1.1"), by="agent1", role="agent", now=NOW, policy=None, draft=DraftRef("h1-1.1", 1)
    )
    assert [row.number for row in Listing(engine).of_call("h1-1.1")] == [made.number]


def test_another_system_that_sends_the_same_again_gets_the_same_ticket(orders: Orders) -> None:
    """Also from ten connections at once; with other words under the same number it is refused."""
    foreign = Foreign("city-12345", "A-77", "d" * 64)
    numbers: list[str] = []

    def file() -> None:
        made = orders.create(complaint(), by="service:city", role="service", now=NOW, policy=None, foreign=foreign)
        numbers.append(made.number)

    threads = [threading.Thread(target=file) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(numbers) == 10
    assert len(set(numbers)) == 1
    with pytest.raises(Conflict) as refused:
        orders.create(complaint(), by="s", role="service", now=NOW, policy=None, foreign=replace(foreign, digest="e" * 64))
    assert refused.value.code == "foreign_number_taken"
    found = orders.of_foreign("city-12345", "A-77")
    assert found is not None
    assert orders.foreign_of(found.number) == ("city-12345", "A-77")
    assert orders.of_foreign("city-12345", "A-78") is None


def test_a_correction_keeps_what_stood_there_before(orders: Orders) -> None:
    """Nothing is deleted."""
    made = _made(orders)
    after = orders.correct(made.number, 0, {"title": "公交车不停站"}, "听错", CLERK, NOW + 1, None)
    assert after.content.title == "公交车不停站"
    assert orders.read(made.number) == after
    last = orders.steps(made.number)[-1]
    assert last.act == "correct"
    assert last.facts["before"] == {"title": "公交车拒载"}


@pytest.mark.parametrize(("field", "value"), [("title", "长" * 201), ("text", "a" * 20_001), ("klass", "k" * 21), ("name", "a\0b")])
def test_what_no_column_can_hold_is_refused_by_name(orders: Orders, field: str, value: str) -> None:
    """On both databases alike."""
    with pytest.raises(BadInput) as refused:
        orders.create(replace(complaint(), **{field: value}), by="agent1", role="agent", now=NOW, policy=None)  # type: ignore[arg-type]
    assert refused.value.facts["field"] == field


def test_units_see_a_ticket_as_lead_from_above_or_as_helpers(orders: Orders, engine: Engine) -> None:
    """And no longer when it went to others."""
    made = _made(orders)
    down = {"unit": "transport-road", "chain": ["transport", "transport-road"], "co_units": ["police-traffic"]}
    orders.act(made.number, 0, "dispatch", down, CLERK, NOW, None)
    with reading(engine) as connection:
        parts = {row.unit: row.part for row in connection.execute(select(ticket_units))}
    assert parts == {"transport-road": "lead", "transport": "above", "police-traffic": "co"}
    orders.act(made.number, 1, "dispatch", {"unit": "water"}, CLERK, NOW, None)
    listing = Listing(engine)
    assert [row.unit for row in listing.page(Filter(visible=frozenset({"water"})), now=NOW).rows] == ["water"]
    assert listing.page(Filter(visible=frozenset({"transport", "police-traffic"})), now=NOW).rows == ()
    assert listing.page(Filter(visible=frozenset()), now=NOW).rows == ()


@pytest.mark.parametrize("statement", [
    "UPDATE ticket_steps SET facts = '{\"unit\":\"water\"}' WHERE version = 1",
    "UPDATE ticket_bodies SET content = replace(content, '拒载', '好')",
    "UPDATE ticket_bodies SET life = replace(life, 'transport', 'water')",
    "DELETE FROM ticket_steps WHERE version = 1",
])  # fmt: skip
def test_whoever_changes_a_ticket_behind_the_trail_is_found(orders: Orders, engine: Engine, statement: str) -> None:
    """The trail has a digest of each step's facts and of what stood after it."""
    made = _made(orders)
    orders.act(made.number, 0, "dispatch", {"unit": "transport"}, CLERK, NOW, None)
    with reading(engine) as connection:
        assert changed(connection, made.number) == []
    with writing(engine) as connection:
        assert connection.execute(text(statement)).rowcount == 1
    with reading(engine) as connection:
        assert changed(connection, made.number)
        assert len(connection.execute(select(ticket_steps)).all()) >= 1


def test_the_nearest_limit_that_was_not_kept_is_what_lists_show(orders: Orders, engine: Engine) -> None:
    """Signing is due before the reply; once signed the reply is; once closed nothing."""
    listing, made = Listing(engine), _made(orders)

    def due() -> float | None:
        row = listing.row(made.number)
        assert row is not None
        return row.due_at

    assert due() is None
    orders.act(made.number, 0, "dispatch", {"unit": "transport"}, CLERK, NOW, None)
    assert due() == NOW + DAY
    orders.act(made.number, 1, "sign", {}, CLERK, NOW, None)
    assert due() == NOW + 5 * DAY
    orders.act(made.number, 2, "close", {}, CLERK, NOW, None)
    assert due() is None
