"""Telephones put into Asterisk while it runs: a page's password lives as long as its sign-in; Asterisk itself refuses it after."""

from __future__ import annotations

import asyncio
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from asterisk_conf.telephones import digest_of
from tests.running.bridge_socket import ask
from tests.running.instance import CHECKOUT, Hotline
from tests.sip.agent import Refused, SipCaller

pytestmark = pytest.mark.asterisk

LOGIN, EXTENSION = "agent3", "1003"


@contextmanager
def signed_in(hotline: Hotline, login: str = LOGIN, password: str = "") -> Iterator[httpx.Client]:
    """A browser of `login`, without its page."""
    own_page = {"Origin": hotline.origin, "X-Hotline": "1"}
    with httpx.Client(base_url=hotline.origin, headers=own_page, timeout=10.0) as browser:
        body = {"login": login, "password": password or hotline.account(login)}
        browser.post("/api/sign-in", json=body).raise_for_status()
        yield browser


def password_of(browser: httpx.Client) -> str:
    """The SIP password the page would register with."""
    return str(browser.get("/api/phone").raise_for_status().json()["password"])


async def opens(hotline: Hotline, password: str, extension: str = EXTENSION) -> int:
    """What Asterisk answers to a REGISTER with this password; the contact is taken back at once."""
    user = f"agent-{extension}"
    async with SipCaller(hotline.sip, user=user) as telephone:
        try:
            await telephone.register(user, password)
            await telephone.unregister()
        except Refused as refused:
            return refused.status
    return 200


async def becomes(hotline: Hotline, password: str, status: int, within_s: float, extension: str = EXTENSION) -> None:
    """Wait until Asterisk answers so; AssertionError with its last word."""
    ends_at = asyncio.get_running_loop().time() + within_s
    said = 0
    while asyncio.get_running_loop().time() < ends_at:
        if (said := await opens(hotline, password, extension)) == status:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"wanted {status}, Asterisk says {said}")


async def test_a_pages_password_opens_its_telephone_until_the_agent_signs_out(hotline: Hotline) -> None:
    """A reload gets the same one; after the sign-out Asterisk answers 401."""
    with signed_in(hotline) as browser:
        password = password_of(browser)
        assert password_of(browser) == password
        assert await opens(hotline, password) == 200
        assert await opens(hotline, "0" * 32) == 401
        browser.post("/api/sign-out").raise_for_status()
    await becomes(hotline, password, 401, 5)


async def test_a_newer_sign_in_takes_the_telephone_and_the_older_page_is_told(hotline: Hotline) -> None:
    """Another password, the old one dead at once; the older page's question is answered with 409."""
    with ExitStack() as both:
        older = both.enter_context(signed_in(hotline))
        old = password_of(older)
        newer = both.enter_context(signed_in(hotline))
        assert older.get("/api/phone").json()["password"] == old  # a sign-in alone takes nothing: its desk is not open yet
        new = password_of(newer)
        assert new != old
        assert (await opens(hotline, old), await opens(hotline, new)) == (401, 200)
        refused = older.get("/api/phone")
        assert (refused.status_code, refused.json()["code"]) == (409, "phone_elsewhere")
        assert await opens(hotline, new) == 200
        newer.post("/api/sign-out").raise_for_status()
        await becomes(hotline, new, 401, 5)
        assert older.get("/api/phone").json()["password"] == old  # nobody else has it any more


async def test_a_telephone_that_registers_the_moment_its_password_is_in_force_stays_registered(hotline: Hotline) -> None:
    """Taken away is who registered with the password before, never the telephone that was quick; removed, nothing of it is left."""
    extension = "1018"
    await asyncio.to_thread(hotline.stop, "desk")  # which knows no such telephone
    try:
        async with SipCaller(hotline.sip, user=f"agent-{extension}") as telephone:
            for _ in range(20):
                password = secrets.token_hex(16)
                wish = {"kind": "hardware", "digest": digest_of(extension, password)}
                async with asyncio.TaskGroup() as group:
                    setting = group.create_task(ask(hotline, "phone_set", extension, **wish))
                    await _registered_at_once(telephone, extension, password)
                assert setting.result()["ok"] is True
                assert f"agent-{extension};@" in await asyncio.to_thread(hotline.asterisk, "database show registrar/contact")
        assert (await ask(hotline, "phone_remove", extension))["ok"] is True
        assert f"agent-{extension}" not in await asyncio.to_thread(hotline.asterisk, "database show")
        assert extension not in (await ask(hotline, "phone_list", ""))["facts"]["phones"]
    finally:
        await asyncio.to_thread(hotline.start_again, "desk")
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 30, "the desk is back")


async def _registered_at_once(telephone: SipCaller, extension: str, password: str) -> None:
    """Try without a pause until Asterisk takes the password."""
    async with asyncio.timeout(5):
        while True:
            try:
                return await telephone.register(f"agent-{extension}", password)
            except Refused:
                continue


