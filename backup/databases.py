"""Owns the copies of both databases: SQLite by its own backup, PostgreSQL by COPY, each as of one moment, none stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ColumnElement, Connection, MetaData, create_engine, func, inspect, literal_column, make_url, select, text
from sqlalchemy import Table as SqlTable

from agent_desktop.migrate import TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE
from backup.manifest import Database
from hotline_core.adapters.calls_schema import METADATA as CALLS_TABLES
from hotline_core.adapters.engine import BUSY_TIMEOUT_S, make_engine, reading
from hotline_core.adapters.migrate import CALLS_MIGRATIONS, CALLS_VERSION_TABLE, is_known, migrate, revision_of
from hotline_core.errors import SetupError
from hotline_core.settings import Settings
from tickets.store.schema import metadata as tickets_tables

CHUNK = 2**16


@dataclass(frozen=True, slots=True)
class Kept:
    """One of the two databases: where it is, its tables, and its migrations."""

    name: str
    url: str
    tables: MetaData
    migrations: Path
    version_table: str

    @property
    def is_sqlite(self) -> bool:
        """A file, else a PostgreSQL."""
        return make_url(self.url).get_backend_name() == "sqlite"

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(make_url(self.url).database or "")


def databases_of(settings: Settings) -> tuple[Kept, Kept]:
    """Calls, and tickets with people and the audit trail."""
    return (
        Kept("calls", settings.calls_url, CALLS_TABLES, CALLS_MIGRATIONS, CALLS_VERSION_TABLE),
        Kept("tickets", settings.tickets_url, tickets_tables, TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE),
    )


# -- out ----------------------------------------------------------------------------------------------------------------


@contextmanager
def taken(kept: Kept, folder: Path) -> Iterator[tuple[Database, Connection, list[str]]]:
    """Copy it into `folder`; what it is, a connection that sees just what was copied, and the names of the files made.

    SetupError no_database if it was never made; SQLAlchemyError and sqlite3.Error go through.
    """
    if kept.is_sqlite:
        name = f"{kept.name}.sqlite"
        _copy_sqlite(kept, folder / name)
        with frozen(folder / name) as connection:
            yield _described(kept, connection), connection, [name]
        return
    engine = make_engine(kept.url)
    try:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))  # years of calls take longer than any page waits for
            database = _described(kept, connection)
            yield database, connection, [_copy_table(kept, connection, table, folder) for table in database.rows]
    finally:
        engine.dispose()


def size_of(kept: Kept) -> int:
    """Bytes a copy takes at most; SetupError no_database if it was never made."""
    if kept.is_sqlite:
        if not kept.file.is_file():
            raise SetupError("no_database", name=kept.name)
        return kept.file.stat().st_size
    engine = make_engine(kept.url)
    try:
        with reading(engine) as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    finally:
        engine.dispose()


@contextmanager
def frozen(file: Path) -> Iterator[Connection]:
    """A copied SQLite file, read as it lies there: nothing is written beside it, no lock is taken."""
    engine = create_engine(f"sqlite:///file:{file}?mode=ro&immutable=1&uri=true", hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def opened(kept: Kept) -> Iterator[Connection]:
    """The database itself, for a look, while nobody writes to it."""
    if kept.is_sqlite:
        with frozen(kept.file) as connection:
            yield connection
        return
    engine = make_engine(kept.url)
    try:
        with reading(engine) as connection:
            yield connection
    finally:
        engine.dispose()


def counts(kept: Kept, connection: Connection) -> dict[str, int]:
    """Rows of each table that this database has; an older form has fewer."""
    there = set(inspect(connection).get_table_names())
    found = [table for table in kept.tables.sorted_tables if table.name in there]
    return {table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in found}


def _described(kept: Kept, connection: Connection) -> Database:
    rows = counts(kept, connection)
    revision = revision_of(connection, kept.version_table)
    if revision is None or not rows:
        raise SetupError("no_database", name=kept.name)
    return Database("sqlite" if kept.is_sqlite else "postgresql", revision, rows)


def _copy_sqlite(kept: Kept, target: Path) -> None:
    if not kept.file.is_file():
        raise SetupError("no_database", name=kept.name)
    with closing(sqlite3.connect(kept.file, timeout=BUSY_TIMEOUT_S)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)  # one read transaction: writers go on beside it
        copy.execute("PRAGMA journal_mode=DELETE").close()  # one file, without -wal and -shm


def _copy_table(kept: Kept, connection: Connection, table: str, folder: Path) -> str:
    name = f"{kept.name}.{table}.copy"
    wanted = sql.SQL("COPY {} ({}) TO STDOUT").format(*_named(connection, table))
    with _raw(connection).cursor() as cursor, (folder / name).open("wb") as out, cursor.copy(wanted) as rows:
        for piece in rows:
            out.write(piece)
    return name


# -- in -----------------------------------------------------------------------------------------------------------------


def check_target(kept: Kept, database: Database) -> None:
    """Refuse what cannot be filled: another kind of database, one in use, or a backup from a newer version."""
    if (database.kind == "sqlite") != kept.is_sqlite:
        raise SetupError("other_kind", name=kept.name, kind=database.kind)
    if not is_known(kept.migrations, database.revision):
        raise SetupError("newer_backup", name=kept.name, revision=database.revision)
    if kept.is_sqlite:
        if kept.file.exists():
            raise SetupError("database_in_use", name=kept.name)
        return
    engine = make_engine(kept.url)
    try:
        with reading(engine) as connection:
            rows = counts(kept, connection)
            if any(count for table, count in rows.items() if table != "audit_head"):
                raise SetupError("database_in_use", name=kept.name)
            if rows and revision_of(connection, kept.version_table) != database.revision:
                raise SetupError("database_in_use", name=kept.name)
    finally:
        engine.dispose()


def load_postgresql(kept: Kept, database: Database, folder: Path) -> None:
    """Fill an empty PostgreSQL in one transaction: the tables of the backup's revision, then its rows."""
    migrate(kept.url, kept.migrations, kept.version_table, database.revision)
    engine = make_engine(kept.url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            for table in database.rows:
                connection.execute(SqlTable(table, MetaData()).delete())  # a migration may have put a first row in
                _load_table(connection, table, folder / f"{kept.name}.{table}.copy")
            found = counts(kept, connection)
            if found != dict(database.rows):
                raise SetupError("rows_differ", name=kept.name)
    finally:
        engine.dispose()


def _load_table(connection: Connection, table: str, file: Path) -> None:
    wanted = sql.SQL("COPY {} ({}) FROM STDIN").format(*_named(connection, table))
    with _raw(connection).cursor() as cursor, file.open("rb") as source, cursor.copy(wanted) as rows:
        while piece := source.read(CHUNK):
            rows.write(piece)
    for column in inspect(connection).get_columns(table):
        if str(column.get("default") or "").startswith("nextval("):  # the next number after the highest one there
            name = column["name"]
            highest: ColumnElement[int] = func.coalesce(func.max(literal_column(f'"{name}"')), 0)
            following = select(highest).select_from(SqlTable(table, MetaData())).scalar_subquery() + 1
            connection.execute(select(func.setval(func.pg_get_serial_sequence(table, name), following, False)))


def _named(connection: Connection, table: str) -> tuple[sql.Identifier, sql.Composed]:
    """Table and columns by name, so that their order in either database does not matter."""
    names = sorted(column["name"] for column in inspect(connection).get_columns(table))
    return sql.Identifier(table), sql.SQL(",").join(sql.Identifier(name) for name in names)


def _raw(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's own connection, for COPY, in the same transaction; text is UTF-8 on both ways."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.execute("SET LOCAL client_encoding TO 'UTF8'")
    return driver
