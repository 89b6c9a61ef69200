"""Series `tickets`: lists, search, deadlines and acts among 500,000 tickets, on SQLite and PostgreSQL, beside the plain ways."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import Engine, text

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.engine import make_engine, reading
from tests.bench.processes import own_megabytes
from tests.bench.report import Budget, Curve, Options, Picture, Result, Row, Series, distribution, rank
from tests.bench.ticket_city import DAY_S, FREQUENT, NOW, RARE, City, fill, number_of
from tests.integration.servers import own_postgres
from tests.unit.ticket_floor import BUREAU, CLERK, COMPLAINT, policy_of
from tickets.names import load_names
from tickets.store.export import COLUMNS, Export, Wanted
from tickets.store.listing import Filter, Listing, Sort
from tickets.store.marks import Marks
from tickets.store.orders import Orders
from tickets.store.search import Search
from tickets.store.sheets import load_headings

COUNT, SMALL = 500_000, 3000
ROUNDS, LOOKS, PEER_LOOKS = 5, 20, 2
ACTS = 100
LIST_MS, SEARCH_MS, SCAN_MS, ACT_MS, COUNTS_MS, MEMORY_MB = 50.0, 100.0, 10.0, 100.0, 500.0, 40.0
KINDS = ("SQLite", "PostgreSQL")
OFFSET_PEER, LIKE_PEER = "OFFSET", "LIKE"


@dataclass(slots=True)
class Found:
    """Milliseconds of every look, and the 95th percentile of each round; the peer's beside."""

    all_ms: list[float] = field(default_factory=list)
    p95_ms: list[float] = field(default_factory=list)
    peer_p95_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Question:
    """Something a page asks: `ask` gets a number that differs with each look; the plain way beside it where there is one."""

    what: str
    ask: Callable[[int], object]
    budget_ms: float
    peer: Callable[[int], object] | None = None
    peer_name: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """One database with its tickets."""

    engine: Engine
    city: City

    def questions(self) -> list[Question]:
        """All that is asked of it."""
        listing, search = Listing(self.engine), Search(self.engine)
        is_open, here = Filter(is_open=True), frozenset({self.city.unit})
        own = Filter(visible=here)

        def page(kept: Filter, sort: Sort = "due", after: str | None = None) -> object:
            return listing.page(kept, sort, after, 50, now=NOW)

        def found(query: str, kept: Filter | None = None, *, people_too: bool = True) -> object:
            return search.page(query, kept or Filter(), now=NOW, people_too=people_too)

        def deep(look: int) -> object:
            return page(Filter(), "newest", f"~{self._place(look)[0]}")

        return [
            Question("list: what goes on, by time left", lambda _: page(is_open), LIST_MS),
            Question("list: all, newest first, from anywhere", deep, LIST_MS, self._offset, OFFSET_PEER),
            Question("list: one stage, changed last", lambda _: page(Filter(stages=("closed",)), "changed"), LIST_MS),
            Question("list: a rare stage, newest first", lambda _: page(Filter(stages=("return_asked",)), "newest"), LIST_MS),
            Question("list: a named topic that is rare", lambda _: page(Filter(topics=("school-bus",)), "newest"), SEARCH_MS * 5),
            Question("list: a unit's own, by time left", lambda _: page(Filter(is_open=True, visible=here)), LIST_MS),
            Question("list: a unit's closed ones", lambda _: page(Filter(stages=("closed",), visible=here), "newest"), LIST_MS),
            Question("counts of what goes on", lambda _: listing.counts(is_open, now=NOW), LIST_MS),
            Question("counts of everything", lambda _: listing.counts(Filter(), now=NOW), COUNTS_MS),
            Question("search: a word in one of 5000", lambda _: found(RARE), SEARCH_MS, lambda _: self._like(RARE), LIKE_PEER),
            Question("search: a word in one of ten", lambda _: found(FREQUENT), SEARCH_MS),
            Question("search: two words", lambda _: found(f"{FREQUENT} {RARE[:2]}"), SEARCH_MS),
            Question("search: a single sign", lambda _: found("井"), SEARCH_MS),
            Question("search: words nobody wrote together", lambda _: found("公交车司机投诉隧道火箭"), SEARCH_MS),
            Question("search: the caller's telephone", lambda _: found(self.city.telephone), SEARCH_MS),
            Question("search: by a unit, among its own", lambda _: found(FREQUENT, own, people_too=False), SEARCH_MS),
            Question("deadlines: what is due now", lambda _: Marks(self.engine).due(NOW, 100), SCAN_MS),
            Question("one ticket by its number", lambda look: Orders(self.engine).read(self._place(look)[0]), SCAN_MS),
        ]

    def _place(self, look: int) -> tuple[str, int]:
        back = Random(look).randrange(self.city.count // 100, self.city.count - self.city.count // 100)
        return number_of(self.city.count - 1 - back, self.city.count)[0], back

    def _offset(self, look: int) -> object:
        query = text("SELECT * FROM tickets ORDER BY number DESC LIMIT 50 OFFSET :back")
        with reading(self.engine) as connection:
            return connection.execute(query, {"back": self._place(look)[1]}).all()

    def _like(self, word: str) -> object:
        query = text("SELECT number FROM ticket_bodies WHERE content LIKE :word ORDER BY number DESC LIMIT 50")
        with reading(self.engine) as connection:
            return connection.execute(query, {"word": f"%{word}%"}).all()


def measure(options: Options) -> Result:
    """Both databases, one after the other."""
    rows: list[Row] = []
    curves: list[Curve] = []
    profile: list[str] = []
    for kind in KINDS:
        with _database(kind, options.folder) as engine:
            began = time.monotonic()
            city = fill(engine, SMALL if options.is_small else COUNT, options.seed)
            profile.append(f"{kind}: {city.count} tickets filled in {time.monotonic() - began:.0f} s, {_size_mb(engine):.0f} MB")
            bench = Bench(engine, city)
            found = _asked(bench, options)
            for question in bench.questions():
                one = found[question.what]
                peer = (tuple(one.peer_p95_ms), question.peer_name) if one.peer_p95_ms else ((), "")
                rows.append(Row(f"{kind}: {question.what}", "ms", tuple(one.p95_ms), *peer, budget=Budget(question.budget_ms)))
                if question.what in ("list: what goes on, by time left", "search: a word in one of ten"):
                    curves.append(distribution(f"{kind}: {question.what}", one.all_ms))
            rows += _written(kind, engine, options)
            rows += _exported(kind, engine, city)
    picture = Picture("Among 500 000 tickets", "ms", "share of looks (%)", tuple(curves), log_x=True)
    return Result(tuple(rows), picture, NOTES, "\n".join(profile))


def _asked(bench: Bench, options: Options) -> dict[str, Found]:
    """Each question in each round, the peer's a moment after ours."""
    rounds, looks = (1, 2) if options.is_small else (ROUNDS, LOOKS)
    found: dict[str, Found] = {}
    for number in range(rounds):
        for question in bench.questions():
            one = found.setdefault(question.what, Found())
            ours = [_ms(question.ask, options.seed + number * looks + look) for look in range(looks)]
            one.all_ms += ours
            one.p95_ms.append(rank(ours, 95))
            if question.peer is not None:
                one.peer_p95_ms.append(rank([_ms(question.peer, options.seed + look) for look in range(PEER_LOOKS)], 95))
    return found


def _written(kind: str, engine: Engine, options: Options) -> list[Row]:
    """Tickets made, signed and reminded of by the life and the clockwork in service, each its own transaction."""
    orders, policy, count = Orders(engine), policy_of(), 5 if options.is_small else ACTS
    made: list[str] = []

    def make(_: int) -> None:
        acts = [("accept", {}), ("dispatch", {"unit": "transport"})]
        new = orders.create(COMPLAINT, by="clerk1", role="clerk", now=NOW, policy=policy, actor=CLERK, acts=acts)  # type: ignore[arg-type]
        made.append(new.number)

    making = [_ms(make, look) for look in range(count)]

    def sign(look: int) -> None:
        orders.act(made[look], 2, "sign", {}, BUREAU, NOW + 60, policy)

    signing = [_ms(sign, look) for look in range(count // 2)]
    began = time.monotonic()
    fired = Marks(engine).fire(NOW + 80 * DAY_S, policy, limit=count)
    took_s = time.monotonic() - began
    return [
        Row(f"{kind}: a ticket made, accepted and dispatched, 95 %", "ms", (rank(making, 95),), budget=Budget(ACT_MS)),
        Row(f"{kind}: an act, 95 %", "ms", (rank(signing, 95),), budget=Budget(ACT_MS)),
        Row(f"{kind}: due tickets judged, marks told", "tickets/s", (fired.looked / took_s,), budget=Budget(20, at_most=False)),
    ]


def _exported(kind: str, engine: Engine, city: City) -> list[Row]:
    """All tickets as CSV, page by page; what the process holds of its own meanwhile at most."""
    export = Export(engine, load_headings(COLUMNS), load_names(), policy_of())
    before, most, began, size = own_megabytes(os.getpid()), 0.0, time.monotonic(), 0
    for piece in export.sheet(Wanted(Filter(), NOW, lambda content: content)).csv():
        size += len(piece)
        most = max(most, own_megabytes(os.getpid()))
    took_s = time.monotonic() - began
    return [
        Row(f"{kind}: memory more while all are exported", "MB", (max(0.0, most - before),), budget=Budget(MEMORY_MB)),
        Row(f"{kind}: all exported ({size / 2**20:.0f} MB)", "tickets/s", (city.count / took_s,)),
    ]


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Engine]:
    """An empty tickets database, as it is opened in service."""
    if kind == "SQLite":
        url = f"sqlite:///{folder / 'tickets.sqlite'}"
        migrate_tickets(url)
        engine = make_engine(url, durable=True)
        yield engine
        engine.dispose()
        for path in folder.glob("tickets.sqlite*"):
            path.unlink()
        return
    with own_postgres() as server:
        url = server.new_database()
        migrate_tickets(url)
        engine = make_engine(url)
        yield engine
        engine.dispose()


def _size_mb(engine: Engine) -> float:
    asked = "SELECT pg_database_size(current_database())"
    if engine.dialect.name == "sqlite":
        asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with reading(engine) as connection:
        return float(connection.execute(text(asked)).scalar_one()) / 2**20


def _ms(ask: Callable[[int], object], look: int) -> float:
    began = time.perf_counter()
    ask(look)
    return (time.perf_counter() - began) * 1000


NOTES = (
    "400 days of 1250 tickets, about 110 signs of text each; of the last 30 days one in four still goes on. A value is the 95th "
    "percentile of a round's 20 looks (the peer's of 2).",
    "SQLite syncs every commit (synchronous=FULL) and has no ANALYZE; PostgreSQL runs with fsync off, after VACUUM ANALYZE, with "
    "its 128 MB of shared buffers.",
    "OFFSET and LIKE are the plain ways to page and to search over the same rows.",
)
SERIES = Series(
    "tickets",
    "Half a million tickets",
    "What does a page wait for when a city has years of tickets? Lists in every order, search in Chinese, the clockwork's look for "
    "what is due, acts with their step and audit row, and an export of everything, on either database.",
    measure,
)
