"""What tests of the backup share: a home as years of service leave it, and what must be the same after a restore."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, insert, select, text, update

from backup.make import make
from backup.shelf import Backup, newest
from backup.verify import findings_of, read_manifest
from hotline_core.adapters.calls_schema import RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.adapters.ledger import LedgerReader, LedgerWriter
from hotline_core.adapters.secrets import load_or_make
from hotline_core.adapters.tickets_schema import drafts, known_addresses, parties, sign_in_failures
from hotline_core.log import open_log
from hotline_core.settings import DEFAULT_CITY, Settings
from recordings.naming import recording_path
from tests.integration.desk_kit import NOW, make_token, prepare, settings_of
from tests.integration.ticket_kit import Person as Clerk
from tests.integration.ticket_kit import PlainLaws, complaint
from tickets.store.attachments import Attachments
from tickets.store.orders import Orders
from worker.projector import Projector

CHECKOUT = Path(__file__).resolve().parents[2]
CALLS = 12
FILES = {  # the operator's and the desk's, and below them what is made anew at each start
    "prompts/greet-12328.wav": b"RIFF-greet", "announcements/大雾停运.wav": b"RIFF-fog", "topics/12328.json": b"{}",
    "topics/12328.wav": b"RIFF-topic", "telecom.secret": b"s3cret\n",
    "run/desk.pid": b"1", "log/desk.log": b"x", "spool/h1-9.9-rx.wav": b"RIFF", "asterisk/etc/pjsip.conf": b"[x]",
}  # fmt: skip
ODD = "第一行\n第二行\t制表 \\反斜线 \\. \\N 'quote' \"double\" \x01 emoji 🚌"


def service(folder: Path, **more: Any) -> Settings:
    """A home that was in service: calls with recordings, people, drafts, the city's own files."""
    settings = settings_of(folder / "home", backup=folder / "shelf", **more)
    prepare(settings)
    load_or_make(settings.paths.secrets)
    make_token(settings, "service")
    paths = settings.paths
    paths.city.write_text(DEFAULT_CITY.read_text(encoding="utf-8").replace("示范市", "海州市"), encoding="utf-8")
    for name, data in FILES.items():
        (settings.home / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.home / name).write_bytes(data)
        (settings.home / name).chmod(0o600)
    take_calls(settings, range(CALLS))
    _fill_tickets(settings)
    return settings


def take_calls(settings: Settings, numbers: range) -> None:
    """Calls as bridge, worker and finaliser leave them: ledger, rows, a recording each, every third one with a third's segment."""
    writer = LedgerWriter(settings.paths.ledger, now=lambda: NOW, on_trouble=lambda trouble: None, segment_records=25)
    for number in numbers:
        call_id, at = f"h1-{NOW:.0f}.{number}", NOW + number
        writer.append("call_arrived", call_id, at, {"line": "12328"}, {"caller": f"1380000{number:04d}", "dialled": "12328"})
        writer.append("recording_started", call_id, at + 0.2)
        writer.append("agent_answered", call_id, at + 12, {"agent": "1001"})
        writer.append("call_ended", call_id, at + 60, {"by": "caller", "cause": 16})
    writer.close()
    engine = make_engine(settings.calls_url)
    projector = Projector(engine, LedgerReader(settings.paths.ledger), now=lambda: NOW, log=open_log("worker", "error"))
    while projector.step():
        pass
    with writing(engine) as connection:
        for number in numbers:
            call_id, at = f"h1-{NOW:.0f}.{number}", NOW + number
            made = _recording(settings, call_id, at, 0)
            connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == call_id).values(made))
            if number % 3 == 0:
                row = {"call_id": call_id, "leg": 1, "n": 1, "access": "consult", "started_at": at}
                connection.execute(insert(SEGMENTS), {**row, **_recording(settings, call_id, at, 1)})
    engine.dispose()


def _recording(settings: Settings, call_id: str, at: float, leg: int) -> dict[str, object]:
    path = recording_path(call_id, at, leg, ".wav")  # as recordings were before they were encrypted
    file = settings.paths.recordings / path
    file.parent.mkdir(parents=True, exist_ok=True)
    data = f"RIFF {call_id} {leg}".encode() * 50
    file.write_bytes(data)
    return {"path": str(path), "length_s": 1.0, "sha256": sha256(data).hexdigest(), "size": len(data), "state": "ready"}


