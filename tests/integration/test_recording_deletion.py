"""Recordings end as the law asks: announced, seen, held, certified; nothing early, nothing half, nothing that comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.calls_schema import RECORDINGS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.errors import BadInput, Conflict, NotFound
from recordings.naming import Piece
from recordings.verifying import verify
from tests.integration.keeping_room import DAY_S, Room, at
from worker.repair import Repair, Repaired

pytestmark = pytest.mark.integration


@pytest.fixture
def room(calls_url: str, tmp_path: Path) -> Iterator[Room]:
    """On both kinds of database."""
    migrate_tickets(calls_url)
    engine = make_engine(calls_url)
    yield Room(engine, tmp_path)
    engine.dispose()


END = at("2027-11-23T00:00")  # a year after the day of the call


def test_an_ordinary_recording_is_announced_a_week_before_and_gone_with_a_certificate(room: Room) -> None:
    """The key, the file and the picture go; hash, reason, rule and time stay, in a row and in the chain."""
    piece = room.kept("1", legs=1)
    third = Piece(piece.call_id, 1)
    sound = room.row(piece).sha256
    room.until(END - 8.5 * DAY_S)
    assert room.planned() == {}
    room.until(END - 7 * DAY_S)
    assert room.planned() == {piece.stem: END, third.stem: END}
    room.until(END - 1)
    assert (room.state(piece), room.state(third)) == ("ready", "ready")
    room.passes(2)
    assert (room.state(piece), room.state(third), room.files()) == ("deleted", "deleted", [])
    certificate = room.certificates()[piece.stem]
    assert (certificate.reason, certificate.rule, certificate.klass, certificate.sha256) == (
        "expired", "2014-09-01/ordinary", "ordinary", sound,
    )  # fmt: skip
    assert certificate.certified_at == room.now
    assert room.links() == 4, "two kept, two deleted"
    with pytest.raises(NotFound):
        room.cabinet.keyring.key(piece)
    with pytest.raises(NotFound):
        room.sound(piece)


def test_a_recording_that_could_never_be_made_ends_by_its_class_with_its_plain_sound(room: Room) -> None:
    """It lies in the spool neither for ever nor a day too short; of a call without a sound nothing ends."""
    failed, third, silent = room.failed("1"), room.failed("1", leg=1), room.failed("2", detail="no_sound", has_sound=False)
    held = room.failed("3")
    room.holds.put("court-7", [held.call_id], "法院调取", "super1", room.now)
    room.until(END - 1)
    assert set(room.planned()) == {failed.stem, third.stem}
    assert {file.name for file in room.spool.iterdir()} == {f"{piece.stem}-rx.wav" for piece in (failed, third, held)}
    room.passes(2)
    assert [room.state(piece) for piece in (failed, third, silent, held)] == ["deleted", "deleted", "failed", "failed"]
    assert [file.name for file in room.spool.iterdir()] == [f"{held.stem}-rx.wav"]
    certificate = room.certificates()[failed.stem]
    assert (certificate.reason, certificate.klass, certificate.sha256) == ("expired", "ordinary", None)
    assert verify(room.engine, room.cabinet, {}, lambda _: None).findings == []
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == failed.call_id).values(started_at=1.0))
    assert [one.code for one in verify(room.engine, room.cabinet, {}, lambda _: None).findings] == ["row_changed"]


def test_one_that_is_deleted_while_it_is_tried_once_more_stays_deleted(room: Room) -> None:
    """What was made of it meanwhile is not told as ready."""
    piece = room.failed("1")
    room.until(END + 1)
    with pytest.raises(NotFound):
        room.keep_again(piece)
    assert room.state(piece) == "deleted"


def test_a_hold_keeps_the_whole_evidence_set_from_its_end_until_it_is_released_and_a_week_more(room: Room) -> None:
    """PIPL art. 47; whoever sees the list a week before can stop what stands on it."""
    piece, other = room.kept("1", legs=2), room.kept("2")
    room.until(END - 3 * DAY_S)
    assert room.holds.put("court-7", [piece.call_id], "法院调取", "super1", room.now) == ()
    room.until(END + 400 * DAY_S)
    assert room.sound(piece)
    assert room.state(other) == "deleted"
    assert room.planned() == {}
    (held,) = room.holds.of_call(piece.call_id)
    assert (held.reason, held.by, held.calls) == ("法院调取", "super1", 1)
    room.holds.release("court-7", "已结案", "super1", room.now)
    room.until(room.now + 0.5 * DAY_S)
    assert set(room.planned()) == {piece.stem, f"{piece.stem}-third-1", f"{piece.stem}-third-2"}
    room.until(room.now + 6.5 * DAY_S)
    assert room.sound(piece)
    room.until(room.now + DAY_S)
    assert room.state(piece) == "deleted"
    assert room.certificates()[piece.stem].reason == "overdue"


def test_a_hold_of_two_cases_ends_with_the_last_one_and_says_what_it_came_too_late_for(room: Room) -> None:
    """One case is not released by the other; a sound that is gone is told as gone."""
    piece, gone = room.kept("1"), room.kept("2")
    room.holds.put("a", [piece.call_id], "one", "super1", room.now)
    room.until(END + DAY_S)
    assert room.holds.put("b", [piece.call_id, gone.call_id], "two", "super1", room.now) == (gone.call_id,)
    room.holds.release("a", "over", "super1", room.now)
    room.until(END + 30 * DAY_S)
    assert room.state(piece) == "ready"
    assert [hold.key for hold in room.holds.everyone()] == ["b"]
    with pytest.raises(Conflict):
        room.holds.put("a", [piece.call_id], "again", "super1", room.now)
    with pytest.raises(NotFound):
        room.holds.release("none", "over", "super1", room.now)
    for key, calls, reason in (("", [piece.call_id], "x"), ("c", [], "x"), ("c", [piece.call_id], " "), ("c", ["../x"], "x")):
        with pytest.raises(BadInput):
            room.holds.put(key, calls, reason, "super1", room.now)


def test_a_hold_that_is_set_after_the_list_was_read_still_wins(room: Room) -> None:
    """Between the look at the list and the deletion of that very recording."""
    piece = room.kept("1")
    room.until(END - 1)
    due = room.keeper.acts.deleting.due(END + 1)
    assert due == [piece]
    room.holds.put("late", [piece.call_id], "x", "super1", room.now)
    room.passes(2)
    assert (room.state(piece), room.planned()) == ("ready", {})


def test_what_belongs_to_a_work_order_waits_for_its_closing_and_five_years_more(room: Room) -> None:
    """Bound to it within the minute; also a ticket that is made on the last day."""
    piece, late = room.kept("1"), room.kept("2")
    room.ticket(piece, "20261122000001", klass="complaint")
    room.passes(60)
    assert (room.row(piece).klass, room.row(piece).keep_until) == ("complaint", None)
    room.until(END - DAY_S)
    assert list(room.planned()) == [late.stem]
    room.ticket(late, "20271122000001")
    room.until(END + DAY_S)
    assert (room.state(piece), room.state(late), room.planned()) == ("ready", "ready", {})
    room.closes("20261122000001")
    room.passes(60)
    assert room.row(piece).keep_until == at("2032-11-25T00:00")
    assert room.row(late).klass == "ticket"


def test_a_call_to_the_citizen_about_a_ticket_is_kept_as_long_as_the_ticket_s_own_call(room: Room) -> None:
    """The talk in which the result was told; also one about that talk, and one that is dialled after the ticket changed last."""
    piece = room.kept("1")
    back = room.kept("2", about=piece.call_id, legs=1)
    again, other = room.kept("3", about=back.call_id), room.kept("4", about="h1-nobody")
    room.passes(60)
    room.ticket(piece, "20261122000001", klass="complaint")
    room.passes(60)
    assert {room.row(one).klass for one in (piece, back, again)} == {"complaint"}
    late = room.kept("5", about=piece.call_id)
    room.passes(DAY_S)
    assert (room.row(late).klass, room.row(late).keep_until, room.row(other).klass) == ("complaint", None, "ordinary")
    room.until(END + 2 * DAY_S)
    assert [room.state(one) for one in (back, Piece(back.call_id, 1), again, late, other)] == ["ready"] * 4 + ["deleted"]
    room.closes("20261122000001")
    room.passes(60)
    assert room.row(back).keep_until == room.row(piece).keep_until is not None


def test_a_ticket_that_was_merged_counts_as_the_one_it_is_part_of_and_a_void_one_not_at_all(room: Room) -> None:
    """The matter goes on under another number."""
    piece, void = room.kept("1"), room.kept("2")
    room.ticket(room.kept("3"), "20261122000009", klass="complaint")
    room.ticket(piece, "20261122000001", into="20261122000009", closed_at=room.now)
    room.ticket(void, "20261122000002")
    room.closes("20261122000002", stage="void")
    room.passes(DAY_S)
    assert (room.row(piece).klass, room.row(piece).keep_until) == ("complaint", None)
    assert room.row(void).klass == "ordinary"


def test_killed_at_any_point_of_a_deletion_it_is_ended_at_the_next_look(room: Room) -> None:
    """Row, key, file, certificate: never half of it, and never twice."""
    pieces = [room.kept(str(number)) for number in range(4)]
    room.until(END - 1)
    deleting = room.keeper.acts.deleting
    room.now, room.counted = END + 1, room.counted + 2
    for number, piece in enumerate(pieces):
        table, same = RECORDINGS, RECORDINGS.c.call_id == piece.call_id
        if number > 0:
            assert deleting._begin(table, same, piece, room.now)
        if number > 1:
            room.cabinet.keyring.destroy(piece)
        if number > 2:
            room.cabinet.stores.local.remove(room.row(piece).path or "")
    room.started_again().step()
    assert {room.state(piece) for piece in pieces} == {"deleted"}
    assert (room.files(), len(room.certificates()), room.links()) == ([], 4, 8)


def test_a_clock_that_jumps_ahead_deletes_nothing_and_is_told(room: Room) -> None:
    """Two years at once: nothing goes; set back, the list is empty again."""
    piece = room.kept("1")
    room.passes(60)
    room.now += 2 * 365 * DAY_S
    for _ in range(3):
        room.passes(60)
    room.started_again().step()
    assert room.state(piece) == "ready"
    room.now -= 2 * 365 * DAY_S
    room.passes(60)
    room.passes(DAY_S)
    assert (room.state(piece), room.planned()) == ("ready", {})


def test_after_such_a_jump_the_running_keeper_waits_a_week_before_it_deletes_anything(room: Room) -> None:
    """What stood on the list already could otherwise go before its time."""
    piece = room.kept("1")
    room.until(END - 6 * DAY_S)
    assert list(room.planned()) == [piece.stem]
    room.now += 20 * DAY_S
    room.passes(60)
    assert (room.state(piece), room.keeper.troubles.clock) == ("ready", True)
    for _ in range(6):
        room.passes(DAY_S)
    assert room.state(piece) == "ready"


def test_a_restart_forgets_no_jump_of_the_clock_and_the_week_goes_on_where_it_was(room: Room) -> None:
    """Set on by twenty days, then the worker is started anew, again and again: a week of counted seconds all the same."""
    piece = room.kept("1")
    room.until(END - 6 * DAY_S)
    assert list(room.planned()) == [piece.stem]
    room.now += 20 * DAY_S
    for _ in range(6):
        room.counted = 0.0  # as after a boot
        room.started_again()
        room.passes(60)
        assert (room.state(piece), room.keeper.troubles.clock) == ("ready", True)
        room.passes(DAY_S)
        assert room.state(piece) == "ready"
    room.started_again().step()
    room.passes(DAY_S)
    assert (room.state(piece), room.keeper.troubles.clock) == ("deleted", False)


def test_a_machine_that_was_off_for_long_waits_a_week_and_one_that_was_off_shortly_does_not(room: Room) -> None:
    """Nobody can tell it from a clock that was set."""
    piece, other = room.kept("1"), room.kept("2")
    room.until(END - 1)
    room.holds.put("a", [other.call_id], "x", "super1", room.now)
    room.now += 1800
    room.started_again().step()
    assert (room.state(piece), room.keeper.troubles.clock) == ("deleted", False)
    room.now += 2 * DAY_S
    room.started_again().step()
    assert room.keeper.troubles.clock


def test_a_night_s_work_of_hours_puts_no_clock_in_doubt(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repair reads millions of files; both clocks went on alike meanwhile, and so they do after the next start."""
    piece = room.kept("1")
    room.until(END - 5.8 * DAY_S)  # between four and five in the morning
    run, ran = Repair.run, list[float]()

    def long(self: Repair, now: float) -> Repaired:
        ran.append(now)
        room.now, room.counted = room.now + 3 * 3600, room.counted + 3 * 3600
        return run(self, now)

    monkeypatch.setattr(Repair, "run", long)
    for _ in range(3):
        room.passes(DAY_S)
        assert not room.keeper.troubles.clock
    room.started_again().step()
    assert (room.keeper.troubles.clock, len(ran)) == (False, 4)
    room.until(END + DAY_S)
    assert room.state(piece) == "deleted"


