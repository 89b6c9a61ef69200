"""A hotline in service and the operator's self-check: healthy it is all green; made ill in one place, that place is named."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from backup.shelf import name_of, newest
from tests.running.carriers import LOGIN
from tests.running.certificates import write_pair
from tests.running.instance import CHECKOUT, Hotline
from tests.running.patient import Patient, changed, column, other_secrets, patient_in_service
from tests.sip.digest import Credentials

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

DAY_S = 86_400
Harm = Callable[[Patient], AbstractAsyncContextManager[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def patient() -> AsyncIterator[Patient]:
    """Healthy before and after every test."""
    async with patient_in_service() as one:
        yield one


def report(environment: dict[str, str], *wrapped: str) -> tuple[int, dict[str, object]]:
    """Exit code and JSON of `make doctor` as its target runs it."""
    done = subprocess.run(
        [*wrapped, sys.executable, "-m", "doctor", "--json"], cwd=CHECKOUT, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


async def test_a_hotline_of_make_run_is_all_green_from_a_shell_that_knows_only_its_folder(hotline: Hotline) -> None:
    """What `make run` set besides is read from the running process."""
    known = {"HOTLINE_HOME": str(hotline.home), "PATH": os.environ["PATH"]}
    if cache := os.environ.get("HOTLINE_CACHE"):
        known["HOTLINE_CACHE"] = cache
    code, told = await asyncio.to_thread(report, known)
    assert isinstance(told["findings"], list)
    # 5 GB free are not everywhere; the probe's first round comes after two minutes; calls of other tests may have had no sound
    looked_at = {"disk", "dial_tests", "recordings"}
    assert [finding for finding in told["findings"] if finding["level"] != "good" and finding["check"] not in looked_at] == []
    assert told["healthy"]
    assert code == 0
    checks = {finding["check"] for finding in told["findings"]}
    assert {"ami", "heartbeat", "watchdog", "recording", "databases", "backups", "certificate", "disk", "clock"} <= checks


async def test_a_hotline_in_service_is_healthy_and_only_this_machine_is_to_be_looked_at(patient: Patient) -> None:
    """Trunk registered, certificate served, backup young; whether disk and clock are cared for is the machine's."""
    code, told = await asyncio.to_thread(report, patient.environment)
    assert isinstance(told["findings"], list)
    allowed = {"encryption", "clock", "backups", "disk", "dial_tests"}
    assert [finding for finding in told["findings"] if finding["level"] != "good" and finding["check"] not in allowed] == []
    assert "registered" in [finding["code"] for finding in told["findings"] if finding["check"] == "trunks"]
    assert [finding["facts"]["count"] for finding in told["findings"] if finding["check"] == "recordings"] == [1]
    assert code == 0


@asynccontextmanager
async def _other_key(patient: Patient) -> AsyncIterator[None]:
    async with changed(patient.home / "secrets.json", other_secrets(patient)):
        yield


def _stuck(part: str) -> Harm:
    """A part is stopped (SIGSTOP): it takes connections and says nothing."""

    @asynccontextmanager
    async def stuck(patient: Patient) -> AsyncIterator[None]:
        patient.signal(part, signal.SIGSTOP)
        try:
            await asyncio.to_thread(patient.wait, lambda: not patient.is_ready(), 15.0, f"health misses {part}")
            yield
        finally:
            patient.signal(part, signal.SIGCONT)
            await patient.is_well()
            if part == "asterisk":  # its OPTIONS of that time may count as unanswered for a moment
                await patient.is_registered()

    return stuck


@asynccontextmanager
async def _nobody_watches(patient: Patient) -> AsyncIterator[None]:
    async with patient.without("bridge"):
        rows = patient.asterisk("core show channels concise").splitlines()
        for name in {row.partition("!")[0] for row in rows if row.startswith("Local/s@watchdog")}:
            patient.asterisk(f"channel request hangup {name}")
        yield


@asynccontextmanager
async def _bad_prompts(patient: Patient) -> AsyncIterator[None]:
    played = patient.settings.paths.played_prompts
    silent = patient.outside / "silent.wav"
    with wave.open(str(silent), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))
    greeting = played / "greet-12328.wav"
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(changed(greeting, greeting.read_bytes()[:-4000]))
        await stack.enter_async_context(changed(played / "notice-12345.wav", None))
        await stack.enter_async_context(changed(played / "please-hold.wav", silent.read_bytes()))
        yield


