"""Keys, passwords, sessions and tokens of a running hotline stand where they must and nowhere else; no file is anybody else's."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import httpx
import pytest

from tests.running.attack import sign_in
from tests.running.hardware import accounts, hardware_agent
from tests.running.instance import Hotline
from tests.sip.agent import Refused, SipCaller

pytestmark = pytest.mark.asterisk

# Where a secret is kept on purpose: file below HOTLINE_HOME -> which of ours.
KEPT = {
    "secrets.json": "key", "asterisk/etc/manager.conf": "key", "demo-accounts.txt": "password",
    "recording-masters.json": "master",
    "launcher.out": "password",  # the terminal of `make run`, which shows the demo's passwords
}  # fmt: skip
# What only the hotline itself writes; other folders take what a city, or another test, puts there.
OWN = (
    "secrets.json", "demo-accounts.txt", "log", "db", "ledger", "spool", "recordings", "run", "asterisk/etc", "asterisk/var",
    "asterisk/log", "asterisk/run", "recording-masters.json", "keys",
)  # fmt: skip


async def secrets_of(hotline: Hotline) -> dict[str, set[str]]:
    """All secrets that came into being, by kind, after each has been used."""
    keys = set(json.loads(hotline.settings.paths.secrets.read_text(encoding="ascii")).values())
    passwords = {hotline.account(login) for login in ("agent1", "agent2", "agent3", "supervisor1", "admin1", "auditor1")}
    cookie = await sign_in(hotline, "agent2")
    session = next(part.partition("=")[2] for part in cookie.split("; ") if part.startswith("hotline_session="))
    async with httpx.AsyncClient(base_url=hotline.origin, headers={"Cookie": cookie}) as page:
        telephone = (await page.get("/api/phone")).raise_for_status().json()["password"]
        wrong = {"login": "agent2", "password": "wrong-but-mine-4711"}
        assert (await page.post("/api/sign-in", json=wrong)).status_code == 401
        typed = {"login": "my-pass-in-the-name-4711", "password": "x"}
        assert (await page.post("/api/sign-in", json=typed)).status_code == 401
        assert (await page.get("/api/me", headers={"Authorization": "Bearer not-a-token-4711"})).status_code == 401
    async with SipCaller(hotline.sip, "agent-1002") as thief:
        with pytest.raises(Refused):
            await thief.register("agent-1002", "guessed-4711")
    with hotline.api("supervisor") as api:
        token = str(api.headers["authorization"]).removeprefix("Bearer ")
    masters = json.loads(hotline.settings.masters_file.read_text(encoding="ascii"))["keys"]
    return {
        "master": set(masters.values()),
        "key": keys, "password": passwords, "session": {session, session.rpartition(".")[2]}, "telephone": {telephone},
        "token": {token}, "typed": {"wrong-but-mine-4711", "my-pass-in-the-name-4711", "not-a-token-4711", "guessed-4711"},
    }  # fmt: skip


def files_of(home: Path) -> dict[str, bytes]:
    """Every file below HOTLINE_HOME but sound, with what it holds."""
    found = {}
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.suffix not in (".wav", ".alaw"):
            found[str(path.relative_to(home))] = path.read_bytes()
    return found


def command_lines() -> str:
    """What any user of the machine sees of its processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue  # it ended
    return "\n".join(found)


async def shown_to_everybody(hotline: Hotline) -> str:
    """What is told without signing in."""
    async with httpx.AsyncClient(base_url=hotline.origin) as stranger:
        paths = ("/sign-in", "/docs", "/openapi.json", "/metrics", "/api/health")
        return "\n".join([(await stranger.get(path)).text for path in paths])


async def test_no_key_password_session_or_token_is_in_a_log_a_database_or_a_command_line(hotline: Hotline) -> None:
    """After sign-ins right and wrong, telephones right and wrong, tokens; of ours and of what people typed by mistake."""
    try:
        async with hardware_agent(hotline, "agent3", "1003"):
            hardware = await asyncio.to_thread(accounts, hotline, "telephone", "--login", "agent3")
            known = await secrets_of(hotline)
    finally:
        await asyncio.to_thread(accounts, hotline, "change", "--login", "agent3", "--phone-kind", "page")
    known["telephone"].add(hardware)
    files = files_of(hotline.home)
    assert any(name.startswith("log/") for name in files)
    leaked = [
        f"{kind} in {name}"
        for kind, secrets in known.items()
        for secret in secrets
        for name, data in files.items()
        if secret.encode() in data and KEPT.get(name) != kind
    ]
    assert leaked == []
    seen = await asyncio.to_thread(command_lines) + await shown_to_everybody(hotline)
    assert [kind for kind, secrets in known.items() for secret in secrets if secret in seen] == []


def test_what_the_hotline_writes_is_closed_to_other_users_of_the_machine(hotline: Hotline) -> None:
    """Databases, recordings, logs, keys, sockets; whatever the folder above them lets through."""
    paths = [path for name in OWN for path in [hotline.home / name, *(hotline.home / name).rglob("*")] if not path.is_symlink()]
    ours = [path for path in paths if path.is_file() or path.is_socket()]
    assert len(ours) > 30
    others = stat.S_IRWXG | stat.S_IRWXO
    assert [str(path.relative_to(hotline.home)) for path in ours if path.stat().st_mode & others] == []
