"""A room of recordings of any age, true files and keys, tickets, holds, and the thread that keeps them; its clocks are ours."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, insert, select, update

from hotline_core.adapters.calls_schema import CALLS, CHAIN, DELETIONS, RECORDINGS, SEGMENTS
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import reading, writing
from hotline_core.domain.records import CallRow, RecordingRow
from hotline_core.log import open_log
from hotline_core.settings import DEFAULT_CITY, load_city
from recordings.cabinet import Cabinet, has_encrypted
from recordings.holds import Holds
from recordings.keyring import Keyring
from recordings.making import Made
from recordings.naming import SHANGHAI, Piece, recording_path
from recordings.opus import Encoded
from recordings.reading import Reader
from recordings.retention import Facts
from recordings.store.folder import MARK
from recordings.store.stores import Stores
from recordings.vault import seal
from tickets.policy import load_policy
from tickets.store.schema import ticket_bodies, tickets
from worker.alarms import Alarms
from worker.binding import Binding
from worker.clock_trust import ClockTrust
from worker.deleting import Deleting
from worker.heads import Heads
from worker.keeper import Acts, Keeper
from worker.keeping_rules import KeepingRules
from worker.moving import Moving
from worker.pieces import Pieces
from worker.repair import Repair
from worker.sweep import Sweep
from worker.taking_in import TakingIn
from worker.ticket_facts import TicketFacts

DAY_S = 86_400.0
NIGHT_S = 72_000.0  # of a day of UTC: four in the morning of Shanghai
POLICY = load_policy(Path("/nowhere"), load_city(DEFAULT_CITY))
LINE = "12345"  # its profile asks nothing beyond the rules


def at(text: str) -> float:
    """A moment of Shanghai in epoch seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


