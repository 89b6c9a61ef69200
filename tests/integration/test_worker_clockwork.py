"""The worker's clockwork as a process: killed at random moments, without its database, with a clock that tells late."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from agent_desktop.migrate import migrate_tickets
from agent_desktop.rights import load_rights
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.adapters.ledger import LedgerWriter
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.settings import DEFAULT_CITY, load_city
from tests.integration.desk_kit import settings_of
from tests.integration.servers import wait_until
from tickets.acts import Act
from tickets.clockwork import marks
from tickets.doing import Actor
from tickets.laws import TicketLaws
from tickets.policy import Policy, load_policy
from tickets.store.orders import Orders
from tickets.store.schema import notices, ticket_marks
from tickets.ticket import Content

pytestmark = pytest.mark.integration

COMPLAINT = Content(line="12328", klass="complaint", field="city_passenger", title="出租车拒载", text="拒载", number="13800000001")
CLERK = Actor("clerk1", "clerk", load_rights().acts_of("clerk"))
KILLS = 4
TICKETS = 200


class Worker:
    """The real process on its own databases."""

    def __init__(self, home: Path, tickets_url: str) -> None:
        self.home = home
        self.calls_url = settings_of(home).calls_url
        migrate_calls(self.calls_url)
        self._environment = os.environ | {
            "HOTLINE_HOME": str(home),
            "HOTLINE_CALLS_DATABASE": self.calls_url,
            "HOTLINE_TICKETS_DATABASE": tickets_url,
            "HOTLINE_REDIS_URL": f"unix://{home / 'nobody.sock'}",
        }
        self.log = home / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, again if need be."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "worker"], env=self._environment, stderr=log)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    migrate_tickets(database_url)
    engine = make_engine(database_url)  # not durable: only the worker's own writes matter here
    yield engine
    engine.dispose()


@pytest.fixture
def worker(short_folder: Path, database_url: str) -> Iterator[Worker]:
    worker = Worker(short_folder, database_url)
    yield worker
    worker.kill()


@pytest.fixture
def policy(short_folder: Path) -> Policy:
    return load_policy(short_folder, load_city(DEFAULT_CITY))


def late_complaints(engine: Engine, policy: Policy, count: int) -> dict[str, set[str]]:
    """Complaints dispatched two months ago that nobody answered, with the keys of all that was to be told meanwhile."""
    orders, ago = Orders(engine, TicketLaws()), time.time() - 60 * 86_400
    acts: list[tuple[Act, dict[str, object]]] = [("accept", {}), ("dispatch", {"unit": "transport-passenger"})]
    expected = {}
    for _ in range(count):
        made = orders.create(COMPLAINT, by="clerk1", role="clerk", now=ago, policy=policy, acts=acts, actor=CLERK)
        expected[made.number] = {mark.key for mark in marks(made, policy) if mark.at <= time.time()}
    return expected


def how_many(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(ticket_marks)) or 0


def killed_while_it_tells(engine: Engine, worker: Worker, expected: dict[str, set[str]], kills: int, dice: random.Random) -> int:
    """Kill it in the midst of its work so often, let it come to the end; each mark was told once. How many there were."""
    total = sum(len(keys) for keys in expected.values())
    for _ in range(kills):
        before = how_many(engine)
        worker.start()
        wait_until(lambda: how_many(engine) > before, 30.0, "it tells")  # noqa: B023
        time.sleep(dice.uniform(0.0, 0.06))
        worker.kill()
    assert how_many(engine) < total, "every kill was in the midst of it"
    worker.start()
    wait_until(lambda: how_many(engine) == total, 60.0, "everything is told")
    worker.kill()
    with reading(engine) as connection:
        kept = connection.execute(select(ticket_marks.c.number, ticket_marks.c.key)).all()
        kinds = ("remind", "due", "overdue", "escalate")
        told = connection.execute(select(notices.c.number, notices.c.facts).where(notices.c.kind.in_(kinds))).all()
    assert {number: {row.key for row in kept if row.number == number} for number in expected} == expected
    assert Counter((row.number, row.key) for row in kept) == Counter((row.number, json.loads(row.facts)["mark"]) for row in told)
    return total


def test_killed_at_random_moments_the_worker_tells_every_reminder_once(engine: Engine, worker: Worker, policy: Policy) -> None:
    """At the end each mark is written down once and was told once, to the right ones."""
    killed_while_it_tells(engine, worker, late_complaints(engine, policy, TICKETS), KILLS, random.Random(20261122))


def test_without_the_tickets_database_calls_are_listed_and_reminders_come_when_it_is_back(
    short_folder: Path, tmp_path: Path, policy: Policy
) -> None:
    """The file is no database at first; the loss is told once, the projector goes on, then everything is made up for."""
    file = tmp_path / "tickets.sqlite"
    url = f"sqlite:///{file}"
    migrate_tickets(url)
    engine = make_engine(url)
    expected = late_complaints(engine, policy, 3)
    engine.dispose()
    away = file.with_suffix(".away")
    file.rename(away)
    file.write_bytes(b"not a database" * 400)
    worker = Worker(short_folder, url)
    worker.start()
    ledger = LedgerWriter(short_folder / "ledger", now=time.time, on_trouble=lambda trouble: None)
    ledger.append("call_arrived", "h1-1.0", time.time(), {"line": "12328", "channel": "PJSIP/x"}, {"caller": "13800001111"})
    calls = CallsStore(make_engine(worker.calls_url))
    wait_until(lambda: calls.call("h1-1.0") is not None, 15.0, "the call is listed")
    time.sleep(2.0)  # some tries
    ledger.append("call_arrived", "h1-1.1", time.time(), {"line": "12328", "channel": "PJSIP/x"}, {"caller": "13800001111"})
    wait_until(lambda: calls.call("h1-1.1") is not None, 2.0, "the next call is listed as soon as ever")
    told = [json.loads(line) for line in worker.log.read_text().splitlines()]
    lost = [each["what"] for each in told if each["event"] == "lost" and "tickets" in str(each.get("what"))]
    assert sorted(lost) == ["tickets database, clockwork", "tickets database, webhooks"]
    assert worker.is_running()
    file.unlink()
    away.rename(file)
    engine = make_engine(url)
    wait_until(lambda: how_many(engine) == sum(map(len, expected.values())), 15.0, "the reminders are made up for")
    worker.kill()
    ledger.close()
    engine.dispose()


def test_broken_rules_stop_reminders_alone_until_they_are_mended(short_folder: Path, policy: Policy) -> None:
    """Neither a broken city's file nor a broken list of units keeps the worker from starting."""
    url = settings_of(short_folder).tickets_url
    migrate_tickets(url)
    engine = make_engine(url)
    expected = late_complaints(engine, policy, 2)
    units = short_folder / "tickets/units.yaml"
    units.parent.mkdir()
    units.write_text("transport: {name: [}\n", encoding="utf-8")
    city = short_folder / "city.yaml"
    city.write_text("lines: [", encoding="utf-8")
    worker = Worker(short_folder, url)
    worker.start()
    wait_until(lambda: "rules of tickets cannot be used" in worker.log.read_text(), 15.0, "it is told")
    time.sleep(1.5)
    assert how_many(engine) == 0
    assert worker.log.read_text().count("rules of tickets cannot be used") == 1
    city.unlink()
    units.unlink()
    wait_until(lambda: how_many(engine) == sum(map(len, expected.values())), 15.0, "the reminders are told")
    worker.kill()
    engine.dispose()
