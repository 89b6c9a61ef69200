"""`make faults`: both databases on PostgreSQL, which is stopped, hangs, or drops every session while citizens are served."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.campaign.conftest import OpenTable
from tests.faults.catalogue import Fault
from tests.faults.rounds import play
from tests.faults.test_faults import tell
from tests.faults.world import World, world
from tests.integration.servers import PostgresServer, own_postgres
from tests.running.instance import Hotline

pytestmark = pytest.mark.campaign

AWAY_S = 8.0


@pytest.fixture(scope="module")
def on_postgres() -> Iterator[tuple[World, PostgresServer]]:
    """One hotline for all faults of its database server."""
    with own_postgres() as server:
        databases = {"HOTLINE_CALLS_DATABASE": server.new_database(), "HOTLINE_TICKETS_DATABASE": server.new_database()}
        with world(**databases) as one:
            yield one, server


def stopped(server: PostgresServer) -> None:
    """Stopped at once, away, started again."""
    server.restart(AWAY_S)


def sessions_dropped(server: PostgresServer) -> None:
    """Every session ends, and whoever comes is served."""
    server.kill_sessions()


def hanging(server: PostgresServer) -> None:
    """It takes connections and answers nobody; undone by whoever started it."""
    server.hang()


FAULTS: dict[str, Callable[[PostgresServer], None]] = {
    "PostgreSQL stopped 8 s": stopped,
    "PostgreSQL drops every session": sessions_dropped,
    "PostgreSQL hangs 8 s": hanging,
}


@pytest.mark.parametrize("name", FAULTS)
async def test_everybody_is_served_whatever_the_database_server_does(
    on_postgres: tuple[World, PostgresServer], table: OpenTable, seed: int, name: str
) -> None:
    """Calls go on without it; lists, figures and drafts are whole when it is back."""
    hotline, server = on_postgres

    @asynccontextmanager
    async def harm(_hotline: Hotline) -> AsyncIterator[None]:
        await asyncio.to_thread(FAULTS[name], server)
        yield
        if name == "PostgreSQL hangs 8 s":
            await asyncio.sleep(AWAY_S)
            server.go_on()

    found = await play(hotline, [Fault("database", harm)], random.Random(f"{seed} {name}"), 3000 + list(FAULTS).index(name))
    tell(table, name, seed, found)
    assert found.faults == [], "\n".join(found.faults)
