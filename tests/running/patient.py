"""Owns a hotline in service that can be made ill in one place at a time, and tells what the doctor says of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import httpx

from doctor.examine import examine
from doctor.finding import Finding
from doctor.subject import look_at
from hotline_core.adapters.secrets import load_or_make
from hotline_core.settings import DEFAULT_CITY, Settings
from tests.running.carriers import IMS, LOGIN, wait_for
from tests.running.certificates import write_pair
from tests.running.instance import CHECKOUT
from tests.running.service import Service
from tests.sip.carrier import Carrier
from tests.sip.policy import RingForever
from tests.sip.ports import free_port
from tickets.policy import FOLDER
from tickets.units_data import DEMO, NAME

TRUNKS = """trunks:
  ims:
    host: ims.example
    outbound_proxy: {{host: {host}, port: {port}}}
    login: {{user: hotline@ims.example, secret_file: ims.secret}}
    registration: {{user: "+8655712345", every_s: 600, retry_s: 1}}
    qualify_s: 1
"""
PART_S = 30.0
CONSOLE_S = 30.0


class Patient(Service):
    """A city in service with HTTPS, a carrier that wants registration and is asked by OPTIONS, and a backup."""

    def __init__(self) -> None:
        self.outside = Path(tempfile.mkdtemp(prefix="hl-patient-"))  # what does not lie under HOTLINE_HOME
        self.backups = self.outside / "backups"
        self.certificate, key = write_pair(self.outside, now=time.time())
        self.carrier_port = free_port(IMS)
        trunks = TRUNKS.format(host=IMS, port=self.carrier_port)
        city = DEFAULT_CITY.read_text(encoding="utf-8").replace("trunks: {}", f"{trunks}\n#")
        more = {"HOTLINE_TLS_CERT": str(self.certificate), "HOTLINE_TLS_KEY": str(key), "HOTLINE_BACKUP": str(self.backups)}
        more["HOTLINE_RECORDING_HEADS"] = str(self.outside)
        super().__init__(city, wrapped=("unshare", "-m"), **more)  # so that one part can be given another view of its files
        self.origin = self.origin.replace("http:", "https:")
        secret = self.home / "ims.secret"
        secret.touch(mode=0o600)
        secret.write_text(f"{LOGIN.password}\n", encoding="ascii")
        own_units = self.home / FOLDER / NAME  # a city in service does not keep the examples
        own_units.parent.mkdir(exist_ok=True)
        own_units.write_bytes(DEMO.read_bytes())
        self.carrier: Carrier | None = None
        self.carrier_address = (IMS, self.carrier_port)

    def is_ready(self) -> bool:
        """As of any hotline, by HTTPS."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            return httpx.get(f"{self.origin}/api/health", timeout=2.0, verify=context).status_code == 200
        except httpx.TransportError:
            return False

    def back_up(self) -> None:
        """`make backup`, of the running hotline."""
        argv = [sys.executable, "-m", "backup", "make"]
        subprocess.run(argv, cwd=CHECKOUT, env=self.environment, check=True, capture_output=True, timeout=60)

    def in_force(self) -> Settings:
        """The settings as the parts have them; the environment of this process must hold them."""
        return Settings()

    def examined(self) -> list[Finding]:
        """What the doctor finds now."""
        return examine(look_at(self.in_force(), time.time()))

    async def complaints(self) -> list[str]:
        """The names of what it calls bad; carriers go on answering meanwhile."""
        findings = await asyncio.to_thread(self.examined)
        return sorted({told(finding) for finding in findings if finding.level == "bad"})

    @asynccontextmanager
    async def with_carrier(self) -> AsyncIterator[Carrier]:
        """The carrier is there, has our registration and its answer to OPTIONS is known."""
        async with Carrier(self.sip, local_ip=IMS, local_port=self.carrier_port, login=LOGIN) as carrier:
            carrier.on_invite = RingForever()
            self.carrier = carrier
            await self.is_registered()
            yield carrier

    async def is_registered(self) -> None:
        """Until the carrier has our registration, and its answer to OPTIONS is known."""
        await self.until("core waitfullybooted", "fully booted")
        await asyncio.to_thread(self.asterisk, "pjsip send register trunk-ims")
        await self.until("pjsip show registrations", " Registered")
        await self.until("pjsip show aor trunk-ims", " Avail")

    async def until(self, command: str, word: str) -> None:
        """Until the PBX's console says it; the carrier on our event loop goes on answering meanwhile."""
        ends_at = asyncio.get_running_loop().time() + CONSOLE_S
        said = ""
        while word not in said:
            assert asyncio.get_running_loop().time() < ends_at, f"not within {CONSOLE_S} s: {word}; {said}"
            await asyncio.sleep(0.1)
            said = await asyncio.to_thread(self._said, command)

    def _said(self, command: str) -> str:
        try:
            return self.asterisk(command)
        except subprocess.CalledProcessError:
            return ""  # it is about to start

    @asynccontextmanager
    async def without(self, part: str) -> AsyncIterator[None]:
        """A part is gone, and later back."""
        await asyncio.to_thread(self.end_part, part)
        try:
            yield
        finally:
            self.start_part(part)
            await self.is_well()
            if part == "asterisk":
                await self.is_registered()

    async def is_well(self) -> None:
        """Until health says so."""
        await asyncio.to_thread(self.wait, self.is_ready, PART_S, "all parts are back")

    def close(self) -> None:
        """End it; nothing is left."""
        super().close()
        shutil.rmtree(self.outside)