def test_nothing_is_deleted_while_the_rules_cannot_be_read_or_the_tickets_are_away(room: Room) -> None:
    """What a call belongs to is not known then."""
    piece = room.kept("1")
    room.until(END - 1)
    with writing(room.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE tickets RENAME TO tickets_away")
    with pytest.raises(Exception, match="tickets"):
        room.passes(2)
    assert room.state(piece) == "ready"
    assert room.keeper.troubles.stuck
    with writing(room.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE tickets_away RENAME TO tickets")
    room.passes(60)
    assert (room.state(piece), room.keeper.troubles.stuck) == ("deleted", set())


def test_a_city_s_new_rule_counts_from_the_next_night_and_a_broken_file_changes_nothing(room: Room) -> None:
    """The edition before stays, and the log tells it."""
    piece = room.kept("1")
    room.passes(60)
    text = Path("recordings/retention.yaml").read_text(encoding="utf-8")
    longer = text.replace("least: {years: 1}, most: {years: 1, months: 3}", "least: {years: 3}, most: {years: 4}")
    (room.folder / "retention.yaml").write_text(longer, encoding="utf-8")
    room.passes(DAY_S)
    assert room.row(piece).keep_until == at("2029-11-23T00:00")
    (room.folder / "retention.yaml").write_text("editions: [")
    room.passes(DAY_S)
    assert room.row(piece).keep_until == at("2029-11-23T00:00")


def test_a_recording_that_lost_its_call_s_row_is_kept_by_the_ordinary_rule(room: Room) -> None:
    """Its own beginning counts."""
    with writing(room.engine) as connection:
        row = {"call_id": "h1-9", "path": "2026/11/22/h1-9.ogg.enc", "started_at": room.now, "state": "ready", "cipher": "x"}
        connection.execute(insert(RECORDINGS), row)
    room.passes(60)
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).values(state="ready"))
    room.passes(DAY_S)
    assert room.row(Piece("h1-9")).keep_until is not None
