"""Upgrades: databases of every earlier form, filled, are carried to the newest one with all they hold, and service goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, MetaData, Numeric, Table, insert, select, types

from agent_desktop.drafts import Drafts
from agent_desktop.migrate import TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE, migrate_tickets
from agent_desktop.people import People
from backup.make import make
from backup.restore import restore
from hotline_core.adapters.audit import first_broken, read_audit, write_audit
from hotline_core.adapters.calls_schema import METADATA as CALLS_TABLES
from hotline_core.adapters.calls_store import CallFilter, CallsStore
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.adapters.ledger import LedgerReader, LedgerWriter
from hotline_core.adapters.migrate import (
    CALLS_MIGRATIONS,
    CALLS_VERSION_TABLE,
    is_migrated,
    migrate,
    migrate_calls,
    revisions,
)
from hotline_core.adapters.secrets import load_or_make
from hotline_core.log import open_log
from hotline_core.settings import Settings
from tests.integration.backup_kit import ODD, contents, drop_tables, wipe
from tests.integration.desk_kit import NOW, settings_of
from tests.integration.servers import PostgresServer
from tickets.store.schema import metadata as tickets_tables
from worker.projector import Projector

pytestmark = pytest.mark.integration

ROWS = 3
FULL_TEXT = "ticket_search"  # SQLite's own tables of it, kept in step with ticket_words by triggers
APPLIED = 40  # records that the worker had applied
Contents = dict[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two databases, as its owner migrates it."""

    folder: Path
    version_table: str
    tables: MetaData
    to_newest: Callable[[str], str]


CALLS = Kind(CALLS_MIGRATIONS, CALLS_VERSION_TABLE, CALLS_TABLES, migrate_calls)
TICKETS = Kind(TICKETS_MIGRATIONS, TICKETS_VERSION_TABLE, tickets_tables, migrate_tickets)
EARLIER_CALLS = revisions(CALLS_MIGRATIONS)[:-1]
EARLIER_TICKETS = revisions(TICKETS_MIGRATIONS)[:-1]
# What a column must hold so that the newest code takes it for what it is; any other is filled by its type.
KNOWN: dict[str, Any] = {
    "state": "ended", "outcome": "abandoned", "line": "12328", "direction": "in", "role": "agent", "phone_kind": "page",
    "queues": "", "disabled_at": None, "text": ODD, "about": None,
    "grams": "'ab' 'cd'", "fields": "{}",  # a vector of pieces as PostgreSQL gives it back; JSON
}  # fmt: skip


def value_of(table: str, name: str, kind: types.TypeEngine[Any], number: int, *, is_key: bool) -> object:
    """Something a service of years would have there: odd characters, large numbers, and an empty place where one may be."""
    if table == "projector":
        return {"id": 1, "seq": APPLIED}.get(name, NOW)
    if name in KNOWN and not is_key:
        return KNOWN[name]
    if isinstance(kind, JSON):
        return {"agent": "1001", "note": ODD, "n": number}
    if isinstance(kind, Boolean):
        return number % 2 == 0
    if isinstance(kind, Integer):
        return number if is_key else 2**31 - 1 - number
    if isinstance(kind, LargeBinary):
        return bytes((number, 0, 255))
    if isinstance(kind, Float | Numeric):
        return NOW + number + 0.123456
    if name == "extension":
        return f"{1001 + number}"
    length = getattr(kind, "length", None) or 200
    return f"{name}-{number}-中文 'x' \"y\" \\"[:length]


def fill(url: str) -> None:
    """Some rows in every table there is, whatever form it has; the audit trail as the desk writes it."""
    engine = make_engine(url)
    with writing(engine) as connection:
        reflected = MetaData()
        reflected.reflect(connection)
        for table in reflected.sorted_tables:
            if not table.name.startswith(("alembic_", "audit", FULL_TEXT)):
                count = 1 if table.name in ("projector", "recording_trust") else ROWS
                connection.execute(insert(table), [_row(table, number) for number in range(count)])
        if "audit" in reflected.tables:
            for number in range(ROWS):
                write_audit(connection, at=NOW + number, actor="admin1", act="person_added", subject="x", facts={"note": ODD})
    engine.dispose()


def _row(table: Table, number: int) -> dict[str, object]:
    keys = set(table.primary_key.columns.keys())
    return {
        column.name: value_of(table.name, column.name, column.type, number + 1, is_key=column.name in keys) for column in table.c
    }


def held(url: str) -> Contents:
    """Every row as name and value, in a fixed order."""
    engine = make_engine(url)
    try:
        with reading(engine) as connection:
            reflected = MetaData()
            reflected.reflect(connection)
            return {
                table.name: sorted((dict(row._mapping) for row in connection.execute(select(table))), key=repr)
                for table in reflected.sorted_tables if not table.name.startswith(("alembic_", FULL_TEXT))
            }  # fmt: skip
    finally:
        engine.dispose()