def told(finding: Finding) -> str:
    """A finding as tests name it: with the part, database or trunk where there are several."""
    which = next((finding.facts[name] for name in ("part", "database", "trunk") if name in finding.facts), None)
    return f"{finding.name}({which})" if which and finding.check in ("parts", "databases", "trunks") else finding.name


@asynccontextmanager
async def changed(path: Path, data: bytes | None) -> AsyncIterator[None]:
    """A file has other bytes (None: is gone), and later its own again, with the same times and permissions."""
    kept = path.with_name(path.name + ".kept")
    shutil.copy2(path, kept)
    try:
        _put(path, data)
        yield
    finally:
        kept.replace(path)


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


@asynccontextmanager
async def column(database: Path, table: str, value: str) -> AsyncIterator[None]:
    """The one row of a table of one column has another value for a while."""
    with closing(sqlite3.connect(database, timeout=5, isolation_level=None)) as connection:
        [(kept,)] = connection.execute(f"SELECT version_num FROM {table}").fetchall()  # noqa: S608
        connection.execute(f"UPDATE {table} SET version_num = ?", (value,))  # noqa: S608
        try:
            yield
        finally:
            connection.execute(f"UPDATE {table} SET version_num = ?", (kept,))  # noqa: S608


@asynccontextmanager
async def patient_in_service() -> AsyncIterator[Patient]:
    """A healthy one, whose settings this process has too, with a citizen's finished call in its ledger and recordings."""
    one = Patient()
    before = {name: value for name, value in os.environ.items() if name.startswith("HOTLINE_")}
    own = {name: value for name, value in one.environment.items() if name.startswith("HOTLINE_")}
    async with AsyncExitStack() as stack:
        stack.callback(one.close)
        await asyncio.to_thread(one.start)
        stack.callback(_adopt, before)
        _adopt(own)
        carrier = await stack.enter_async_context(one.with_carrier())
        citizen = await carrier.call("12345")
        await citizen.answered.within(5)
        await citizen.listen(1.0)
        await citizen.hang_up()
        await wait_for(lambda: list(one.settings.paths.recordings.rglob("*.ogg.enc")), "the call is recorded", 15.0)
        await wait_for(lambda: not list(one.settings.paths.spool.iterdir()), "its plain sound is gone", 15.0)
        await asyncio.to_thread(one.back_up)
        yield one


def _adopt(variables: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        del os.environ[name]
    os.environ.update(variables)


def other_secrets(patient: Patient) -> bytes:
    """A secrets file that is right in form and not the one in force."""
    folder = Path(tempfile.mkdtemp(dir=patient.outside))
    load_or_make(folder / "secrets.json")
    return (folder / "secrets.json").read_bytes()
