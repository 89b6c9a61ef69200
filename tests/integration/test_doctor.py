"""The doctor before real servers and files that are ill: it names what is wrong, within its time, and changes nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent_desktop.migrate import migrate_tickets
from doctor.checks import certificate, clocks, databases, disk, ledger, recordings
from doctor.checks.redis_server import examine as look_at_redis
from doctor.devices import kind_of, mount_of
from doctor.finding import Finding
from doctor.in_use import is_closed, settings_in_use
from doctor.subject import Subject
from doctor.switchboard import Door, look_at_switchboard
from hotline_core.adapters import clock
from hotline_core.adapters.ledger import LedgerWriter
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.errors import AmiError
from hotline_core.settings import Settings
from launcher.lock import open_lock, take_alone
from tests.integration.scripted_asterisk import ScriptedAsterisk
from tests.integration.servers import PostgresServer, RedisServer
from tests.running.certificates import write_pair
from tests.running.instance import CHECKOUT, free_ports

pytestmark = pytest.mark.integration


def subject_of(home: Path, **settings: object) -> Subject:
    """A hotline of this folder of which nothing runs; `up` may be set by `replace`."""
    return Subject(Settings(home=home, **settings), None, None, {}, None, time.time())  # type: ignore[arg-type]


def names(findings: list[Finding]) -> list[str]:
    """What was found."""
    return [finding.name for finding in findings]


# -- databases ------------------------------------------------------------------------------------------------------------


def test_a_postgresql_that_hangs_is_told_within_its_time_and_the_other_database_is_still_examined(
    postgres: PostgresServer, short_folder: Path
) -> None:
    """Its address, which holds a password, is not quoted."""
    url = postgres.new_database()
    migrate_calls(url)
    subject = subject_of(short_folder, calls_database=url)
    migrate_tickets(subject.settings.tickets_url)
    assert names(databases.examine(subject)) == ["databases.fine", "databases.fine"]
    postgres.hang()
    try:
        begun = time.monotonic()
        found = databases.examine(subject)
        assert time.monotonic() - begun < 20
    finally:
        postgres.go_on()
    assert names(found) == ["databases.away", "databases.fine"]
    assert not [value for value in found[0].facts.values() if "host=" in str(value)]


def test_a_sqlite_file_with_a_spoilt_page_is_damaged_and_one_that_is_none_too(short_folder: Path) -> None:
    """Found by SQLite's own check, in a copy nobody has open."""
    subject = subject_of(short_folder)
    migrate_calls(subject.settings.calls_url)
    migrate_tickets(subject.settings.tickets_url)
    with closing(sqlite3.connect(subject.settings.paths.databases / "calls.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = subject.settings.paths.databases / "calls.sqlite"
    pages = path.read_bytes()
    path.write_bytes(pages[:8192] + bytes(4096) + pages[12288:])
    (subject.settings.paths.databases / "tickets.sqlite").write_bytes(b"no database at all" * 500)
    assert names(databases.examine(subject)) == ["databases.damaged", "databases.damaged"]


def test_a_database_that_was_never_made_is_not_made_by_looking(short_folder: Path) -> None:
    """Nothing was started here."""
    subject = subject_of(short_folder)
    assert {finding.level for finding in databases.examine(subject)} == {"skipped"}
    assert recordings.examine(subject)[0].level == "skipped"
    assert list(short_folder.iterdir()) == []


def test_an_empty_postgresql_is_told_to_have_no_tables(postgres: PostgresServer, short_folder: Path) -> None:
    """The address leads to the wrong database, or nothing was started yet."""
    found = databases.examine(subject_of(short_folder, calls_database=postgres.new_database()))
    assert names(found) == ["databases.empty", "databases.not_started"]


# -- clocks and ledger ------------------------------------------------------------------------------------------------------


def test_a_clock_that_differs_from_the_databases_is_told_with_the_seconds(
    postgres: PostgresServer, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our clock is 30 s behind."""
    subject = subject_of(short_folder, calls_database=postgres.new_database())
    assert "clock.apart" not in names(clocks.examine(subject))
    monkeypatch.setattr(clock, "now", lambda: time.time() - 30)
    [found] = [finding for finding in clocks.examine(subject) if finding.code == "apart"]
    assert found.facts["database"] == "calls"
    assert abs(float(str(found.facts["seconds"])) - 30) < 2


def test_a_clock_that_was_set_back_is_found_by_the_ledgers_newest_record(short_folder: Path) -> None:
    """An hour ago it was an hour later than now."""
    subject = subject_of(short_folder)
    writer = LedgerWriter(subject.settings.paths.ledger, now=time.time, on_trouble=lambda _: None)
    writer.append("call_arrived", "h1-1.1", time.time() + 3600, {"line": "12328"}, {"caller": "13800001111"})
    writer.close()
    found = {finding.name: finding for finding in clocks.examine(subject)}
    assert 3500 < int(str(found["clock.ran_back"].facts["seconds"])) <= 3600


def test_of_a_long_ledger_only_the_end_is_proven_and_a_change_there_is_found(short_folder: Path) -> None:
    """Seven segments, of which the last two are read; the first one is `make verify-backup`'s."""
    subject = subject_of(short_folder)
    folder = subject.settings.paths.ledger
    writer = LedgerWriter(folder, now=time.time, on_trouble=lambda _: None, segment_records=10)
    for number in range(65):
        writer.append("call_arrived", f"h1-1.{number}", time.time(), {"line": "12328"}, {"caller": "13800001111"})
    writer.close()
    [found] = ledger.examine(subject)
    assert (found.name, found.facts["last"]) == ("ledger.fine", 65)
    chains = sorted(folder.glob("*.chain.jsonl"))
    spoilt = chains[-2].read_bytes().replace(b"12328", b"12345", 1)
    chains[-2].write_bytes(spoilt)
    assert names(ledger.examine(subject)) == ["ledger.altered"]
    assert "13800001111" not in str(ledger.examine(subject))


# -- redis ------------------------------------------------------------------------------------------------------------------


def test_a_redis_of_ones_own_is_examined_and_one_that_hangs_or_is_gone_is_told(
    redis_server: RedisServer, short_folder: Path
) -> None:
    """HOTLINE_REDIS_URL."""
    subject = subject_of(short_folder, redis_url=redis_server.url)
    assert names(look_at_redis(subject)) == ["redis.given"]
    redis_server.pause()
    assert names(look_at_redis(subject)) == ["redis.away"]
    redis_server.go_on()
    redis_server.kill()
    assert names(look_at_redis(subject)) == ["redis.away"]


# -- the door of the PBX -------------------------------------------------------------------------------------------------------


async def _code(port: int, folder: Path) -> str:
    """Why the switchboard cannot be looked at."""
    with pytest.raises(AmiError) as refusal:
        await asyncio.to_thread(look_at_switchboard, Door(port, "right", folder))
    return refusal.value.code


async def test_nobody_there_somebody_else_there_and_somebody_who_falls_silent_are_three_things(tmp_path: Path) -> None:
    """Nothing listens; a web server listens; Asterisk greets and then says nothing more; it refuses."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    assert await _code(free, tmp_path) == "closed"

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    web = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with web:
        assert await _code(web.sockets[0].getsockname()[1], tmp_path) == "not_ami"
    async with ScriptedAsterisk().running() as asterisk:
        asterisk.silent = True
        begun = time.monotonic()
        assert await _code(asterisk.port, tmp_path) == "no_answer"
        assert time.monotonic() - begun < 10
    async with ScriptedAsterisk().running() as asterisk:
        asterisk.password = "another"
        assert await _code(asterisk.port, tmp_path) == "refused"


# -- certificate -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(lambda folder: (folder / "cert.pem").write_bytes(b"x"), "unreadable"),
     (lambda folder: (folder / "key.pem").unlink(), "unreadable"),
     (lambda folder: os.replace(folder / "other/key.pem", folder / "key.pem"), "other_key"), (lambda folder: None, "self_signed")],
    ids=["no_certificate", "no_key", "another_key", "none"],
)  # fmt: skip
def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path, spoil: Callable[[Path], object], code: str) -> None:
    """Before the front has been started with it."""
    (tmp_path / "other").mkdir()
    write_pair(tmp_path / "other", now=time.time())
    file, key = write_pair(tmp_path, now=time.time())
    spoil(tmp_path)
    assert names(certificate.examine(subject_of(tmp_path, tls_cert=file, tls_key=key))) == [f"certificate.{code}"]


# -- disks ------------------------------------------------------------------------------------------------------------------------


def test_whatever_lies_on_a_mapping_of_dm_crypt_is_encrypted_and_a_mirror_only_if_both_halves_are(tmp_path: Path) -> None:
    """A tree as /sys has it: LVM on LUKS, a mirror with one plain half, a plain disk, a file system of no device."""
    sys_folder = tmp_path / "sys"
    devices = {"8:1": [], "8:2": [], "253:0": ["8:1"], "253:1": ["253:0"], "9:0": ["253:0", "8:2"]}
    for number, slaves in devices.items():
        (sys_folder / "dev/block" / number / "slaves").mkdir(parents=True)
        for slave in slaves:
            (sys_folder / "dev/block" / number / "slaves" / slave).symlink_to(sys_folder / "dev/block" / slave)
    for number, uuid in (("253:0", "CRYPT-LUKS2-x-data"), ("253:1", "LVM-x")):
        (sys_folder / "dev/block" / number / "dm").mkdir()
        (sys_folder / "dev/block" / number / "dm/uuid").write_text(uuid)
    place = os.path.realpath(tmp_path)
    told = {}
    for device, kind in (("253:1", "ext4"), ("9:0", "xfs"), ("8:2", "ext4"), ("0:55", "overlay"), ("0:56", "tmpfs")):
        mountinfo = tmp_path / "mountinfo"
        mountinfo.write_text(f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 {device} / {place} rw,noatime - {kind} none rw\n")
        told[device] = kind_of(tmp_path, mountinfo, sys_folder)
    assert told == {"253:1": "encrypted", "9:0": "plain", "8:2": "plain", "0:55": "unknown", "0:56": "memory"}


def test_the_mount_of_a_folder_is_the_deepest_one_also_with_a_blank_in_its_name(tmp_path: Path) -> None:
    """mountinfo writes a blank as octal; the later of two mounts at one place is the one that is seen."""
    folder = tmp_path / "a b" / "c"
    folder.mkdir(parents=True)
    escaped = str(folder.parent).replace(" ", "\\040")
    lines = f"1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / {escaped} rw - xfs /dev/b rw\n3 2 8:3 / {escaped} rw - xfs /dev/c rw\n"
    found = mount_of(folder, lines)
    assert found is not None
    assert (found.device, found.place) == ("8:3", str(folder.parent))


def test_this_machines_own_disks_can_be_asked(tmp_path: Path) -> None:
    """Whatever they are; in memory is what Linux keeps in memory."""
    assert kind_of(tmp_path) in ("encrypted", "plain", "unknown", "memory")
    assert kind_of(Path("/dev/shm")) == "memory"
    [volume] = disk.volumes_of([tmp_path, tmp_path])
    assert volume.free_mb > 0


# -- whose settings ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def other_shell(short_folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the folder alone, as `make run` does, started with settings of its own."""
    (short_folder / "run").mkdir()
    program = (
        "import time; from pathlib import Path; from hotline_core.settings import Settings; from launcher.lock import *\n"
        "s = Settings(); lock = open_lock(s.paths); take_alone(lock, s.paths); print('held', flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "HOTLINE_HOME": str(short_folder), "HOTLINE_DEMO": "1", "HOTLINE_HTTP_PORT": "18329"}
    held = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE)
    assert held.stdout is not None
    assert held.stdout.readline() == b"held\n"
    yield held
    held.kill()
    held.wait(5)
    held.stdout.close()


def test_the_settings_are_those_of_the_make_run_that_holds_the_folder(
    other_shell: subprocess.Popen[bytes], short_folder: Path
) -> None:
    """Another shell knows its folder at most; what it says itself of the rest does not count while one runs."""
    found = settings_in_use({"HOTLINE_HOME": str(short_folder), "HOTLINE_HTTP_PORT": "8328"})
    assert (found["HOTLINE_DEMO"], found["HOTLINE_HTTP_PORT"], found["HOTLINE_HOME"]) == ("1", "18329", str(short_folder))
    other_shell.kill()
    other_shell.wait(5)
    assert settings_in_use({"HOTLINE_HOME": str(short_folder), "X": "y"}) == {"HOTLINE_HOME": str(short_folder)}


def test_looking_whose_settings_count_does_not_keep_a_hotline_from_starting(short_folder: Path) -> None:
    """The lock is only looked at."""
    (short_folder / "run").mkdir()
    settings = Settings(home=short_folder)
    with open_lock(settings.paths) as lock:
        settings_in_use({"HOTLINE_HOME": str(short_folder)})
        take_alone(lock, settings.paths)


def test_settings_that_cannot_be_used_end_with_code_2_and_a_sentence(short_folder: Path) -> None:
    """Nothing else can be examined without them."""
    environment = {**os.environ, "HOTLINE_HOME": str(short_folder), "HOTLINE_HTTP_PORT": "many"}
    code, said = _command(environment)
    assert code == 2
    assert "HOTLINE_HTTP_PORT" in said


def test_a_folder_where_nothing_was_ever_started_says_so_and_finds_the_port_that_is_taken(short_folder: Path) -> None:
    """Before the first start: exit code 1, what is free and what is not, and nothing is written."""
    _, sip, ami, _ = free_ports()
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"HOTLINE_HTTP_PORT": str(port), "HOTLINE_SIP_PORT": str(sip), "HOTLINE_AMI_PORT": str(ami)}
        code, said = _command({**os.environ, "HOTLINE_HOME": str(short_folder), "HOTLINE_DEMO": "1", **ports})
    bad = [line for line in said.splitlines() if line.startswith("✘")]
    assert (code, len(bad)) == (1, 2), said
    assert "没有在运行" in bad[0]
    assert f"{port}/TCP" in bad[1]
    assert list(short_folder.iterdir()) == []


def test_a_stranger_on_the_machine_is_told_that_he_may_not_look(short_folder: Path) -> None:
    """One line with the cure, instead of a report in which everything seems to be missing."""
    short_folder.chmod(0o700)
    child = os.fork()
    if child == 0:  # becomes a user who is not the hotline's; nothing but the exit code leaves this branch
        code = 2
        try:
            os.setgroups([])
            os.setuid(65534)
            code = 0 if is_closed(short_folder) and not is_closed(Path("/")) and not is_closed(Path("/none")) else 1
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not is_closed(short_folder)


def _command(environment: dict[str, str]) -> tuple[int, str]:
    """Exit code and output of `python -m doctor`; it says nothing on standard error."""
    argv = [sys.executable, "-m", "doctor"]
    done = subprocess.run(argv, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout
