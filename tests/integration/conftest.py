"""Fixtures: a real Redis, a real PostgreSQL, and databases of both kinds."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.settings import Settings
from tests.integration.backup_kit import service
from tests.integration.fresh import bring
from tests.integration.servers import PostgresServer, RedisServer, own_postgres


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A temporary folder whose path is short enough for Unix sockets."""
    folder = Path(tempfile.mkdtemp(prefix="hl-redis-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def redis_server(short_folder: Path) -> Iterator[RedisServer]:
    """A running Redis of this test's own."""
    server = RedisServer(short_folder)
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL cluster for all tests; each test takes its own database."""
    with own_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'db' / 'test.sqlite'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def calls_url(database_url: str) -> str:
    """A calls database in its newest form, once of each kind."""
    bring(database_url, migrate_calls)
    return database_url


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, short_folder: Path) -> Settings:
    """A home in service, once with each kind of database."""
    if request.param == "sqlite":
        return service(short_folder)
    server: PostgresServer = request.getfixturevalue("postgres")
    return service(short_folder, calls_database=server.new_database(), tickets_database=server.new_database())


@pytest.fixture
def small(short_folder: Path) -> Settings:
    """The same with SQLite alone."""
    return service(short_folder)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh tickets database, as durable as in service."""
    bring(database_url, migrate_tickets)
    made = make_engine(database_url, durable=True)
    yield made
    made.dispose()
