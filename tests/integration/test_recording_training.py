"""Training material: a supervisor takes a call with a reason that is written first, and the rules of keeping heed it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.calls_schema import RECORDINGS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.errors import BadInput, Conflict, NotFound
from recordings.naming import Piece
from recordings.training import Training
from tests.integration.desk_kit import OWN_PAGE, application, prepare, settings_of, signed_in
from tests.integration.keeping_room import DAY_S, Room, at
from tests.integration.test_recording_search import put, shelf
from tests.integration.ticket_room import BEGIN

pytestmark = pytest.mark.integration
END = at("2027-11-23T00:00")  # a year after the day of the call


@pytest.fixture
def room(calls_url: str, tmp_path: Path) -> Iterator[Room]:
    """On both kinds of database."""
    migrate_tickets(calls_url)
    engine = make_engine(calls_url)
    yield Room(engine, tmp_path)
    engine.dispose()


def klass(room: Room, piece: Piece) -> str:
    with reading(room.engine) as connection:
        return str(connection.execute(select(RECORDINGS.c.klass).where(RECORDINGS.c.call_id == piece.call_id)).scalar_one())


def test_what_was_taken_for_training_is_kept_a_year_from_that_day_and_goes_with_all_its_segments(room: Room) -> None:
    """Taken in its last week, off the list of planned deletions; two years from the recording at most is no matter here."""
    piece, other = room.kept("1", legs=1), room.kept("2")
    room.until(END - 3 * DAY_S)
    assert set(room.planned()) == {piece.stem, f"{piece.stem}-third-1", other.stem}
    Training(room.engine).take(piece.call_id, "a calm answer to an angry caller", "lead", room.now)
    room.until(END + 3 * DAY_S)
    assert (room.state(piece), room.state(other), klass(room, piece)) == ("ready", "deleted", "training")
    room.until(at("2028-11-20T00:00"))
    assert room.state(piece) == "ready"
    room.until(at("2028-11-22T00:00"))
    assert (room.state(piece), room.state(Piece(piece.call_id, 1))) == ("deleted", "deleted")
    assert room.certificates()[piece.stem].klass == "training"


def test_what_teaches_no_more_is_announced_and_gone_by_its_other_rules(room: Room) -> None:
    """And taken again it counts from the first day: nobody can put the end off for ever."""
    piece, training = room.kept("1"), Training(room.engine)
    room.until(room.now + 30 * DAY_S)
    training.take(piece.call_id, "an example", "lead", room.now)
    room.until(END + 2 * DAY_S)
    taken = training.of_call(piece.call_id)
    assert taken is not None
    training.end(piece.call_id, "no example any more", "lead", room.now)
    training.take(piece.call_id, "one after all", "other", room.now)
    again = training.of_call(piece.call_id)
    assert again is not None
    assert (again.taken_at, again.by, again.ended_at) == (taken.taken_at, "other", None)
    training.end(piece.call_id, "none", "lead", room.now)
    room.until(room.now + 2 * DAY_S)
    assert (klass(room, piece), list(room.planned())) == ("ordinary", [piece.stem])
    room.until(room.now + 8 * DAY_S)
    assert room.state(piece) == "deleted"
    with pytest.raises(Conflict, match="recording_deleted"):
        training.take(piece.call_id, "too late", "lead", room.now)


def test_a_taking_between_the_look_and_the_deletion_stops_the_deletion(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both at once exactly one is first."""
    piece = room.kept("1")
    room.until(END - 1)
    judged = room.keeper.acts.deleting._sweep.keeping

    def keeping(*given: object) -> object:
        told = judged(*given)  # type: ignore[arg-type]
        Training(room.engine).take(piece.call_id, "in the last second", "lead", room.now)
        monkeypatch.undo()
        return told

    monkeypatch.setattr(room.keeper.acts.deleting._sweep, "keeping", keeping)
    room.passes(2)
    assert room.state(piece) == "ready"
    room.passes(DAY_S)
    assert (room.state(piece), room.planned()) == ("ready", {})


def test_what_cannot_be_taken_is_refused_with_its_code(room: Room) -> None:
    """No reason, no sound yet, twice, never taken."""
    training, piece = Training(room.engine), room.kept("1")
    waiting = room.call("2")
    tries: tuple[tuple[Callable[[], None], str], ...] = (
        (lambda: training.take(piece.call_id, " ", "lead", 1.0), "note_needed"),
        (lambda: training.take(waiting.call_id, "why", "lead", 1.0), "recording_not_ready"),
        (lambda: training.end(piece.call_id, "why", "lead", 1.0), "not_training"),
        (lambda: training.take(piece.call_id, "why", "lead", 1.0), ""),
        (lambda: training.take(piece.call_id, "why", "lead", 1.0), "training_taken"),
    )
    for act, code in tries:
        if not code:
            act()
            continue
        with pytest.raises((BadInput, NotFound, Conflict), match=code):
            act()


async def test_a_supervisor_takes_and_ends_over_http_each_time_with_a_row_in_the_trail_first(
    short_folder: Path, calls_url: str
) -> None:
    """Agents and auditors may not; without the trail nothing is done."""
    settings = settings_of(short_folder, calls_database=calls_url)
    prepare(settings)
    engine = make_engine(calls_url)
    put(engine, shelf(3, 1, BEGIN))
    app = application(settings, lambda: BEGIN + 500)
    path = "/api/calls/h1-0001.1/training"
    async with signed_in(app, "supervisor1") as lead, signed_in(app, "agent1") as agent, signed_in(app, "auditor1") as auditor:
        for client in (agent, auditor):
            assert (await client.post(path, json={"reason": "why not"}, headers=OWN_PAGE)).status_code == 403
        bare = await lead.post(path, json={"reason": " x "}, headers=OWN_PAGE)
        assert (bare.status_code, bare.json()["code"]) == (422, "note_needed")
        taken = await lead.post(path, json={"reason": "good  example"}, headers=OWN_PAGE)
        assert taken.json() == {"training": {"taken_at": BEGIN + 500, "by": "supervisor1", "reason": "good example"}}
        assert (await auditor.get("/api/calls/h1-0001.1")).json()["training"]["by"] == "supervisor1"
        twice = await lead.post(path, json={"reason": "good example"}, headers=OWN_PAGE)
        assert (twice.status_code, twice.json()["code"]) == (409, "training_taken")
        ended = await lead.post(f"{path}/end", json={"reason": "a better one"}, headers=OWN_PAGE)
        assert ended.json() == {"training": None}
        with writing(app.state.desk.tickets_engine) as connection:
            rows = [row for row in read_audit(connection) if row.act.startswith("training")]
            trail = [(row.act, row.subject, json.loads(row.facts)) for row in rows]
            connection.exec_driver_sql("DROP TABLE audit")
        refused = await lead.post(path, json={"reason": "good example"}, headers=OWN_PAGE)
        assert refused.status_code == 503
        assert Training(engine).of_call("h1-0001.1").ended_at is not None  # type: ignore[union-attr]
    engine.dispose()
    await app.state.desk.close()
    one = "h1-0001.1"
    assert trail == [
        ("training_taken", one, {"reason": "good example"}), ("training_ended", one, {"reason": "a better one"}),
    ]  # fmt: skip