class Room:
    """Everything the keeper works on; `now` and `counted` are the wall clock and the steady one."""

    def __init__(self, engine: Engine, folder: Path, *, with_archive: bool = False) -> None:
        self.engine, self.folder = engine, folder
        self.now = at("2026-11-22T10:00")
        self.counted = 0.0
        self.heads = folder / "outside"
        self.spool = folder / "spool"
        for outside in (self.heads, self.spool, *([folder / "archive"] if with_archive else [])):
            outside.mkdir(parents=True, exist_ok=True)
        if with_archive:  # as the operator does once
            (folder / "archive" / MARK).touch()
        stores = Stores(folder / "recordings", folder / "archive" if with_archive else None)
        keyring = Keyring(folder / "keys/recordings.sqlite", folder / "masters.json", lambda: not has_encrypted(engine))
        self.cabinet = Cabinet(stores, keyring, Reader(stores, keyring))
        self.holds = Holds(engine)
        self.keeper = self.started_again()

    def started_again(self, archive_days: int = 30) -> Keeper:
        """A thread that knows nothing of before."""
        log = open_log("test", "critical")
        self.rules = KeepingRules(self.folder / "retention.yaml", lambda: POLICY, log)
        facts = TicketFacts(self.engine)
        sweep = Sweep(self.engine, facts, self.rules, self.spool)
        acts = Acts(
            facts, sweep, Deleting(self.engine, sweep, self.cabinet, self.spool),
            Moving(self.engine, self.cabinet, archive_days, bool),
            TakingIn(self.engine, self.cabinet, bool), Repair(self.engine, self.cabinet, bool), Heads(self.engine, self.heads),
            self.cabinet.keyring, ClockTrust(self.engine), Binding(self.engine), Alarms(self.engine, self.cabinet),
        )  # fmt: skip
        self.keeper = Keeper(self.engine, acts, lambda: self.now, lambda: self.counted, log)
        return self.keeper

    def passes(self, seconds: float) -> None:
        """Time goes on, and the keeper looks."""
        self.now += seconds
        self.counted += seconds
        self.keeper.step()

    def until(self, moment: float) -> None:
        """Day by day, as the keeper lives; of a long time only the last days, which are those that matter."""
        if moment - self.now > 12 * DAY_S:
            self.passes(moment - self.now - 10 * DAY_S)
        while (wait_s := (NIGHT_S - self.now) % DAY_S or DAY_S) < moment - self.now:
            self.passes(wait_s)
        self.passes(moment - self.now)

    def call(
        self, name: str, *, urgent: bool = False, line: str = LINE, at_s: float | None = None, about: str | None = None
    ) -> Piece:
        """An ended call; `about`: to a citizen, about that call."""
        arrived = self.now if at_s is None else at_s
        row = CallRow(f"h1-{name}", line, "13800001111", line, "ended", arrived, urgent=urgent, about=about)
        with writing(self.engine) as connection:
            connection.execute(insert(CALLS), asdict(row))
        return Piece(row.call_id)

    def kept(
        self, name: str, *, sound: bytes | None = None, urgent: bool = False, line: str = LINE, legs: int = 0,
        about: str | None = None,
    ) -> Piece:  # fmt: skip
        """A finished recording of a call that arrives now, and the segments of so many thirds."""
        piece = self.call(name, urgent=urgent, line=line, about=about)
        self._keep(piece, sound or f"the sound of {name}".encode() * 50, urgent, line)
        for leg in range(1, legs + 1):
            self._keep(Piece(piece.call_id, leg), f"third {leg} of {name}".encode() * 50, urgent, line)
        return piece

    def failed(self, name: str, *, leg: int = 0, detail: str = "bad_sound", has_sound: bool = True) -> Piece:
        """A call of now whose sound could not be made a recording of; what was recorded lies in the spool."""
        piece = Piece(f"h1-{name}", leg)
        if not leg:
            self.call(name)
        row: dict[str, Any] = {"call_id": piece.call_id, "started_at": self.now, "state": "failed", "detail": detail}
        with writing(self.engine) as connection:
            connection.execute(insert(SEGMENTS if leg else RECORDINGS), row | ({"leg": leg, "access": "consult"} if leg else {}))
        if has_sound:
            (self.spool / f"{piece.stem}-rx.wav").write_bytes(b"no WAV at all")
        return piece

    def _keep(self, piece: Piece, sound: bytes, urgent: bool, line: str) -> None:
        table = SEGMENTS if piece.leg else RECORDINGS
        row: dict[str, Any] = {"call_id": piece.call_id, "started_at": self.now, "state": "pending"}
        row |= {"leg": piece.leg, "access": "consult"} if piece.leg else {}
        with writing(self.engine) as connection:
            connection.execute(insert(table), row)
        self.keep_again(piece, sound, urgent, line)

    def keep_again(self, piece: Piece, sound: bytes = b"x", urgent: bool = False, line: str = LINE) -> None:
        """Make the recording of a row that is there."""
        store = self.cabinet.stores.local
        path = str(recording_path(piece.call_id, self.now, piece.leg))
        sealed = seal(io.BytesIO(sound), store.draft(path), self.cabinet.keyring.make(piece))
        store.adopt(path)
        keeping = self.rules.judge(Facts(self.now, is_emergency=urgent), line, self.now)
        Pieces(self.engine).tell_ready(piece, Made(path, sealed, Encoded(8000, b"\x01\x02" * 10)), keeping, None, self.now)

    def ticket(self, piece: Piece, number: str, *, klass: str = "help", closed_at: float | None = None, into: str = "") -> None:
        """A work order of a call."""
        stage = "merged" if into else "closed" if closed_at else "in_hand"
        same = dict.fromkeys(("line", "source", "field", "area", "topic", "title", "unit", "made_by"), "x")
        row = {"number": number, "version": 1, "stage": stage, "klass": klass, "is_urgent": 0, "is_safety": 0, **same}
        times = {"call_id": piece.call_id, "created_at": self.now, "changed_at": self.now, "closed_at": closed_at}
        with writing(self.engine) as connection:
            connection.execute(insert(tickets), {**row, **times})
            life = json.dumps({"merged_into": into})
            connection.execute(insert(ticket_bodies), {"number": number, "content": "{}", "life": life})

    def closes(self, number: str, stage: str = "closed") -> None:
        """The work order is closed now."""
        with writing(self.engine) as connection:
            told = {"stage": stage, "closed_at": self.now, "changed_at": self.now}
            connection.execute(update(tickets).where(tickets.c.number == number).values(told))

    def row(self, piece: Piece) -> RecordingRow:
        """As the desk reads it."""
        found = CallsStore(self.engine).recording(piece.call_id)
        assert found is not None
        return found

    def state(self, piece: Piece) -> str:
        """Of a recording or of a segment."""
        table = SEGMENTS if piece.leg else RECORDINGS
        same = [table.c.call_id == piece.call_id, *([table.c.leg == piece.leg] if piece.leg else [])]
        with reading(self.engine) as connection:
            return str(connection.execute(select(table.c.state).where(*same)).scalar_one())

    def sound(self, piece: Piece) -> bytes:
        """What an ear would hear."""
        sound = self.cabinet.reader.open(self.row(piece))
        try:
            return b"".join(sound.blocks(0, sound.size))
        finally:
            sound.close()

    def planned(self) -> dict[str, float]:
        """The list of planned deletions: call and day."""
        with reading(self.engine) as connection:
            query = select(DELETIONS.c.call_id, DELETIONS.c.leg, DELETIONS.c.planned_for).where(DELETIONS.c.certified_at.is_(None))
            return {Piece(row.call_id, row.leg).stem: row.planned_for for row in connection.execute(query)}

    def certificates(self) -> dict[str, Any]:
        """What was deleted, by call."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(DELETIONS).where(DELETIONS.c.certified_at.is_not(None))).all()
        return {Piece(row.call_id, row.leg).stem: row for row in rows}

    def files(self) -> list[str]:
        """All stored files, of every store."""
        return [path for store in self.cabinet.stores.all for path in store.paths()]

    def links(self) -> int:
        """How long the chain is."""
        with reading(self.engine) as connection:
            return int(connection.execute(select(func.count()).select_from(CHAIN)).scalar_one())