@asynccontextmanager
async def _no_spool(patient: Patient) -> AsyncIterator[None]:
    """Where Asterisk writes is read-only, for Asterisk alone: its own mount namespace goes with it."""
    spool, inside = str(patient.settings.paths.spool), ["nsenter", "-t", str(patient.pid("asterisk")), "-m"]
    await asyncio.to_thread(subprocess.run, [*inside, "mount", "-t", "tmpfs", "-o", "ro", "none", spool], check=True)
    try:
        yield
    finally:
        await asyncio.to_thread(subprocess.run, [*inside, "umount", spool], check=True)


@asynccontextmanager
async def _open_spool(patient: Patient) -> AsyncIterator[None]:
    patient.settings.paths.spool.chmod(0o755)
    try:
        yield
    finally:
        patient.settings.paths.spool.chmod(0o700)


@asynccontextmanager
async def _old_certificate(patient: Patient) -> AsyncIterator[None]:
    key = patient.outside / "key.pem"
    async with changed(patient.certificate, None), changed(key, None):
        write_pair(patient.outside, begins_in_days=-90, ends_in_days=-3, now=time.time())
        yield


@asynccontextmanager
async def _certificate_not_loaded(patient: Patient) -> AsyncIterator[None]:
    key = patient.outside / "key.pem"
    async with changed(patient.certificate, None), changed(key, None):
        write_pair(patient.outside, now=time.time())
        yield


@asynccontextmanager
async def _old_schema(patient: Patient) -> AsyncIterator[None]:
    async with column(patient.settings.paths.databases / "calls.sqlite", "alembic_version_calls", "0002"):
        yield


@asynccontextmanager
async def _foreign_schema(patient: Patient) -> AsyncIterator[None]:
    async with column(patient.settings.paths.databases / "tickets.sqlite", "alembic_version_tickets", "from_tomorrow"):
        yield


@asynccontextmanager
async def _altered_ledger(patient: Patient) -> AsyncIterator[None]:
    chain = sorted(patient.settings.paths.ledger.glob("*.chain.jsonl"))[-1]
    data = chain.read_bytes()
    place = data.index(b"12345")
    async with changed(chain, data[:place] + b"12328" + data[place + 5 :]):
        yield


@asynccontextmanager
async def _altered_recording(patient: Patient) -> AsyncIterator[None]:
    recording = next(patient.settings.paths.recordings.rglob("*.ogg.enc"))
    data = recording.read_bytes()
    async with changed(recording, data[:-2] + bytes([data[-2] ^ 1, data[-1]])):
        yield


@asynccontextmanager
async def _lost_recording(patient: Patient) -> AsyncIterator[None]:
    async with changed(next(patient.settings.paths.recordings.rglob("*.ogg.enc")), None):
        yield


@asynccontextmanager
async def _forgetful_redis(patient: Patient) -> AsyncIterator[None]:
    async with Redis.from_url(patient.settings.redis) as redis:
        await redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            yield
        finally:
            await redis.config_set("maxmemory-policy", "noeviction")


@asynccontextmanager
async def _old_backup(patient: Patient) -> AsyncIterator[None]:
    youngest = newest(patient.backups)
    assert youngest is not None
    older = youngest.folder.with_name(name_of(youngest.made_at - 3 * DAY_S))
    youngest.folder.rename(older)
    try:
        yield
    finally:
        older.rename(youngest.folder)


@asynccontextmanager
async def _city_mistaken(patient: Patient) -> AsyncIterator[None]:
    city = patient.home / "city.yaml"
    async with changed(city, city.read_bytes().replace(b"ring_s: 20", b"ring_s: 2")):
        yield


@asynccontextmanager
async def _carrier_refuses(patient: Patient) -> AsyncIterator[None]:
    carrier = patient.carrier
    assert carrier is not None
    carrier.login = Credentials(LOGIN.user, "changed", LOGIN.realm)
    await asyncio.to_thread(patient.asterisk, "pjsip send register trunk-ims")
    await patient.until("pjsip show registrations", "Rejected")
    try:
        yield
    finally:
        carrier.login = LOGIN
        await patient.is_registered()


