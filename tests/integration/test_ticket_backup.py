"""Tickets, their files and the search for them through a backup and a restore, on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from backup.make import make
from backup.restore import restore
from backup.verify import read_manifest
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.settings import Settings
from tests.integration.backup_kit import lose, taken
from tests.integration.desk_kit import NOW
from tests.integration.ticket_kit import DAY, Person, PlainLaws, complaint
from tickets.store.attachments import Attachments
from tickets.store.listing import Filter
from tickets.store.orders import Orders
from tickets.store.seals import changed
from tickets.store.search import Search

pytestmark = pytest.mark.integration


def _found(settings: Settings, query: str) -> list[str]:
    engine = make_engine(settings.tickets_url)
    page = Search(engine).page(query, Filter(), now=NOW, people_too=True)
    engine.dispose()
    return [row.number for row in page.rows]


def test_tickets_are_found_changed_and_proven_after_a_restore(home: Settings) -> None:
    """The full-text index comes back with its rows, goes on with new ones, and the trail's digests fit."""
    numbers = _found(home, "制表")
    assert len(numbers) == 3
    backup = taken(home)
    lose(home)
    assert restore(home, backup, lambda _: None).findings == ()
    assert _found(home, "制表") == numbers
    engine = make_engine(home.tickets_url, durable=True)
    orders = Orders(engine, PlainLaws())
    orders.correct(numbers[0], 1, {"text": "水管爆裂"}, "听错", Person(), NOW + 9, None)
    made = orders.create(complaint(text="路灯不亮"), by="agent1", role="agent", now=NOW + 9, policy=None)
    assert _found(home, "水管爆裂") == [numbers[0]]
    assert _found(home, "路灯") == [made.number]
    with reading(engine) as connection:
        assert [changed(connection, number) for number in (*numbers, made.number)] == [[]] * 4
    if engine.name == "sqlite":
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO ticket_search (ticket_search, rank) VALUES ('integrity-check', 1)"))
    files = Attachments(engine, home.paths.attachments)
    (file,) = files.of(numbers[2])
    assert files.path(file).read_bytes() == b"PNG 0"
    engine.dispose()


def test_no_ticket_after_a_restore_has_the_number_of_one_that_was_lost(home: Settings) -> None:
    """Its citizen was told it, the same day or days later, also after a second restore of the same backup's successor."""
    backup = taken(home)
    for restored_at, first in ((NOW, "100001"), (NOW + DAY, "100001")):
        lose(home)
        restore(home, backup, lambda _: None, now=lambda at=restored_at: at)  # type: ignore[misc]
        engine = make_engine(home.tickets_url, durable=True)
        made = Orders(engine, PlainLaws()).create(complaint(), by="agent1", role="agent", now=restored_at + 60, policy=None)
        assert made.number[8:] == first
        engine.dispose()
    again = make(home, {}, lambda: NOW + DAY + 90).backup
    lose(home)
    restore(home, again, lambda _: None, now=lambda: NOW + DAY + 120)
    engine = make_engine(home.tickets_url, durable=True)
    made = Orders(engine, PlainLaws()).create(complaint(), by="agent1", role="agent", now=NOW + DAY + 130, policy=None)
    assert made.number[8:] == "200001"
    engine.dispose()


def test_a_file_that_the_last_backup_has_is_there_once_on_the_disk_and_comes_back_whole_though_it_was_damaged(
    small: Settings,
) -> None:
    """It never changes: the backup's own bytes count, and are read again when the backup is proven."""
    first = taken(small)
    paths = sorted(path for path in small.paths.attachments.rglob("*") if path.is_file())
    paths[0].write_bytes(b"BAD 0")
    made = make(small, {}, lambda: NOW + 60)
    assert made.findings == ()
    entries = {entry.path for entry in read_manifest(made.backup.folder).entries if "ticket-files" in entry.path}
    assert len(entries) == 3
    for path in entries:
        assert (first.folder / path).samefile(made.backup.folder / path)
    lose(small)
    assert restore(small, made.backup, lambda _: None).findings == ()
    assert paths[0].read_bytes() == b"PNG 0"


def test_files_of_tickets_that_were_lost_in_service_are_told_by_their_paths(small: Settings) -> None:
    """Missing, or not what was put there; the backup of the rest is whole."""
    paths = sorted(path for path in small.paths.attachments.rglob("*") if path.is_file())
    paths[0].unlink()
    paths[1].write_bytes(b"other")
    made = make(small, {}, lambda: NOW)
    assert {(one.code, str(one.facts["paths"]).count("ticket-files")) for one in made.findings} == {
        ("ticket_files_missing", 1), ("ticket_files_changed", 1),
    }  # fmt: skip
    assert made.backup.verified
