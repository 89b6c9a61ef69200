"""Reminders through many kills of the worker: `make campaign ONLY=reminders`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.engine import make_engine
from hotline_core.settings import DEFAULT_CITY, load_city
from tests.campaign.conftest import OpenTable
from tests.integration.conftest import database_url, postgres, short_folder
from tests.integration.test_worker_clockwork import Worker, killed_while_it_tells, late_complaints
from tickets.policy import load_policy

__all__ = ["database_url", "postgres", "short_folder"]  # fixtures

pytestmark = pytest.mark.campaign

TICKETS_A_KILL = 60


def test_kills_in_the_midst_of_many_reminders_lose_and_double_none(
    short_folder: Path, database_url: str, runs: Callable[[int], int], seed: int, table: OpenTable
) -> None:
    """Complaints of two months ago, so many that every kill comes in the midst of them."""
    kills = runs(50)
    migrate_tickets(database_url)
    engine = make_engine(database_url)
    expected = late_complaints(engine, load_policy(short_folder, load_city(DEFAULT_CITY)), kills * TICKETS_A_KILL)
    worker = Worker(short_folder, database_url)
    began = time.monotonic()
    try:
        marks = killed_while_it_tells(engine, worker, expected, kills, random.Random(seed))
    finally:
        worker.kill()
    told = table("reminders", "Reminders", "database", "tickets", "reminders", "kills", "told twice or never", "took s")
    told.add(engine.dialect.name, len(expected), marks, kills, 0, round(time.monotonic() - began))
    engine.dispose()
