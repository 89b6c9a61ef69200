"""Backup and restore as an operator lives them, with both kinds of database: taken in service, proven, brought back whole."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import insert

from backup import shelf
from backup.make import LOCK, make
from backup.restore import restore
from backup.shelf import is_verified, newest
from backup.verify import read_manifest
from hotline_core.adapters.audit import first_broken, read_audit
from hotline_core.adapters.calls_store import CallFilter, CallsStore
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.adapters.ledger import LedgerReader, LedgerWriter, verify
from hotline_core.adapters.tickets_schema import sign_in_failures
from hotline_core.domain.callbacks import callback_list
from hotline_core.errors import SetupError
from hotline_core.log import open_log
from hotline_core.settings import Settings
from tests.integration.backup_kit import (
    CALLS,
    busy,
    codes,
    command,
    drop_tables,
    everything,
    lose,
    service,
    shelf_of,
    take_calls,
    taken,
    wipe,
)
from tests.integration.desk_kit import NOW
from tests.integration.servers import PostgresServer, wait_until
from worker.projector import Projector

pytestmark = pytest.mark.integration

def test_after_the_loss_of_everything_a_restore_brings_back_every_row_and_every_byte(home: Settings) -> None:
    before = everything(home)
    backup = taken(home)
    lose(home)
    done = restore(home, backup, lambda _: None)
    assert done.findings == ()
    assert everything(home) == before
    assert (home.paths.secrets.stat().st_mode & 0o777, home.home.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not [name for name in ("run", "log", "spool", "asterisk") if (home.home / name).exists()], "made anew at the next start"
    assert (home.home / "restored/settings.env").read_text() == "HOTLINE_SIP_PORT='5060'\n"


def test_service_goes_on_after_a_restore_as_if_nothing_had_been(home: Settings) -> None:
    """New calls get new numbers, the chain goes on, the projector goes on, a table that counts by itself goes on counting."""
    last = verify(home.paths.ledger).last_seq
    backup = taken(home)
    lose(home)
    restore(home, backup, lambda _: None)
    take_calls(home, range(100, 103))
    told = verify(home.paths.ledger)
    assert told.ok
    assert min(one.seq for one in LedgerReader(home.paths.ledger).after(last, 5)) > last + 5_000, "no number is given out twice"
    assert len(contents_of(home, "calls")) == CALLS + 3
    engine = make_engine(home.tickets_url)
    with writing(engine) as connection:
        connection.execute(insert(sign_in_failures), {"login": "agent2", "address": "127.0.0.1", "at": NOW})
    with reading(engine) as connection:
        assert first_broken(read_audit(connection)) is None
    engine.dispose()


def test_who_was_on_the_line_when_the_backup_was_made_is_called_back_after_a_restore(home: Settings) -> None:
    """Nobody saw the end of these calls: they are told as cut off, one in the menu, one in a talk, and not as going on for ever."""
    writer = LedgerWriter(home.paths.ledger, now=lambda: NOW, on_trouble=lambda trouble: None)
    for call_id, answered in (("h1-5.1", False), ("h1-5.2", True)):
        personal = {"caller": f"1370000000{call_id[-1]}", "dialled": "12328"}
        writer.append("call_arrived", call_id, NOW + 500, {"line": "12328"}, personal)
        if answered:
            writer.append("agent_answered", call_id, NOW + 510, {"agent": "1001"})
    writer.close()
    backup = make(home, {}, lambda: NOW + 530).backup
    lose(home)
    assert restore(home, backup, lambda _: None).cut_off == 2
    assert verify(home.paths.ledger).ok
    engine = make_engine(home.calls_url)
    projector = Projector(engine, LedgerReader(home.paths.ledger), now=lambda: NOW, log=open_log("worker", "error"))
    while projector.step():
        pass
    calls = [one.call for one in CallsStore(engine).list_calls(CallFilter(since=NOW + 400)).calls]
    assert {(call.call_id, call.state, call.ended_at) for call in calls} == {
        ("h1-5.1", "ended", NOW + 530), ("h1-5.2", "ended", NOW + 530),
    }  # fmt: skip
    rows = callback_list(calls, [], NOW + 600).rows
    assert {(row.kind, row.number) for row in rows} == {("cut_off", "13700000001"), ("cut_off", "13700000002")}
    engine.dispose()


def test_a_home_that_was_restored_once_can_be_backed_up_and_restored_again(small: Settings) -> None:
    """What the first restore laid beside for the operator is no part of the second backup."""
    before = everything(small)
    for number in range(2):
        backup = make(small, {"HOTLINE_SIP_PORT": "5060"}, lambda number=number: NOW + number).backup  # type: ignore[misc]
        assert backup.verified
        lose(small)
        assert restore(small, backup, lambda _: None).findings == ()
    assert everything(small) == before


def test_a_damaged_backup_of_yesterday_is_told_and_hinders_none_of_today(small: Settings) -> None:
    (taken(small).folder / "manifest.json").write_text("{")
    made = make(small, {}, lambda: time.time() + 1)
    assert [one.code for one in made.findings] == ["earlier_damaged"]
    assert made.backup.verified
    assert newest(shelf_of(small)) == made.backup


def contents_of(settings: Settings, table: str) -> list[tuple[object, ...]]:
    """The rows of a table of the calls database."""
    calls = everything(settings)["calls"]
    assert isinstance(calls, dict)
    rows: list[tuple[object, ...]] = calls[table]
    return rows


def test_a_backup_taken_while_calls_come_is_one_moment_of_each_and_the_ledger_is_never_behind(home: Settings) -> None:
    """Nobody is stopped: records are written before, during and after."""
    with busy(home) as written:
        wait_until(lambda: written[0] > 20, 20, "calls come")
        before = written[0]
        backup = taken(home)
        meanwhile = written[0] - before
        wait_until(lambda: written[0] > before + meanwhile + 20, 20, "calls go on")
    assert meanwhile > 0
    manifest = read_manifest(backup.folder)
    lose(home)
    assert restore(home, backup, lambda _: None).findings == ()
    applied = contents_of(home, "projector")[0]
    assert max(value for value in applied if isinstance(value, int)) <= manifest.ledger.seq
    assert len(contents_of(home, "calls")) >= CALLS + before - 1


def test_recordings_are_named_with_their_hashes_and_whatever_became_of_them_is_told(home: Settings) -> None:
    """Missing and changed ones by path; the backup itself is whole all the same, and sha256sum agrees with us."""
    backup = taken(home)
    manifest = read_manifest(backup.folder)
    assert manifest.recordings == CALLS + 4
    files = sorted(path for path in home.paths.recordings.rglob("*.wav"))
    assert not list(backup.folder.rglob("2026")), "named, not copied"
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[::-1])
    checked = subprocess.run(
        ["sha256sum", "-c", "--quiet", str(backup.folder / "recordings.sha256")], cwd=home.paths.recordings, capture_output=True,
        text=True, timeout=20, check=False,
    )  # fmt: skip
    bad = {line.partition(":")[0] for line in checked.stdout.splitlines()}
    assert bad == {str(file.relative_to(home.paths.recordings)) for file in files[:2]}
    told = command(home, "verify")
    assert told.returncode == 1
    assert "缺少 1 个录音" in told.stderr
    assert files[0].name in told.stderr
    assert "有 1 个录音的内容变了" in told.stderr
    assert files[1].name in told.stderr
    made = make(home, {}, lambda: time.time() + 1)
    assert [one.code for one in made.findings] == ["recordings_missing"]
    assert made.backup.verified
    lose(home)
    done = restore(home, backup, lambda _: None)
    assert [one.code for one in done.findings] == ["recordings_missing", "recordings_changed"]


def test_a_restore_never_overwrites_anything(home: Settings) -> None:
    """Not a home in service, not a single file of one, not a database with rows."""
    backup = taken(home)
    before = everything(home)
    with pytest.raises(SetupError, match="home_not_empty"):
        restore(home, backup, lambda _: None)
    wipe(home, recordings_stay=True)
    (home.home / "secrets.json").write_text("{}")
    with pytest.raises(SetupError, match="home_not_empty"):
        restore(home, backup, lambda _: None)
    (home.home / "secrets.json").unlink()
    if home.calls_database:
        with pytest.raises(SetupError, match="database_in_use"):
            restore(home, backup, lambda _: None)
        drop_tables(home.calls_database)
        drop_tables(home.tickets_database)
    else:
        home.paths.databases.mkdir()
        (home.paths.databases / "calls.sqlite").write_bytes(b"")
        with pytest.raises(SetupError, match="database_in_use"):
            restore(home, backup, lambda _: None)
        shutil.rmtree(home.paths.databases)
    assert sorted(path.name for path in home.home.iterdir()) == ["recordings"], "what was refused left nothing behind"
    restore(home, backup, lambda _: None)
    assert everything(home) == before


def test_the_next_backup_shares_what_did_not_change_and_stays_whole_when_the_first_goes(small: Settings) -> None:
    """Years of ledger lie on the disk once; removing an old backup takes nothing from a younger one."""
    first = taken(small)
    take_calls(small, range(50, 53))
    made = make(small, {}, lambda: time.time() + 5)
    second = made.backup
    ledgers = [sorted((one.folder / "ledger").iterdir()) for one in (first, second)]
    assert ledgers[0][0].stat().st_ino == ledgers[1][0].stat().st_ino
    assert (first.folder / "databases/calls.sqlite").stat().st_ino != (second.folder / "databases/calls.sqlite").stat().st_ino
    shutil.rmtree(first.folder)
    assert codes(small, second) == []


def test_old_backups_go_after_their_days_and_an_unended_one_at_once(small: Settings) -> None:
    month = 31 * shelf.DAY_S
    begun = time.time()
    for number in range(3):
        make(small, {}, lambda number=number: begun - month + number)  # type: ignore[misc]
    half = shelf_of(small) / f"{shelf.name_of(begun - 60)}{shelf.PART}"
    half.mkdir()
    made = make(small, {}, lambda: begun)
    assert [one.made_at for one in made.removed] == [float(int(begun - month))]
    assert not half.exists()
    assert len(shelf.backups(shelf_of(small))) == 3


def test_certificate_and_city_from_elsewhere_come_back_beside_the_home(short_folder: Path) -> None:
    """Restore writes nowhere but into the home: it tells where each belongs."""
    for name in ("cert.pem", "key.pem"):
        (short_folder / name).write_text(name)
    settings = service(short_folder, tls_cert=short_folder / "cert.pem", tls_key=short_folder / "key.pem")
    backup = taken(settings)
    lose(settings)
    done = restore(settings, backup, lambda _: None)
    places = {was: (settings.home / now).read_text() for now, was in done.beside if was}
    assert places == {str(short_folder / "cert.pem"): "cert.pem", str(short_folder / "key.pem"): "key.pem"}


def test_one_backup_at_a_time_and_none_onto_a_full_disk(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf_of(small).mkdir()
    with (shelf_of(small) / LOCK).open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(SetupError, match="backup_runs"):
            make(small, {}, time.time)
    monkeypatch.setattr("backup.make.RESERVE_BYTES", 2**62)
    with pytest.raises(SetupError, match="backup_disk_full"):
        make(small, {}, time.time)
    assert newest(shelf_of(small)) is None


def test_the_operators_commands_say_what_they_did_and_what_to_do(small: Settings) -> None:
    """`make backup`, `make verify-backup`, `make restore`, in Chinese, with an exit code."""
    unsaid = command(small.model_copy(update={"backup": ""}), "make")
    assert (unsaid.returncode, "HOTLINE_BACKUP" in unsaid.stderr) == (1, True)
    none = command(small, "restore")
    assert (none.returncode, "没有完整的备份" in none.stderr) == (1, True)
    made = command(small, "make")
    assert made.returncode == 0, made.stderr
    assert f"通话 {CALLS} 通" in made.stdout
    whole = command(small, "verify")
    assert (whole.returncode, "备份完好" in whole.stdout) == (0, True), whole.stderr
    lose(small)
    found = newest(shelf_of(small))
    assert found is not None
    back = command(small, "restore", "--from", str(found.folder))
    assert (back.returncode, "恢复完成" in back.stdout) == (0, True), back.stderr
    (found.folder / "home/secrets.json").write_bytes(b"{}")
    torn = command(small, "verify")
    assert (torn.returncode, "home/secrets.json 与清单不符" in torn.stderr) == (1, True)
    assert not is_verified(found.folder)
    lose(small)
    refused = command(small, "restore")
    assert (refused.returncode, "没有恢复任何东西" in refused.stderr) == (1, True)
    assert "Traceback" not in "".join(said.stderr for said in (unsaid, none, made, whole, back, torn, refused))


def test_with_the_database_away_a_backup_ends_with_a_sentence(short_folder: Path, postgres: PostgresServer) -> None:
    settings = service(short_folder, calls_database=postgres.new_database(), tickets_database=postgres.new_database())
    away = settings.model_copy(update={"calls_database": f"postgresql+psycopg://hotline@/nowhere?host={short_folder}"})
    said = command(away, "make")
    assert said.returncode == 1
    assert "数据库不能使用" in said.stderr
    assert "Traceback" not in said.stderr
    assert newest(shelf_of(settings)) is None


def test_a_writer_that_crashed_on_this_machine_leaves_a_ledger_that_can_be_backed_up(small: Settings) -> None:
    """Half a line at the end of chain and personal file: the backup ends at the last whole record."""
    writer = LedgerWriter(small.paths.ledger, now=lambda: NOW, on_trouble=lambda trouble: None)
    writer.append("call_arrived", "h1-7.7", NOW, {"line": "12328"}, {"caller": "13800001111", "dialled": "12328"})
    writer.close()
    last = verify(small.paths.ledger).last_seq
    for kind in ("chain", "personal"):
        with sorted(small.paths.ledger.glob(f"*.{kind}.jsonl"))[-1].open("ab") as file:
            file.write(b'{"seq":')
    assert read_manifest(taken(small).folder).ledger.seq == last
