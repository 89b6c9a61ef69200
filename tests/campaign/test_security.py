"""Security by the thousand: the API in every role, numbers against the dialplan, floods and stolen sound beside calls."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_desktop.rights import ROLES
from hotline_core.city import City
from hotline_core.domain.outgoing import is_allowed
from hotline_core.settings import load_city
from tests.campaign.conftest import OpenTable
from tests.integration.conftest import short_folder
from tests.integration.desk_kit import ScriptedBridge, application, make_token, prepare, settings_of
from tests.running.attack import pids, tracebacks
from tests.running.carriers import STRANGER
from tests.running.instance import Hotline
from tests.security.api import injected, made_up, operations
from tests.security.rtp_spray import Spray
from tests.security.service import carrier, dialled, longest_gap_s, port, service, telephone
from tests.security.strangers import Asker
from tests.sip.agent import SipCaller
from tests.sip.carrier import Carrier
from tests.sip.policy import BUSY

pytestmark = pytest.mark.campaign

EXAMPLES, NUMBERS, FLOOD_S, CALLS = 60, 150, 30, 20
GAP_S = 0.5  # in half a minute on a machine that sends the flood as well
COLUMNS = ("what", "seed", "sent", "answers", "seconds", "faults")

__all__ = ["carrier", "port", "service", "short_folder", "telephone"]  # fixtures of the ordinary tests


def rows_of(table: OpenTable) -> Callable[..., None]:
    """Adds a row to the one table of this campaign."""
    return table("security", "Security", *COLUMNS).add


def told(counts: Counter[int] | Counter[str]) -> str:
    """Counts in order."""
    return ", ".join(f"{key}: {count}" for key, count in sorted(counts.items()))


@pytest.mark.parametrize("role", ROLES)
async def test_the_api_under_made_up_and_injected_requests(
    short_folder: Path, table: OpenTable, runs: Callable[[int], int], seed: int, role: str
) -> None:
    """Hundreds for each operation, in and out of its description, and every hostile word in every field."""
    settings = settings_of(short_folder)
    prepare(settings)
    bridge = await ScriptedBridge(settings.paths.bridge_socket).start()
    app, token = application(settings), make_token(settings, role)
    try:
        for what, how in (
            ("made up", lambda each: made_up(each, token, seed, runs(EXAMPLES))),
            ("injected", lambda each: injected(each, token)),
        ):
            began = time.monotonic()
            outcomes = await asyncio.to_thread(lambda how=how: [how(each) for each in operations(app)])  # type: ignore[misc]
            statuses = sum((outcome.statuses for outcome in outcomes), Counter[int]())
            faults = [fault for outcome in outcomes for fault in outcome.faults]
            asked = sum(outcome.asked for outcome in outcomes)
            took = f"{time.monotonic() - began:.1f}"
            rows_of(table)(f"API as {role}, {what}", seed, asked, told(statuses), took, len(faults))
            assert faults == []
    finally:
        await bridge.stop()


def a_number(dice: random.Random, city: City) -> str:
    """Digits: any, or near what is allowed or guarded."""
    patterns = [*city.outgoing.allow, "00XXXXXXXXX", "96XXX", "160XXXXX", "168XXXXX", "110", "119", "12395", "1XX", "0NXXNXXXXXXX"]
    digits = {"X": "0123456789", "Z": "123456789", "N": "23456789", ".": "0123456789"}
    number = "".join(dice.choice(digits.get(sign, sign)) for sign in dice.choice(patterns))
    match dice.randrange(5):
        case 0:
            return number + dice.choice("0123456789")
        case 1:
            return dice.choice("0123456789") + number
        case 2:
            return number[:-1] or "1"
        case _:
            return number


@pytest.mark.asyncio(loop_scope="module")
async def test_the_dialplan_lets_a_telephone_call_exactly_what_the_city_allows(
    service: Hotline, carrier: Carrier, telephone: SipCaller, table: OpenTable, runs: Callable[[int], int], seed: int
) -> None:
    """Random numbers near the allow list, dialled for real; Asterisk decides as the pure rule does."""
    city, dice, began = load_city(service.settings.city_file), random.Random(seed), time.monotonic()
    numbers = sorted({a_number(dice, city) for _ in range(runs(NUMBERS))})
    carrier.on_invite, at_once, before = BUSY, asyncio.Semaphore(8), len(dialled(carrier))

    async def attempt(number: str) -> None:
        async with at_once:
            call = await telephone.call(number)
            await call.wait_ended(20)

    await asyncio.gather(*(attempt(number) for number in numbers))
    reached = {uri.removeprefix("sip:").partition("@")[0] for uri in dialled(carrier)[before:]}
    allowed = {number for number in numbers if is_allowed(city.outgoing.allow, number)}
    outcome = f"allowed and reached: {len(allowed)}, refused: {len(numbers) - len(allowed)}"
    rows_of(table)("numbers dialled", seed, len(numbers), outcome, f"{time.monotonic() - began:.1f}", len(reached ^ allowed))
    assert reached == allowed


@pytest.mark.asyncio(loop_scope="module")
async def test_citizens_talk_on_through_half_a_minute_of_strangers(
    service: Hotline, carrier: Carrier, table: OpenTable, seed: int
) -> None:
    """REGISTER, INVITE, OPTIONS and wrong passwords from three addresses, with no firewall before Asterisk."""
    before, began = pids(service), time.monotonic()
    citizen = await carrier.call("12345")
    await citizen.answered.within(5)
    users = ((91, "100"), (92, "agent-1001"), (93, "agent-1099"))
    askers = [Asker(f"127.0.0.{number}", service.sip, user) for number, user in users]
    count = FLOOD_S * 250
    floods = (
        asyncio.to_thread(askers[0].ask, count, lambda: askers[0].invite("0085298765432"), gap_s=0.003),
        asyncio.to_thread(askers[1].register_wrongly, FLOOD_S * 90),
        asyncio.to_thread(askers[2].ask, count, askers[2].request, gap_s=0.003),
    )
    answers = [status for told_ in await asyncio.gather(*floods) for status in told_]
    gap_s = longest_gap_s(citizen)
    is_up = not citizen.ended.is_set()
    await citizen.hang_up()
    what = f"{told(Counter(answers))}; the citizen's longest gap {1000 * gap_s:.0f} ms"
    faults = [fault for fault, is_so in (("cut off", not is_up), ("gap", gap_s > GAP_S), ("200", "200" in answers)) if is_so]
    sent, took = 2 * count + FLOOD_S * 90, f"{time.monotonic() - began:.1f}"
    rows_of(table)("SIP requests of strangers beside a call", seed, sent, what, took, len(faults))
    assert faults == []
    assert pids(service) == before
    assert tracebacks(service) == []


@pytest.mark.asyncio(loop_scope="module")
async def test_who_sends_sound_to_every_port_gets_nobodys(
    service: Hotline, carrier: Carrier, table: OpenTable, runs: Callable[[int], int], seed: int
) -> None:
    """One spray through many calls, there before each of them."""
    began, longest = time.monotonic(), 0.0
    with Spray(STRANGER, "127.0.0.1", *service.settings.rtp_first_last) as spray:
        for _ in range(runs(CALLS)):
            citizen = await carrier.call("12345")
            await citizen.answered.within(5)
            await citizen.listen(1.0)
            longest = max(longest, longest_gap_s(citizen))
            await citizen.hang_up()
    first, last = service.settings.rtp_first_last
    sent = spray.rounds * len(range(first, last + 1, 2))
    what = f"calls: {runs(CALLS)}, packets caught: {len(spray.caught)}, longest gap {1000 * longest:.0f} ms"
    rows_of(table)("RTP of a stranger to every port", seed, sent, what, f"{time.monotonic() - began:.1f}", len(spray.caught))
    assert spray.caught == []
    assert longest < GAP_S