@asynccontextmanager
async def _carrier_is_gone(patient: Patient) -> AsyncIterator[None]:
    assert patient.carrier is not None
    wire = patient.carrier.wire
    wire.close()
    await patient.until("pjsip show aor trunk-ims", "Unavail")
    try:
        yield
    finally:
        await wire.open(*patient.carrier_address)
        await patient.is_registered()


def _without(part: str) -> Harm:
    return lambda patient: patient.without(part)


ILLS: dict[str, tuple[Harm, list[str]]] = {
    "the_secrets_were_exchanged_after_the_start": (_other_key, ["ami.refused"]),
    "the_bridge_hangs": (_stuck("bridge"), ["heartbeat.still", "parts.down(bridge)"]),
    "the_desk_hangs": (_stuck("desk"), ["parts.down(desk)"]),
    "asterisk_hangs": (_stuck("asterisk"), ["parts.down(asterisk)"]),
    "nobody_watches_over_the_bridge": (_nobody_watches, ["heartbeat.no_bridge", "parts.down(bridge)", "watchdog.still"]),
    "the_front_is_gone": (_without("front"), ["parts.down(front)"]),
    "the_relay_is_gone": (_without("relay"), ["parts.down(relay)"]),
    "three_sentences_cannot_be_heard": (
        _bad_prompts, ["prompts.sound-absent", "prompts.sound-silent", "prompts.sound-torn"],
    ),
    "no_recording_can_be_written": (_no_spool, ["recording.no_file"]),
    "everybody_may_read_running_calls": (_open_spool, ["files.open"]),
    "the_certificate_is_over": (_old_certificate, ["certificate.expired"]),
    "the_new_certificate_was_not_taken": (_certificate_not_loaded, ["certificate.not_served"]),
    "the_calls_database_was_not_upgraded": (_old_schema, ["databases.behind(calls)"]),
    "the_tickets_database_is_of_a_newer_version": (_foreign_schema, ["databases.newer(tickets)"]),
    "somebody_changed_the_ledger": (_altered_ledger, ["ledger.altered"]),
    "somebody_changed_a_recording": (_altered_recording, ["recordings.changed"]),
    "a_recording_is_lost": (_lost_recording, ["recordings.gone"]),
    "redis_forgets_when_it_is_full": (_forgetful_redis, ["redis.forgets"]),
    "the_last_backup_is_three_days_old": (_old_backup, ["backups.old"]),
    "the_citys_file_has_a_mistake": (_city_mistaken, ["settings.mistake"]),
    "the_carrier_refuses_our_registration": (_carrier_refuses, ["trunks.rejected(ims)"]),
    "the_carrier_answers_no_more": (_carrier_is_gone, ["trunks.unreachable(ims)"]),
    "asterisk_is_gone": (_without("asterisk"), ["parts.down(asterisk)"]),
}  # fmt: skip


@pytest.mark.parametrize("ill", ILLS)
async def test_it_is_named_and_nothing_else_is_blamed_when(patient: Patient, ill: str) -> None:
    """One thing at a time is broken on a running hotline; afterwards it is mended."""
    harm, names = ILLS[ill]
    async with harm(patient):
        assert await patient.complaints() == names


async def test_a_full_disk_is_named_by_the_command_with_exit_code_1(patient: Patient) -> None:
    """The folder of the logs lies on a file system of 8 MB, in a mount namespace of the doctor's own."""
    log: Path = patient.settings.paths.log
    mount = f"mount -t tmpfs -o size=8m none {log} && exec \"$@\""
    code, told = await asyncio.to_thread(report, patient.environment, "unshare", "-m", "sh", "-ec", mount, "sh")
    assert isinstance(told["findings"], list)
    bad = [finding for finding in told["findings"] if finding["level"] == "bad"]
    assert [(one["check"], one["code"], one["facts"].get("folder")) for one in bad] == [("disk", "full", str(log))]
    assert "腾出空间" in bad[0]["cure"]
    assert code == 1
