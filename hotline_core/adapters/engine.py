"""Opening a database: SQLite as a WAL file or PostgreSQL by psycopg, with bounded waits and one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

BUSY_TIMEOUT_S = 5
POOL_SIZE = 10


def make_engine(url: str, *, durable: bool = False) -> Engine:
    """An engine for this URL; `durable` makes each SQLite commit survive a power cut (synchronous=FULL)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, durable)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    raise ValueError(f"no database of this kind: {parsed.get_backend_name()}")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes; SQLite takes the write lock at its beginning, so it never fails half-way."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads and never waits for a writer."""
    options: dict[str, Any] = {"hotline_reads": True}
    if engine.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    with engine.connect().execution_options(**options) as connection:
        yield connection


def _sqlite(url: URL, durable: bool) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(
        url,
        hide_parameters=True,  # an error's text must not quote a caller's number
        pool_size=POOL_SIZE,
        pool_timeout=BUSY_TIMEOUT_S,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions behind our back
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("hotline_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=POOL_SIZE,
        pool_timeout=BUSY_TIMEOUT_S,
        connect_args={
            "connect_timeout": BUSY_TIMEOUT_S,
            "options": f"-c lock_timeout={BUSY_TIMEOUT_S}s -c statement_timeout=30s -c timezone=UTC",
            "application_name": "hotline",
        },
    )