def _fill_tickets(settings: Settings) -> None:
    engine = make_engine(settings.tickets_url)
    with writing(engine) as connection:
        connection.execute(insert(drafts), {"call_id": "h1-1.1", "text": ODD, "version": 3, "saved_at": NOW, "saved_by": "agent1"})
        unit = json.dumps({"name": "运管所"})
        changed: list[dict[str, str | None]] = [{"key": "gone", "data": None}, {"key": "unit", "data": unit}]
        connection.execute(insert(parties), changed)
        rows = [{"login": "agent1", "address": "127.0.0.1", "at": NOW + number} for number in range(3)]
        connection.execute(insert(sign_in_failures), rows)
        connection.execute(insert(known_addresses), {"login": "agent1", "address": "127.0.0.1", "last_at": NOW})
    orders, files = Orders(engine, PlainLaws()), Attachments(engine, settings.paths.attachments)
    for count in range(3):
        made = orders.create(complaint(title=f"第{count}件", text=ODD), by="agent1", role="agent", now=NOW, policy=None)
        orders.act(made.number, 0, "dispatch", {"unit": "transport"}, Clerk(), NOW + 1, None)
        files.add(made.number, "照片.png", "image/png", f"PNG {count}".encode(), by="agent1", now=NOW, most=9)
    engine.dispose()


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    engine = make_engine(url)
    try:
        with reading(engine) as connection:
            tables = MetaData()
            tables.reflect(connection)
            found = {
                table.name: [tuple(row) for row in connection.execute(select(*sorted(table.c, key=lambda column: column.name)))]
                for table in tables.sorted_tables
            }
            found.pop("ticket_days", None)  # a restore leaves numbers out (test_ticket_backup.py)
        return {name: sorted(rows, key=repr) for name, rows in found.items()}
    finally:
        engine.dispose()


def everything(settings: Settings) -> dict[str, object]:
    """What a restore must bring back: all rows, all files that are ours to keep, byte for byte."""
    kept = ("secrets.json", "city.yaml", "telecom.secret", "prompts", "announcements", "topics", "ledger", "ticket-files")
    files = {
        str(path.relative_to(settings.home)): path.read_bytes()
        for name in kept for path in [settings.home / name, *(settings.home / name).rglob("*")]
        if path.is_file() and path.name != "writer.lock"
    }  # fmt: skip
    return {"files": files, "calls": contents(settings.calls_url), "tickets": contents(settings.tickets_url)}


def wipe(settings: Settings, *, recordings_stay: bool) -> None:
    """The disk is new; the recordings may have been on another one."""
    for path in settings.home.iterdir():
        if path.name == "recordings" and recordings_stay:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def drop_tables(url: str) -> None:
    """The PostgreSQL is new as well."""
    engine = make_engine(url)
    with writing(engine) as connection:
        tables = MetaData()
        tables.reflect(connection)
        tables.drop_all(connection)
    engine.dispose()


def command(settings: Settings, *arguments: str, program: str = "backup") -> subprocess.CompletedProcess[str]:
    """What the operator types, as its own process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    environment |= {"HOTLINE_HOME": str(settings.home), "HOTLINE_BACKUP": str(settings.backup)}
    for name in ("calls_database", "tickets_database"):
        if value := getattr(settings, name):
            environment[f"HOTLINE_{name.upper()}"] = value
    return subprocess.run(
        [sys.executable, "-m", program, *arguments], cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


@contextmanager
def busy(settings: Settings) -> Iterator[list[int]]:
    """Calls that go on meanwhile: the ledger grows and both databases are written to; tells how many records there are."""
    stop, written = threading.Event(), [0]

    def work() -> None:
        writer = LedgerWriter(settings.paths.ledger, now=lambda: NOW, on_trouble=lambda trouble: None, segment_records=40)
        calls, tickets = make_engine(settings.calls_url), make_engine(settings.tickets_url)
        projector = Projector(calls, LedgerReader(settings.paths.ledger), now=lambda: NOW, log=open_log("worker", "error"))
        while not stop.is_set():
            number = written[0]
            facts, personal = {"line": "12345"}, {"caller": f"1390000{number:04d}", "dialled": "12345"}
            writer.append("call_arrived", f"h1-8.{number}", NOW + number, facts, personal)
            projector.step()
            with writing(tickets) as connection:
                connection.execute(text("UPDATE drafts SET version = version + 1"))
            written[0] += 1
        writer.close()
        calls.dispose()
        tickets.dispose()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield written
    finally:
        stop.set()
        worker.join(20)


def lose(settings: Settings, *, recordings_stay: bool = True) -> None:
    """Everything is gone but the backup."""
    wipe(settings, recordings_stay=recordings_stay)
    for url in {settings.calls_database, settings.tickets_database} - {""}:
        drop_tables(url)


def taken(settings: Settings) -> Backup:
    """A backup that is whole."""
    made = make(settings, {"HOTLINE_SIP_PORT": "5060"}, time.time)
    assert made.findings == ()
    assert newest(shelf_of(settings)) == made.backup
    assert made.backup.verified
    return made.backup


def shelf_of(settings: Settings) -> Path:
    """Where its backups lie."""
    assert settings.backup is not None
    return settings.backup


def codes(settings: Settings, backup: Backup) -> list[str]:
    """What is wrong with it."""
    return [one.code for one in findings_of(backup.folder, read_manifest(backup.folder), settings)]
