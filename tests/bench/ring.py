"""Series `ring`: from the ring in Asterisk to the ticket on the agent's screen, with 1, 100 and 300 desks connected."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import expect

from hotline_core.adapters import clock
from hotline_core.settings import DEFAULT_CITY
from tests.bench.crowd import Door, add_people, cookies, crowd
from tests.bench.machine import processor_s
from tests.bench.report import Budget, Options, Picture, Result, Row, Series, distribution, rank
from tests.bench.ring_watch import SCREEN, WIRE, Rings, rings_of, shown
from tests.running.instance import Hotline, running
from tests.running.page import Agents, Desk
from tests.sip.agent import SipCaller

SIZES = (1, 100, 300)
ROUNDS, RINGS = 4, 10
BUDGET_MS, GOAL_MS = 150.0, 100.0


@dataclass(slots=True)
class Found:
    """What the rings of one size gave, in ms since the ring."""

    ticket: list[float] = field(default_factory=list)
    sip: list[float] = field(default_factory=list)
    live: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)  # of the ticket, by round
    desk_s: list[float] = field(default_factory=list)  # processor time of the desk's process for one ring, by round


def measure(options: Options) -> Result:
    """Rounds of all sizes, the order turned in each, at one hotline with one browser."""
    sizes, rounds, rings = ((1, 3), 1, 2) if options.is_small else (SIZES, ROUNDS, RINGS)
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
    found: dict[int, Found] = defaultdict(Found)
    with running(city) as hotline:
        asyncio.run(_rounds(hotline, options.folder, found, sizes, rounds, rings))
    return Result(tuple(_rows(found, sizes)), _picture(found), NOTES, _profile(found))


NOTES = (
    "Ring: Asterisk's own time stamp of the agent's new leg (Newchannel), before the INVITE is made. Ticket: the page's clock in "
    "the task after the frame that shows the caller's number. One machine, one clock. The caller presses 0 at the answer and hangs "
    "up when the ticket is there.",
    "The other desks are pages' websockets with sessions of their own, through the front to the desk's process; their telephones "
    "are not registered. All programs, the browser and the callers share the machine's cores.",
    f"The goal of the design is {GOAL_MS:.0f} ms, the budget {BUDGET_MS:.0f} ms at the 95th percentile with 100 desks.",
)


async def _rounds(hotline: Hotline, folder: Path, found: dict[int, Found], sizes: tuple[int, ...], rounds: int, rings: int) -> None:
    now = clock.now()
    await asyncio.to_thread(add_people, hotline.settings, max(sizes), before=now - 60)
    held, door = cookies(hotline.settings, max(sizes), now), Door(origin=hotline.origin)
    async with Agents(hotline, folder) as agents, rings_of(hotline) as seen, SipCaller(hotline.sip, "13855701234") as phone:
        desk = await agents.browser()
        await desk.page.add_init_script(WIRE)
        await desk.sign_in("agent1")
        await desk.page.evaluate(SCREEN)
        await desk.become_ready()
        await door.lets_in(held[0])
        await _ring(desk, phone, seen, Found())  # what is done once, at the first ring, is not counted
        for turn in range(rounds):
            for size in sizes if turn % 2 == 0 else sizes[::-1]:
                async with crowd(door, held[: size - 1]):
                    await _round(hotline, desk, phone, seen, found[size], rings)


async def _round(hotline: Hotline, desk: Desk, phone: SipCaller, seen: Rings, found: Found, rings: int) -> None:
    pid, before = hotline.pid("desk"), len(found.ticket)
    used = processor_s(pid)
    for _ in range(rings):
        await _ring(desk, phone, seen, found)
    found.desk_s.append((processor_s(pid) - used) / rings)
    found.medians.append(rank(found.ticket[before:], 50))


async def _ring(desk: Desk, phone: SipCaller, seen: Rings, found: Found) -> None:
    """One caller, to the ticket and away."""
    known = set(seen.at)
    call = await phone.call("12328")
    await call.answered.within(10)
    pressed = call.press("0")
    call_id = await seen.next_after(known)
    at_ms = seen.at[call_id] * 1000
    page = await shown(desk.page, call_id)
    heard = [page[way] for way in ("sip", "live") if page.get(way)]
    assert min(heard) <= page["shown"], "no ticket is there before the INVITE and before the live view's word"
    found.ticket.append(page["shown"] - at_ms)
    for way, delays in (("sip", found.sip), ("live", found.live)):
        delays += [page[way] - at_ms] if page.get(way) else []
    await asyncio.wait_for(pressed, 5)
    await call.hang_up()
    await expect(desk.page.locator("#state")).to_have_attribute("data-state", "ready", timeout=10_000)


def _rows(found: dict[int, Found], sizes: tuple[int, ...]) -> list[Row]:
    rows = []
    alone = found[sizes[0]]
    for size in sizes:
        one, budget = found[size], Budget(BUDGET_MS) if size == 100 else None
        peer, name = ((), "") if size == sizes[0] else (tuple(alone.medians), "one desk")
        desks = _desks(size)
        rows.append(Row(f"ring to ticket with {desks}, p95 of all rings", "ms", (rank(one.ticket, 95),), budget=budget))
        rows.append(Row(f"ring to ticket with {desks}, median", "ms", tuple(one.medians), peer, name))
        used = tuple(1000 * each for each in one.desk_s)
        rows.append(Row(f"processor time of the desk's process for one such call, {desks}", "ms", used))
    return rows


def _desks(size: int) -> str:
    return f"{size} desk{'s' if size > 1 else ''}"


def _picture(found: dict[int, Found]) -> Picture:
    curves = [distribution(f"{_desks(size)}: ticket on the screen", found[size].ticket) for size in sorted(found)]
    largest = max(found)
    for way, delays in (("INVITE", found[largest].sip), ("live view", found[largest].live)):
        curves += [distribution(f"{_desks(largest)}: {way} in the page", delays)] if delays else []
    title = "Ring in Asterisk to the ticket"
    return Picture(title, "ms since the ring", "share of rings (%)", tuple(curves), limit=BUDGET_MS, limit_on="x")


def _profile(found: dict[int, Found]) -> str:
    """Where the time goes: to the page by either way, and inside of it."""
    lines = ["ms since the ring, p50 / p95           INVITE in the page   live view in the page   ticket on the screen"]
    for size, one in sorted(found.items()):
        told = [f"{rank(values, 50):.0f} / {rank(values, 95):.0f}" if values else "-" for values in (one.sip, one.live, one.ticket)]
        lines.append(f"{_desks(size):>9}, {len(one.ticket):>3} rings                 {told[0]:>18}   {told[1]:>21}   {told[2]:>20}")
    return "\n".join(lines)


SERIES = Series(
    "ring",
    "From the ring in Asterisk to the ticket on the screen",
    "How long does an agent's page take to show whose call rings? Real Asterisk, bridge, Redis, desk, relay, front and a real "
    "Chromium as one of the desks; the rings with few and with many desks alternate.",
    measure,
)
