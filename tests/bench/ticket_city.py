"""Owns a city's tickets for benchmarks: half a million of them as years of service leave them, the same for either database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Engine, Table, insert, text

from hotline_core.adapters.engine import writing
from tests.unit.ticket_floor import policy_of
from tickets.acts import Stage
from tickets.grams import indexed
from tickets.life import standing
from tickets.policy import Policy
from tickets.store import form
from tickets.store.schema import ticket_bodies, ticket_units, ticket_words, tickets
from tickets.ticket import Content, Life, Ticket

NOW = 1_795_312_800.0  # 2026-11-22 10:00 in Asia/Shanghai
DAY_S = 86_400.0
A_DAY = 1250  # tickets
BATCH = 5000
RARE_EVERY, FREQUENT_SHARE = 5000, 0.1
RARE, FREQUENT = "井盖缺失", "噪音扰民"
UNITS = tuple(policy_of().units)
SYLLABLES = "东南西北中山河湖海江平安和顺兴隆盛华明光新城长春秋月星云龙凤金银玉石木林花草田园桥门街巷村镇港湾洲岛"
OPEN: tuple[tuple[Stage, int], ...] = (
    ("accepted", 60), ("dispatched", 250), ("signed", 250), ("in_hand", 350), ("return_asked", 10), ("replied", 50),
    ("checked", 30),
)  # fmt: skip
OVER: tuple[tuple[Stage, int], ...] = (
    ("closed", 200), ("archived", 650), ("answered", 100), ("refused", 30), ("void", 15), ("merged", 5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class City:
    """What was filled in: how many, the first day, and one ticket's words to look for."""

    count: int
    first: datetime
    telephone: str
    unit: str