def carried(kind: Kind, url: str, revision: str) -> Contents:
    """Make this form, fill it, bring it to the newest; AssertionError if a row, or a value of one, is not what it was."""
    assert migrate(url, kind.folder, kind.version_table, revision) == revision
    fill(url)
    before = held(url)
    assert before
    kind.to_newest(url)
    assert is_migrated(url, kind.folder, kind.version_table)
    after = held(url)
    for name, rows in before.items():
        columns = rows[0].keys() if rows else ()
        kept = sorted(({column: row[column] for column in columns} for row in after[name]), key=repr)
        assert kept == rows, name
    return after


@pytest.mark.parametrize("revision", EARLIER_CALLS)
def test_calls_of_every_earlier_form_are_listed_and_new_ones_come_after_them(
    database_url: str, tmp_path: Path, revision: str
) -> None:
    """Nothing is lost, the newest code reads all of it, and the worker goes on behind what was applied."""
    after = carried(CALLS, database_url, revision)
    assert set(after) == {table.name for table in CALLS_TABLES.sorted_tables}
    engine = make_engine(database_url)
    writer = LedgerWriter(tmp_path / "ledger", now=lambda: NOW, on_trouble=lambda trouble: None)
    for _ in range(APPLIED):
        writer.append("agent_ready", "", NOW, {"agent": "1001"})
    writer.append("call_arrived", "h1-new", NOW + 100, {"line": "12345"}, {"caller": "13800001111", "dialled": "12345"})
    writer.close()
    projector = Projector(engine, LedgerReader(tmp_path / "ledger"), now=lambda: NOW, log=open_log("worker", "error"))
    assert projector.step() == 1
    listed = CallsStore(engine).list_calls(CallFilter())
    assert listed.calls[0].call.call_id == "h1-new"
    assert len(listed.calls) == ROWS + 1
    for one in listed.calls[1:]:
        assert CallsStore(engine).call(one.call.call_id) is not None
    engine.dispose()


@pytest.mark.parametrize("revision", EARLIER_TICKETS)
def test_people_drafts_and_audit_of_every_earlier_form_are_there_for_the_newest_desk(database_url: str, revision: str) -> None:
    """Everybody keeps name, extension and password; drafts their text; the audit trail is whole and goes on."""
    after = carried(TICKETS, database_url, revision)
    assert set(after) == {table.name for table in tickets_tables.sorted_tables}
    engine = make_engine(database_url)
    people = People(engine).everybody()
    assert sorted(person.extension for person in people) == ["1002", "1003", "1004"]
    assert Drafts(engine).read(str(after["drafts"][0]["call_id"])).text == ODD
    with writing(engine) as connection:
        assert write_audit(connection, at=NOW, actor="x", act="signed_in", subject="x", facts={}) == ROWS + 1
    with reading(engine) as connection:
        assert first_broken(read_audit(connection)) is None
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def old_home(request: pytest.FixtureRequest, short_folder: Path) -> Settings:
    """A home as the first version left it, with both databases in their first form."""
    more: dict[str, str] = {}
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        more = {"calls_database": server.new_database(), "tickets_database": server.new_database()}
    settings = settings_of(short_folder / "home", backup=short_folder / "shelf", **more)
    settings.home.mkdir()
    load_or_make(settings.paths.secrets)
    for kind, url in ((CALLS, settings.calls_url), (TICKETS, settings.tickets_url)):
        migrate(url, kind.folder, kind.version_table, revisions(kind.folder)[0])
        fill(url)
    writer = LedgerWriter(settings.paths.ledger, now=lambda: NOW, on_trouble=lambda trouble: None)
    writer.append("call_arrived", "h1-1.1", NOW, {"line": "12345"}, {"caller": "13800001111", "dialled": "12345"})
    writer.close()
    return settings


def test_a_backup_of_the_first_version_is_restored_by_this_one_and_carried_forward(old_home: Settings) -> None:
    """Before an upgrade one makes a backup with the new code; it comes back in the old form and the next start mends that."""
    before = {name: contents(url) for name, url in (("calls", old_home.calls_url), ("tickets", old_home.tickets_url))}
    made = make(old_home, {}, lambda: NOW)
    assert [one.code for one in made.findings if not one.is_beside] == []
    wipe(old_home, recordings_stay=True)
    for url in {old_home.calls_database, old_home.tickets_database} - {""}:
        drop_tables(url)
    done = restore(old_home, made.backup, lambda _: None)
    assert [one.code for one in done.findings if not one.is_beside] == []
    assert {name: contents(url) for name, url in (("calls", old_home.calls_url), ("tickets", old_home.tickets_url))} == before
    migrate_calls(old_home.calls_url)
    migrate_tickets(old_home.tickets_url)
    engine = make_engine(old_home.calls_url)
    assert len(CallsStore(engine).list_calls(CallFilter()).calls) == ROWS
    engine.dispose()
