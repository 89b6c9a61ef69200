"""A simulated year of a city's recordings, and those of the years before that are still kept: rows alone, of every class."""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random
from typing import Any

from sqlalchemy import Engine, Table, insert, text

from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, HELD, HOLDS, RECORDINGS, SEGMENTS, TRAINING, TRANSFERS
from hotline_core.adapters.engine import writing
from recordings.opus import CODEC
from recordings.vault import CIPHER
from tests.integration.keeping_room import DAY_S, LINE
from tickets.store.schema import ticket_bodies, tickets

AT_ONCE = 20_000
BEFORE = 200  # of the year's rows, so many of each older class are one: the last ones, which end within weeks
CASES, CLOSED_CASE = 5, "case closed"
TABLES = (CALLS, RECORDINGS, SEGMENTS, TRANSFERS, ATTEMPTS, TRAINING, tickets, ticket_bodies, HELD)
MADE = ("line", "source", "field", "area", "topic", "title", "unit", "made_by")
EMPTY = ("kind", "to", "queue", "by")


class _Rows:
    """What is inserted together."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self._of: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def add(self, table: Table, **values: object) -> None:
        """One row."""
        self._of[table.name].append(values)

    def put(self, engine: Engine) -> None:
        """All of them, and none is left."""
        with writing(engine) as connection:
            for table in TABLES:
                if rows := self._of.pop(table.name, []):
                    connection.execute(insert(table), rows)

    def call(self, call_id: str, at: float, *, urgent: bool = False, about: str | None = None) -> None:
        """A call with its recording; one of twenty is made by us, few are long."""
        number = caller_of(self.chance)
        is_out = about is not None or self.chance.random() < 0.05
        length_s = 3600.0 + self.chance.random() * 600 if self.chance.random() < 0.0004 else self.chance.expovariate(1 / 180)
        self.add(
            CALLS, call_id=call_id, line=LINE, caller=number, dialled=number if is_out else LINE, state="ended", arrived_at=at,
            ended_at=at + length_s, agent=agent_of(self.chance), direction="out" if is_out else "in", urgent=urgent, about=about,
        )  # fmt: skip
        self.add(RECORDINGS, call_id=call_id, started_at=at, length_s=length_s, **self._stored(call_id, length_s))

    def third(self, call_id: str, at: float, party: str) -> None:
        """Somebody was asked in, and has a segment."""
        empty = dict.fromkeys(EMPTY, "")
        self.add(TRANSFERS, call_id=call_id, n=1, way="consult", asked_at=at + 60, party=party, name=party, **empty)
        self.add(ATTEMPTS, call_id=call_id, n=1, attempt=1, dialled_at=at + 61, number=third_of(self.chance), trunk="t", leg=1)
        stored = self._stored(f"{call_id}-1", 60.0)
        self.add(SEGMENTS, call_id=call_id, leg=1, n=1, access="consult", started_at=at + 70, length_s=60.0, **stored)

    def _stored(self, stem: str, length_s: float) -> dict[str, object]:
        """As long as what the worker writes; there is no such file."""
        size, digest = round(length_s * 4750), self.chance.randbytes(32).hex
        return {
            "state": "ready", "store": "local", "cipher": CIPHER, "codec": CODEC, "path": f"2000/01/01/{stem}.ogg.enc",
            "size": size + 100, "sha256": digest(), "plain_size": size, "plain_sha256": digest(),
        }  # fmt: skip

    def ticket(self, number: str, call_id: str, at: float, klass: str, closed_at: float | None, stage: str = "") -> None:
        """A work order of a call."""
        told = stage or ("in_hand" if closed_at is None else "closed")
        self.add(
            tickets, **dict.fromkeys(MADE, "x"), number=number, version=1, stage=told, klass=klass, is_urgent=0, is_safety=0,
            call_id=call_id, created_at=at, changed_at=at, closed_at=closed_at,
        )  # fmt: skip
        self.add(ticket_bodies, number=number, content="{}", life=json.dumps({}))

    def training(self, call_id: str, taken_at: float, ended_at: float | None) -> None:
        """Taken as training material, and maybe given up."""
        end = {"ended_at": ended_at, "ended_by": ended_at and "x", "end_reason": ended_at and "x"}
        self.add(TRAINING, call_id=call_id, taken_at=taken_at, by="x", reason="x", **end)


def caller_of(chance: Random) -> str:
    """A citizen's number."""
    return f"138{chance.randrange(10**6) * 97 % 10**8:08}"


def agent_of(chance: Random) -> str:
    """One of sixty extensions."""
    return str(1001 + chance.randrange(60))