def fill(engine: Engine, count: int, seed: int) -> City:
    """Put `count` tickets in, a batch at a time; of the last month one in four still goes on."""
    chance, policy = Random(seed), policy_of()
    first = datetime.fromtimestamp(NOW, UTC) - timedelta(days=count // A_DAY)
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:  # a loaded table is indexed at once
            connection.execute(text("DROP INDEX ticket_words_by_gram"))
    for begin in range(0, count, BATCH):
        rows = _rows(chance, policy, range(begin, min(begin + BATCH, count)), count)
        (_copy if engine.dialect.name == "postgresql" else _insert)(engine, rows)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("CREATE INDEX ticket_words_by_gram ON ticket_words USING gin (grams)"))
            connection.execute(text("VACUUM ANALYZE"))
    return City(count, first, _telephone(count // 2), UNITS[0])


def number_of(place: int, count: int) -> tuple[str, float]:
    """The number and the time of the making of the ticket at this place of all."""
    back = (count - 1 - place) // A_DAY
    made_at = NOW - back * DAY_S - DAY_S / 4 + (place % A_DAY) * 10
    day = (datetime.fromtimestamp(made_at, UTC) + timedelta(hours=8)).strftime("%Y%m%d")
    return f"{day}{place % 1_000_000:06d}", made_at


def _rows(chance: Random, policy: Policy, places: range, count: int) -> Mapping[Table, list[dict[str, Any]]]:
    found: dict[Table, list[dict[str, Any]]] = {table: [] for table in (tickets, ticket_bodies, ticket_words, ticket_units)}
    for place in places:
        number, made_at = number_of(place, count)
        is_open = NOW - made_at < 30 * DAY_S and chance.random() < 0.25
        ticket = Ticket(number, _content(chance, place), _life(chance, made_at, is_open))
        if ticket.life.dispatched_at is not None:
            ticket = standing(ticket, policy)
        row: dict[str, Any] = {**form.columns(ticket), "made_by": f"agent{place % 90}"}
        row["changed_at"] = min(NOW, made_at + chance.random() * DAY_S)
        found[tickets].append({**row, "next_mark_at": NOW + 90 * DAY_S * chance.random() if row["due_at"] is not None else None})
        content, life = form.dumped(ticket.content), form.dumped(ticket.life)
        found[ticket_bodies].append({"number": number, "content": content, "life": life})
        found[ticket_words].append({"id": int(number), "grams": indexed(ticket.content)})
        found[ticket_units] += form.unit_rows(ticket, row["changed_at"])
    return found


def _content(chance: Random, place: int) -> Content:
    known = _words()
    words = [known[int(len(known) * chance.random() ** 2)] for _ in range(36)]  # the first ones are the frequent ones
    road = "".join(chance.choices(SYLLABLES, k=2)) + "路"
    words[7] = road
    if place % RARE_EVERY == 17:
        words[20] = RARE
    elif chance.random() < FREQUENT_SHARE:
        words[20] = FREQUENT
    line = "12328" if chance.random() < 0.3 else "12345"
    told = "".join(words[:12]) + "，" + "".join(words[12:24]) + "。" + "".join(words[24:])
    return Content(
        line=line, call_id=f"h1-{place}.1", klass=chance.choice(("consult", "complaint", "suggestion")),
        field=chance.choice(("road", "city_passenger")), title="".join(words[:4]), text=told,
        place=f"{road}{chance.randint(1, 400)}号", area=chance.choice(("haizhou", "lianyun", "ganyu")),
        object=f"苏G{chance.randint(10000, 99999)}", name="".join(chance.choices(SYLLABLES, k=3)), number=_telephone(place),
        topic="school-bus" if place % 20_000 == 3 else "",
    )  # fmt: skip


@cache
def _words() -> tuple[str, ...]:
    return tuple(Path(__file__).with_name("ticket_words.txt").read_text(encoding="utf-8").split())


def _telephone(place: int) -> str:
    return f"138{(place * 7919) % 100_000_000:08d}"


def _life(chance: Random, made_at: float, is_open: bool) -> Life:
    stages, weights = zip(*(OPEN if is_open else OVER), strict=True)
    stage: Stage = chance.choices(stages, weights)[0]
    life = Life(stage, 1, made_at, profile=policy_of().profile_of("12328", made_at).id, accepted_at=made_at)
    if stage in ("accepted", "answered", "refused", "void"):
        return replace(life, closed_at=None if stage == "accepted" else made_at)
    sent_at = made_at + 600
    unit = chance.choice(UNITS)
    life = replace(life, version=4, unit=unit, chain=(unit,), dispatched_at=sent_at, clock_from=sent_at)
    if chance.random() < 0.1:
        life = replace(life, co_units=(chance.choice(UNITS),))
    if stage not in ("dispatched", "return_asked"):
        life = replace(life, signed_at=sent_at + 3600, met={"sign": sent_at + 3600})
    if stage not in ("dispatched", "signed", "return_asked"):
        life = replace(life, contacted_at=sent_at + 7200, met={**life.met, "contact": sent_at + 7200})
    if stage in ("closed", "archived", "merged"):
        closed_at = min(NOW, sent_at + 3 * DAY_S)
        met = {**life.met, "reply": closed_at, "follow_up": closed_at}
        life = replace(life, replied_at=closed_at, closed_at=closed_at, met=met)
    return life


def _insert(engine: Engine, rows: Mapping[Table, list[dict[str, Any]]]) -> None:
    with writing(engine) as connection:
        for table, found in rows.items():
            connection.execute(insert(table), found)


def _copy(engine: Engine, rows: Mapping[Table, list[dict[str, Any]]]) -> None:
    with writing(engine) as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        for table, found in rows.items():
            names = list(found[0])
            wanted = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(table.name), sql.SQL(",").join(sql.Identifier(name) for name in names)
            )
            with driver.cursor() as cursor, cursor.copy(wanted) as out:
                for row in _values(found, names):
                    out.write_row(row)


def _values(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterator[list[Any]]:
    for row in found:
        yield [row[name] for name in names]
