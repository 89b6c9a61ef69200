"""Lists of tickets on SQLite and PostgreSQL: every filter and order agrees with a plain look at all of them, page by page."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, insert

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.domain.day import day_start
from hotline_core.errors import BadInput
from tests.integration.ticket_kit import DAY, NOW
from tickets.acts import STAGES
from tickets.store.listing import OPEN, OVER, Filter, Left, Listing, Row, Sort
from tickets.store.schema import ticket_units, tickets

pytestmark = pytest.mark.integration
UNITS = ("transport", "transport-road", "water", "police")
COUNT = 400
LATE_OR_SOON: tuple[Left, ...] = ("late", "soon")
H = 3600.0


def _row(chance: random.Random, count: int) -> dict[str, object]:
    stage = chance.choice(STAGES)
    at = NOW - COUNT * 600 + count // 3 * 1800.0  # three of one moment
    due = None if stage in OVER or chance.random() < 0.2 else NOW + chance.choice([-30, -1, 1, 13, 15, 60, 73, 100]) * H
    return {
        "number": f"20261122{count:06d}", "version": 1, "stage": stage, "line": chance.choice(["12328", "12345"]),
        "source": chance.choice(["phone", "web"]), "klass": chance.choice(["consult", "complaint", "help"]),
        "field": chance.choice(["road", "waterway"]), "area": chance.choice(["haizhou", "ganyu"]),
        "topic": chance.choice(["", "", "", "school-bus"]), "title": f"第{count}件", "unit": "",
        "is_urgent": int(chance.random() < 0.1), "is_safety": int(chance.random() < 0.1), "call_id": None,
        "made_by": chance.choice(["agent1", "agent2"]), "created_at": at,
        "changed_at": at + chance.choice([0, 60, 60]), "due_at": due, "closed_at": None, "is_provisional": 0,
    }  # fmt: skip


@pytest.fixture(scope="module")
def everything() -> tuple[list[dict[str, object]], dict[str, set[str]]]:
    """Tickets in every stage, with every time left, and the units that see each."""
    chance = random.Random(6)
    rows = [_row(chance, count) for count in range(1, COUNT + 1)]
    return rows, {str(row["number"]): set(chance.sample(UNITS, chance.randint(0, 3))) for row in rows}


@pytest.fixture
def listing(database_url: str, everything: tuple[list[dict[str, object]], dict[str, set[str]]]) -> Iterator[Listing]:
    """The same on either database."""
    migrate_tickets(database_url)
    engine: Engine = make_engine(database_url)
    rows, units = everything
    with writing(engine) as connection:
        connection.execute(insert(tickets), rows)
        same = {str(row["number"]): {name: row[name] for name in ("number", "stage", "changed_at", "due_at")} for row in rows}
        seen = [{**same[number], "unit": unit, "part": "lead"} for number, names in units.items() for unit in names]
        connection.execute(insert(ticket_units), seen)
    yield Listing(engine)
    engine.dispose()


def _left(row: dict[str, object], left: Left) -> bool:
    due = row["due_at"]
    if not isinstance(due, float):
        return left == "none"
    tomorrow = day_start(NOW) + DAY
    return left == ("late" if due < NOW else "today" if due < tomorrow else "soon" if due < NOW + 72 * H else "calm")


def _made_at(row: dict[str, object]) -> float:
    return float(str(row["created_at"]))


WANTED: tuple[tuple[Filter, Callable[[dict[str, object], set[str]], bool]], ...] = (
    (Filter(), lambda row, units: True),
    (Filter(is_open=True), lambda row, units: row["stage"] in OPEN),
    (Filter(is_open=False), lambda row, units: row["stage"] in OVER),
    (Filter(stages=("signed",)), lambda row, units: row["stage"] == "signed"),
    (Filter(stages=("signed", "closed", "replied")), lambda row, units: row["stage"] in ("signed", "closed", "replied")),
    (Filter(stages=("closed",), is_open=True), lambda row, units: False),
    (Filter(lines=("12345",), sources=("web",)), lambda row, units: (row["line"], row["source"]) == ("12345", "web")),
    (Filter(classes=("help", "consult"), fields=("road",)),
     lambda row, units: row["klass"] != "complaint" and row["field"] == "road"),
    (Filter(areas=("ganyu",), topics=("school-bus",)), lambda row, units: (row["area"], row["topic"]) == ("ganyu", "school-bus")),
    (Filter(is_urgent=True), lambda row, units: row["is_urgent"] == 1),
    (Filter(is_safety=False, made_by="agent2"), lambda row, units: (row["is_safety"], row["made_by"]) == (0, "agent2")),
    (Filter(visible=frozenset({"water"})), lambda row, units: "water" in units),
    (Filter(visible=frozenset({"water"}), units=("police",)), lambda row, units: {"water", "police"} <= units),
    (Filter(visible=frozenset({"water", "police"}), is_open=True),
     lambda row, units: bool({"water", "police"} & units) and row["stage"] in OPEN),
    (Filter(visible=frozenset()), lambda row, units: False),
    (Filter(units=("transport", "transport-road"), stages=("signed", "closed")),
     lambda row, units: bool({"transport", "transport-road"} & units) and row["stage"] in ("signed", "closed")),
    (Filter(visible=frozenset(UNITS), left=("late", "soon"), since=NOW - 30 * H),
     lambda row, units: bool(units) and any(_left(row, left) for left in LATE_OR_SOON) and _made_at(row) >= NOW - 30 * H),
    (Filter(visible=frozenset({*UNITS, *(f"unit-{count}" for count in range(60))}), is_open=True),
     lambda row, units: bool(units) and row["stage"] in OPEN),
    (Filter(left=("late",)), lambda row, units: _left(row, "late")),
    (Filter(left=("today", "soon")), lambda row, units: _left(row, "today") or _left(row, "soon")),
    (Filter(left=("calm", "none"), is_open=True),
     lambda row, units: (_left(row, "calm") or _left(row, "none")) and row["stage"] in OPEN),
    (Filter(since=NOW - 30 * H, until=NOW - 10 * H),
     lambda row, units: NOW - 30 * H <= _made_at(row) < NOW - 10 * H),
)  # fmt: skip


def _in_order(rows: list[dict[str, object]], sort: Sort) -> list[str]:
    newest = sorted(rows, key=lambda row: str(row["number"]), reverse=True)
    if sort == "changed":
        newest.sort(key=lambda row: float(str(row["changed_at"])), reverse=True)
    if sort == "due":
        limited = sorted((row for row in rows if row["due_at"] is not None), key=lambda row: (row["due_at"], row["number"]))
        newest = limited + [row for row in newest if row["due_at"] is None]
    return [str(row["number"]) for row in newest]


def _all_pages(listing: Listing, wanted: Filter, sort: Sort, limit: int) -> list[str]:
    found: list[Row] = []
    cursor: str | None = None
    for _ in range(COUNT):
        page = listing.page(wanted, sort, cursor, limit, now=NOW)
        assert len(page.rows) == limit or page.next is None
        found += page.rows
        cursor = page.next
        if cursor is None:
            return [row.number for row in found]
    raise AssertionError("the pages never end")


def test_every_list_page_by_page_is_what_a_look_at_all_tickets_gives(
    listing: Listing, everything: tuple[list[dict[str, object]], dict[str, set[str]]]
) -> None:
    """Each filter in each order: none missing, none twice, also at the seam to those that no limit stands for."""
    rows, units = everything
    for wanted, is_kept in WANTED:
        kept = [row for row in rows if is_kept(row, units[str(row["number"])])]
        orders: tuple[Sort, ...] = ("due", "newest", "changed")
        for sort in orders:
            assert _all_pages(listing, wanted, sort, 37) == _in_order(kept, sort), (wanted, sort)


def test_counts_are_those_of_the_list(
    listing: Listing, everything: tuple[list[dict[str, object]], dict[str, set[str]]]
) -> None:
    """By stage and by the time left."""
    rows, units = everything
    for wanted, is_kept in WANTED:
        kept = [row for row in rows if is_kept(row, units[str(row["number"])])]
        counts = listing.counts(wanted, now=NOW)
        assert counts.total == len(kept), wanted
        assert counts.by_stage == {stage: n for stage in STAGES if (n := sum(row["stage"] == stage for row in kept))}
        assert counts.by_left == {left: sum(_left(row, left) for row in kept) for left in counts.by_left}


def test_a_ticket_made_meanwhile_neither_repeats_nor_hides_another(listing: Listing) -> None:
    """The next page begins after the last row seen, wherever that is now."""
    first = listing.page(Filter(), "newest", None, 10, now=NOW)
    with writing(listing._engine) as connection:
        connection.execute(insert(tickets), {**_row(random.Random(1), 1), "number": "20261123000001"})
    second = listing.page(Filter(), "newest", first.next, 10, now=NOW)
    assert int(first.rows[-1].number) - int(second.rows[0].number) == 1


@pytest.mark.parametrize(("sort", "cursor"), [("due", "x"), ("newest", "1.0~x"), ("changed", "~20261122000001"), ("due", "a~2026")])
def test_a_key_that_no_page_gave_is_refused(listing: Listing, sort: Sort, cursor: str) -> None:
    with pytest.raises(BadInput):
        listing.page(Filter(), sort, cursor, now=NOW)