def third_of(chance: Random) -> str:
    """One of seven hundred numbers."""
    return f"0557{3_000_000 + chance.randrange(700):07}"


def year_id(number: int) -> str:
    """The id of the year's call of that number."""
    return f"h1-{number:07}"


def ticket_number(number: int) -> str:
    """The work order of the year's call of that number, if it has one."""
    return f"2026{number:010}"


def fill(engine: Engine, first: float, end: float, count: int) -> None:
    """`count` recordings from `first` to `end` (epoch seconds), the first ones end within days after; and older ones."""
    chance, step = Random(17), (end - first) / count
    with writing(engine) as connection:
        cases = [{"key": f"case {n}", "reason": "x", "by": "x", "at": first} for n in range(CASES)]
        closed = {"key": CLOSED_CASE, "reason": "x", "by": "x", "at": first}
        connection.execute(insert(HOLDS), cases)
        connection.execute(insert(HOLDS), [{**closed, "released_at": first + DAY_S, "released_by": "x", "release_reason": "x"}])
    rows = _Rows(chance)
    for start in range(0, count, AT_ONCE):
        for number in range(start, min(count, start + AT_ONCE)):
            _this_year(rows, number, first + number * step, end, is_first=number < count // 50)
        rows.put(engine)
    for made in (_emergency, _training, _ticket, _complaint):
        for number in range(max(40, count // BEFORE)):
            made(rows, number, end + (0.5 + chance.random() * 40) * DAY_S)
        rows.put(engine)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))  # as autovacuum does within a minute


def _this_year(rows: _Rows, number: int, at: float, end: float, *, is_first: bool) -> None:
    chance, call_id = rows.chance, year_id(number)
    rows.call(call_id, at, urgent=chance.random() < 0.01)
    if number % 10 == 0:
        closed_at = None if chance.random() < 0.1 else at + chance.random() * 30 * DAY_S
        klass = chance.choice(("help", "complaint", "consult", "report"))
        rows.ticket(ticket_number(number), call_id, at, klass, closed_at, "void" if chance.random() < 0.02 else "")
    if number % 100 == 7:
        rows.third(call_id, at, "rescue" if number % 50_000 == 7 else "metro")
    if chance.random() < 0.001:
        taken_at = at + chance.random() * (end - at)
        rows.training(call_id, taken_at, taken_at + DAY_S if chance.random() < 0.3 else None)
    _held(rows, call_id, 0.015 if is_first else 0.0005)


def _held(rows: _Rows, call_id: str, share: float) -> None:
    """Two of three by a case in force, the third by one that is over and keeps nothing."""
    if rows.chance.random() < share:
        key = CLOSED_CASE if rows.chance.random() < 0.33 else f"case {rows.chance.randrange(CASES)}"
        rows.add(HELD, key=key, call_id=call_id)


def _emergency(rows: _Rows, number: int, ends_at: float) -> None:
    at, call_id = ends_at - 1097 * DAY_S, f"h1-e{number:06}"
    rows.call(call_id, at, urgent=True)
    if number % 20 == 0:
        rows.third(call_id, at, "rescue")
    _held(rows, call_id, 0.03)


def _training(rows: _Rows, number: int, ends_at: float) -> None:
    taken_at, call_id = ends_at - 366 * DAY_S, f"h1-t{number:06}"
    rows.call(call_id, taken_at - rows.chance.random() * 200 * DAY_S)
    rows.training(call_id, taken_at, None)
    _held(rows, call_id, 0.03)


def _ticket(rows: _Rows, number: int, ends_at: float) -> None:
    _of_ticket(rows, f"h1-w{number:06}", f"2021{number:010}", ends_at, "help")


def _complaint(rows: _Rows, number: int, ends_at: float) -> None:
    call_id = f"h1-c{number:06}"
    closed_at = _of_ticket(rows, call_id, f"2020{number:010}", ends_at, "report" if number % 3 else "complaint")
    if number % 10 == 0:  # the talk in which the result was told is kept as long
        rows.call(f"h1-r{number:06}", closed_at - DAY_S, about=call_id)


def _of_ticket(rows: _Rows, call_id: str, number: str, ends_at: float, klass: str) -> float:
    closed_at = ends_at - 1827 * DAY_S
    at = closed_at - (2 + rows.chance.random() * 30) * DAY_S
    rows.call(call_id, at)
    rows.ticket(number, call_id, at, klass, closed_at)
    if rows.chance.random() < 0.05:
        rows.third(call_id, at, "metro")
    _held(rows, call_id, 0.03)
    return closed_at
