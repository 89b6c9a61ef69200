"""What lies beside tickets, in SQLite and PostgreSQL: files, people's saved filters, notices to units and to the centre."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.engine import reading
from hotline_core.errors import Conflict, HotlineError, NotFound
from tests.integration.ticket_kit import DAY, NOW, Person, PlainLaws, complaint
from tickets.store.attachments import Attachments
from tickets.store.filters import MOST, SavedFilter, SavedFilters
from tickets.store.notices import Notices
from tickets.store.orders import Orders

pytestmark = pytest.mark.integration
JPEG = b"\xff\xd8\xff\xe0 a bus"


@pytest.fixture
def number(engine: Engine) -> str:
    """A ticket to which things are added."""
    return Orders(engine, PlainLaws()).create(complaint(), by="agent1", role="agent", now=NOW, policy=None).number


def test_a_file_is_kept_byte_by_byte_under_a_name_of_our_own_and_taken_away_without_being_deleted(
    engine: Engine, number: str, tmp_path: Path
) -> None:
    """The trail has both, with the digest and without the file's name, which may be a citizen's."""
    files = Attachments(engine, tmp_path / "files")
    made = files.add(number, "王小明 照片.jpg", "image/jpeg", JPEG, by="agent1", now=NOW, most=30)
    second = files.add(number, "b.jpg", "image/jpeg", JPEG + b"2", by="unit1", now=NOW + 1, most=30)
    assert files.of(number) == (made, second)
    assert files.find(number, made.id) == made
    path = files.path(made)
    assert path.read_bytes() == JPEG
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "王" not in str(path)
    files.remove(number, made.id, by="clerk1", now=NOW + 2)
    assert files.of(number) == (second,)
    assert path.read_bytes() == JPEG, "nothing is deleted"
    for missing in (lambda: files.remove(number, made.id, by="clerk1", now=NOW), lambda: files.find(number, made.id)):
        with pytest.raises(NotFound, match="unknown_attachment"):
            missing()
    with reading(engine) as connection:
        rows = read_audit(connection)
    told = [(row.act, row.actor, json.loads(row.facts)) for row in rows if row.act.startswith("ticket_file")]
    added = {"id": made.id, "kind": "image/jpeg", "size": len(JPEG), "sha256": made.sha256}
    assert told[0] == ("ticket_file_added", "agent1", added)
    assert told[2] == ("ticket_file_removed", "clerk1", {"id": made.id})
    assert not [row for row in rows if "王" in row.facts]
    assert first_broken(rows) is None


def test_a_file_for_no_ticket_or_one_too_many_leaves_nothing_on_disk(engine: Engine, number: str, tmp_path: Path) -> None:
    """Also when several people add the last one at the same moment: one gets in."""
    files = Attachments(engine, tmp_path / "files")
    with pytest.raises(NotFound, match="unknown_ticket"):
        files.add("20261122999999", "a.jpg", "image/jpeg", JPEG, by="agent1", now=NOW, most=30)
    files.add(number, "a.jpg", "image/jpeg", JPEG, by="agent1", now=NOW, most=3)
    outcomes: list[str] = []

    def add() -> None:
        try:
            files.add(number, "a.jpg", "image/jpeg", JPEG, by="agent1", now=NOW, most=3)
            outcomes.append("kept")
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["kept"] * 2 + ["too_many_attachments"] * 4
    assert len(files.of(number)) == 3
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 3


def test_everybody_has_own_filters_in_an_own_order_and_not_without_end(engine: Engine) -> None:
    filters = SavedFilters(engine)
    filters.put("clerk1", SavedFilter("快到期", {"left": "soon"}, 2))
    filters.put("clerk1", SavedFilter("已超时", {"left": "late", "stage": ["signed"]}, 1))
    filters.put("clerk2", SavedFilter("快到期", {"left": "today"}, 1))
    assert [each.name for each in filters.of("clerk1")] == ["已超时", "快到期"]
    filters.put("clerk1", SavedFilter("快到期", {"left": "soon", "urgent": True}, 0))
    assert filters.of("clerk1")[0] == SavedFilter("快到期", {"left": "soon", "urgent": True}, 0)
    assert filters.of("clerk2")[0].query == {"left": "today"}
    filters.remove("clerk1", "快到期")
    with pytest.raises(NotFound, match="unknown_filter"):
        filters.remove("clerk1", "快到期")
    for count in range(MOST - 1):
        filters.put("clerk1", SavedFilter(f"f{count}", {}, count))
    with pytest.raises(Conflict, match="too_many_filters"):
        filters.put("clerk1", SavedFilter("one more", {}, 0))
    filters.put("clerk1", SavedFilter("f3", {"left": "none"}, 3))
    assert len(filters.of("clerk1")) == MOST


def test_a_notice_reaches_its_audience_alone_and_who_sees_it_first_has_seen_it_for_all(engine: Engine, number: str) -> None:
    orders, notices = Orders(engine, PlainLaws()), Notices(engine)
    ticket = orders.act(number, 0, "dispatch", {"unit": "transport"}, Person(), NOW, None)
    orders.act(number, ticket.life.version, "dispatch", {"unit": "water"}, Person(), NOW + DAY, None)
    (told,) = notices.told({"unit:transport"}, 10)
    assert (told.number, told.audience, told.kind, told.at, told.facts) == (
        number, "unit:transport", "dispatched", NOW, {"stage": "dispatched"},
    )  # fmt: skip
    assert [each.audience for each in notices.told({"unit:transport", "unit:water"}, 10)] == ["unit:water", "unit:transport"]
    assert [each.audience for each in notices.of_ticket(number, 10)] == ["unit:water", "unit:transport"]
    assert [each.audience for each in notices.of_ticket(number, 10, {"unit:transport"})] == ["unit:transport"]
    assert notices.unseen({"unit:transport"}) == 1
    assert notices.seen([told.id], {"unit:water"}, by="unit2", now=NOW) == 0, "it is not theirs"
    assert notices.seen([told.id, told.id + 99], {"unit:transport"}, by="unit1", now=NOW + 5) == 1
    assert notices.seen([told.id], {"unit:transport"}, by="head1", now=NOW + 6) == 0
    assert [(each.seen_at, each.seen_by) for each in notices.told({"unit:transport"}, 10)] == [(NOW + 5, "unit1")]
    assert (notices.unseen({"unit:transport"}), notices.told({"unit:transport"}, 10, unseen=True)) == (0, ())
    assert notices.told(set(), 10) == ()


def test_a_full_disk_refuses_a_file_and_tells_nobody_of_it(
    engine: Engine, number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Attachments(engine, tmp_path / "files")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises((OSError, HotlineError)):
        files.add(number, "a.jpg", "image/jpeg", JPEG, by="agent1", now=NOW, most=30)
    monkeypatch.undo()
    assert files.of(number) == ()
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
