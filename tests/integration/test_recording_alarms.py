"""What is not well with recordings stays an alarm until it is cured, or until somebody has settled it with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.calls_schema import ALARMS, CALLS, RECORDINGS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.errors import SetupError
from recordings.alarms import tell_altered
from recordings.naming import Piece
from recordings.settling import settle
from tests.integration.keeping_room import DAY_S, Room

pytestmark = pytest.mark.integration


@pytest.fixture
def room(calls_url: str, tmp_path: Path) -> Iterator[Room]:
    """On both kinds of database."""
    migrate_tickets(calls_url)
    engine = make_engine(calls_url)
    yield Room(engine, tmp_path)
    engine.dispose()


def told(room: Room) -> set[str]:
    """What the worker's sign of life says."""
    return set(room.keeper.troubles.told())


def _answered(room: Room, piece: Piece, ended_at: float) -> None:
    with writing(room.engine) as connection:
        same = CALLS.c.call_id == piece.call_id
        connection.execute(update(CALLS).where(same).values(answered_at=room.now, ended_at=ended_at))


def test_an_alarm_stays_whatever_time_goes_by_and_ends_when_it_is_settled_with_a_reason(room: Room) -> None:
    """Also when its recording's own time is over; the reason stands in the trail; what comes later is a new alarm."""
    room.failed("1")
    room.until(room.now + 400 * DAY_S)
    assert (room.state(Piece("h1-1")), told(room)) == ("deleted", {"failed"})
    settle(room.engine, room.engine, " disk replaced ", room.now)
    room.passes(60)
    assert told(room) == set()
    assert room.started_again().troubles.told() == []
    room.passes(60)
    assert told(room) == set(), "a restart forgets nothing"
    room.failed("2")
    room.passes(60)
    assert told(room) == {"failed"}
    with reading(room.engine) as connection:
        (row,) = [row for row in read_audit(connection) if row.act == "recording_alarms_settled"]
    assert (row.actor, row.subject, row.facts) == ("operator", "recordings", '{"failed":1,"reason":"disk replaced"}')


def test_nothing_is_settled_without_a_reason_or_without_an_alarm(room: Room) -> None:
    """A blank is none."""
    with pytest.raises(SetupError) as none:
        settle(room.engine, room.engine, "all fine", room.now)
    room.failed("1")
    room.passes(60)
    with pytest.raises(SetupError) as blank:
        settle(room.engine, room.engine, "  ", room.now)
    assert (none.value.code, blank.value.code, told(room)) == ("nothing_to_settle", "no_settle_reason", {"failed"})


def test_what_is_cured_ends_by_itself_and_is_told_again_when_it_comes_again(room: Room) -> None:
    """A file that was away, though its absence had been settled before; a file that nobody knows, and that was taken away."""
    piece = room.kept("1")
    file = room.cabinet.stores.local.root / (room.row(piece).path or "")
    stranger = file.with_name("h1-stranger.ogg.enc")
    stranger.write_bytes(b"?")
    file.rename(room.folder / "beside")
    room.passes(DAY_S)
    assert told(room) == {"missing", "unknown"}
    settle(room.engine, room.engine, "looked for", room.now)
    (room.folder / "beside").rename(file)
    stranger.unlink()
    room.passes(DAY_S)
    with reading(room.engine) as connection:
        assert connection.execute(select(ALARMS)).all() == []
    file.unlink()
    room.passes(DAY_S)
    assert told(room) == {"missing"}


def test_an_answered_call_without_any_sound_is_an_alarm_once_the_finaliser_had_its_time(room: Room) -> None:
    """Neither one whose caller hung up at once, nor one whose recording is under way; and it ends when the sound is found."""
    room.passes(1)
    silent, unanswered = (room.failed(name, detail="no_sound", has_sound=False) for name in ("1", "2"))
    lost, under_way = room.call("3"), room.failed("4", detail="bad_sound")
    with writing(room.engine) as connection:
        connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == under_way.call_id).values(state="pending", detail=None))
    for piece in (silent, lost, under_way):
        _answered(room, piece, room.now + 60)
    room.passes(600)
    assert told(room) == set()
    room.passes(120)
    assert (told(room), room.keeper.troubles.unrecorded) == ({"unrecorded"}, 2)
    assert room.state(unanswered) == "failed"
    room.keep_again(silent)
    room.passes(60)
    assert room.keeper.troubles.unrecorded == 1


def test_what_an_ear_found_altered_is_an_alarm_until_it_is_whole_and_opens_again(room: Room) -> None:
    """A key that is another's leaves the file as it was written: no look at files alone finds that."""
    piece = room.kept("1")
    room.cabinet.keyring.make(piece)
    room.passes(60)
    assert told(room) == set()
    tell_altered(room.engine, piece, room.now)
    room.passes(60)
    assert (told(room), room.row(piece).detail) == ({"altered"}, "changed")
    room.passes(DAY_S)
    assert (told(room), room.row(piece).detail) == ({"altered"}, None)