async def test_a_password_outlives_the_restart_of_asterisk_and_of_the_desk(hotline: Hotline) -> None:
    """Objects lie in Asterisk's own database; the password is made again from the sign-in."""
    with signed_in(hotline) as browser:
        password = password_of(browser)
        await asyncio.sleep(1.5)  # Asterisk commits its database once a second
        hotline.signal("asterisk", signal.SIGKILL)
        hotline.signal("desk", signal.SIGKILL)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 30, "everything is up again")
        assert await opens(hotline, password) == 200
        assert password_of(browser) == password
        browser.post("/api/sign-out").raise_for_status()


async def test_a_hardware_telephone_can_be_rung_after_a_restart_of_asterisk_without_registering_again(hotline: Hotline) -> None:
    """Contact, queue member and device state come back from Asterisk's own database; removed, all of it is gone."""

    def member() -> str:
        lines = hotline.asterisk("queue show hotline").splitlines()
        return next((line for line in lines if "agent-1017 " in line), "")

    person = {"login": "wu.gang", "name": "吴刚", "role": "agent", "extension": "1017", "phone_kind": "hardware"}
    with hotline.api("administrator") as manager:
        await asyncio.to_thread(manager.post, "/api/people", json=person)
        made = await asyncio.to_thread(manager.post, "/api/people/wu.gang/telephone")
        async with SipCaller(hotline.sip, user="agent-1017") as telephone:
            await telephone.register("agent-1017", made.raise_for_status().json()["password"])
            assert (await ask(hotline, "ready", "1017"))["ok"] is True
            await asyncio.to_thread(hotline.wait, lambda: "(Not in use)" in member(), 15, "the member can be rung")
            await asyncio.sleep(1.5)  # Asterisk commits its database once a second
            before = hotline.pid("asterisk")
            hotline.signal("asterisk", signal.SIGKILL)
            await asyncio.to_thread(hotline.wait, lambda: hotline.pid("asterisk") not in (0, before), 20, "a new Asterisk")
            await asyncio.sleep(2)
            await asyncio.to_thread(hotline.wait, hotline.is_ready, 30, "everything is up again")
            await asyncio.to_thread(hotline.wait, lambda: "(Not in use)" in member(), 25, "the member can be rung again")
            await asyncio.to_thread(manager.delete, "/api/people/wu.gang")
            contacts = hotline.asterisk("pjsip show contacts")
            assert "agent-1017" not in contacts
        await ask(hotline, "sign_out", "1017")
        assert not member()


def accounts(hotline: Hotline, *arguments: str) -> str:
    """What the operator's command line prints."""
    command = [sys.executable, "-m", "agent_desktop.accounts", *arguments]
    return subprocess.run(
        command, cwd=CHECKOUT, env=hotline.environment, check=True, capture_output=True, text=True, timeout=30
    ).stdout.strip()


async def test_what_the_command_line_changes_is_in_force_within_seconds(hotline: Hotline) -> None:
    """A person made, disabled and removed by an operator while the desk runs: session and telephone follow by themselves."""
    person = ("--login", "sun.li", "--name", "孙丽", "--role", "agent", "--extension", "1015")
    password = await asyncio.to_thread(accounts, hotline, "add", *person)
    with signed_in(hotline, "sun.li", password) as browser:
        sip = password_of(browser)
        assert await opens(hotline, sip, "1015") == 200
        told = await asyncio.to_thread(accounts, hotline, "disable", "--login", "sun.li")
        assert told.split("\t") == ["sun.li", "孙丽", "agent", "1015", "-", "page", "-", "disabled"]
        await asyncio.to_thread(hotline.wait, lambda: browser.get("/api/me").status_code == 401, 15, "the session is over")
    for _ in range(50):
        if await opens(hotline, sip, "1015") != 200:
            break
        await asyncio.sleep(0.2)
    else:
        raise AssertionError("the telephone of a disabled person still opens")
    await asyncio.to_thread(accounts, hotline, "remove", "--login", "sun.li")
    assert "sun.li" not in await asyncio.to_thread(accounts, hotline, "list")


async def test_with_the_bridge_away_a_reload_keeps_its_telephone_and_a_fresh_sign_in_is_told_to_wait(hotline: Hotline) -> None:
    """Only a new password needs the bridge; the page asks again by itself."""
    with ExitStack() as both:
        known = both.enter_context(signed_in(hotline))
        password = password_of(known)
        fresh = both.enter_context(signed_in(hotline, "agent2"))
        hotline.stop("bridge")
        try:
            assert password_of(known) == password
            waits = fresh.get("/api/phone")
            assert (waits.status_code, waits.json()["code"]) == (503, "phone_not_ready")
            known.post("/api/sign-out").raise_for_status()
        finally:
            hotline.start_again("bridge")
        await becomes(hotline, password, 401, 20)  # what could not be asked is asked again
        await asyncio.to_thread(hotline.wait, lambda: fresh.get("/api/phone").status_code == 200, 10, "the fresh sign-in has it")
        fresh.post("/api/sign-out").raise_for_status()
