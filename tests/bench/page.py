"""Series `page`: what each page weighs and how soon it is there, and whether a desk's page grows over hundreds of calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, StorageState, ViewportSize, expect

from hotline_core.settings import DEFAULT_CITY
from tests.bench.report import Budget, Curve, Options, Picture, Result, Row, Series
from tests.running.instance import Hotline, running
from tests.running.page import Agents, Desk, asks_for_a_person
from tests.running.ticket_pages import officer
from tests.sip.agent import SipCaller

CALLS, EVERY = 200, 20
LOADS = 5
LOAD_S, CALL_S, LOOK_S = 60.0, 90.0, 60.0  # what takes longer has come to a stop: the series ends and says where
OWN_KB, PAINT_MS, GROWTH_MB = 200.0, 1000.0, 0.5
PAGES = (
    ("agent1", "/desk"), ("supervisor1", "/floor"), ("supervisor1", "/calls"), ("supervisor1", "/history"), ("clerk1", "/tickets"),
    ("supervisor1", "/knowledge"), ("supervisor1", "/units"), ("supervisor1", "/parties"), ("admin1", "/people"),
    ("admin1", "/rules"),
)  # fmt: skip
VENDOR = "/static/vendor/"
VIEW: ViewportSize = {"width": 1440, "height": 900}


@dataclass(slots=True)
class Load:
    """One load of a page with nothing kept from before: kB over the wire, of ours and in all, and ms to the first paint."""

    own_kb: float
    all_kb: float
    paint_ms: float


@dataclass(slots=True)
class Grown:
    """What a page holds after so many calls: MB of JavaScript's heap and nodes of the document, after the rubbish was taken out."""

    calls: list[int] = field(default_factory=list)
    heap_mb: list[float] = field(default_factory=list)
    nodes: list[float] = field(default_factory=list)


def measure(options: Options) -> Result:
    """One hotline, one browser: every page a few times, then call after call at one desk."""
    loads, calls, every = (1, 2, 1) if options.is_small else (LOADS, CALLS, EVERY)
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
    with running(city) as hotline:
        weights, grown = asyncio.run(_all(hotline, options.folder, loads, calls, every))
    return Result((*_weight_rows(weights), *_growth_rows(grown)), _picture(grown), NOTES)


NOTES = (
    "Bytes are what Chromium counted on the wire, headers included, in a browser that had nothing kept; a second load of the same "
    "version costs the page itself alone, the rest is kept for a year under its version. Ours: all but the telephone library.",
    "Memory: the citizen rings, the agent answers by key, writes a sentence, hangs up by key and is ready again; before each look "
    "the heap's rubbish is taken out. The first calls fill lists that are kept to a length; growth counts from the first look on.",
    "Nodes: a browser keeps what was typed into a field for its own undo, some nodes for each text, up to a bound of its own.",
)


async def _all(
    hotline: Hotline, folder: Path, loads: int, calls: int, every: int
) -> tuple[dict[str, list[Load]], Grown]:
    async with Agents(hotline, folder) as agents:
        first = await agents.browser()
        browser = first.page.context.browser
        assert browser is not None
        kept = {login: await _signed_in(browser, hotline, login) for login in dict(PAGES)}
        weights: dict[str, list[Load]] = {}
        for login, path in PAGES:
            async with _within(LOAD_S * loads, f"loading {path}"):
                weights[path] = [await _load(browser, hotline, kept[login], path) for _ in range(loads)]
        desk = await agents.desk("agent2")
        await desk.become_ready()
        return weights, await _calls(hotline, desk, calls, every)


async def _signed_in(browser: Browser, hotline: Hotline, login: str) -> StorageState:
    """What a browser keeps of a sign-in, for as many of them as are wanted."""
    page = (await officer(browser, hotline, login)).page
    state = await page.context.storage_state()
    await page.context.close()
    return state


async def _load(browser: Browser, hotline: Hotline, kept: StorageState, path: str) -> Load:
    """Signed in already, with an empty cache."""
    context = await browser.new_context(storage_state=kept, locale="zh-CN", base_url=hotline.origin, viewport=VIEW)
    page = await context.new_page()
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.clearBrowserCache")
    urls: dict[str, str] = {}
    bytes_of: dict[str, float] = {}
    session.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    session.on("Network.loadingFinished", lambda event: bytes_of.update({event["requestId"]: event["encodedDataLength"]}))
    await page.goto(path, wait_until="load")
    await page.wait_for_timeout(500)
    paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1")
    await context.close()
    asked = {url: bytes_of.get(key, 0.0) for key, url in urls.items() if "/api/" not in url}
    return Load(
        sum(size for url, size in asked.items() if VENDOR not in url) / 1000, sum(asked.values()) / 1000, float(paint)
    )  # fmt: skip


async def _calls(hotline: Hotline, desk: Desk, calls: int, every: int) -> Grown:
    grown, session = Grown(), await desk.page.context.new_cdp_session(desk.page)
    await session.send("Performance.enable")
    for number in range(calls):
        async with _within(CALL_S, f"call {number + 1}"), SipCaller(hotline.sip, f"1385580{number:04d}") as phone:
            await _one(desk, phone)
        if (number + 1) % every == 0:
            async with _within(LOOK_S, f"a look at the memory after call {number + 1}"):
                await _look(session, grown, number + 1)
            print(f"  {number + 1} calls: {grown.heap_mb[-1]:.2f} MB, {grown.nodes[-1]:.0f} nodes", flush=True)
    return grown


@asynccontextmanager
async def _within(seconds: float, what: str) -> AsyncIterator[None]:
    """AssertionError that names what took longer: a wait of the browser's own protocol has no bound."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise AssertionError(f"{what} took more than {seconds:.0f} s") from error


async def _one(desk: Desk, phone: SipCaller) -> None:
    page: Page = desk.page
    call = await asks_for_a_person(phone, "12328")
    await desk.state("ringing", 25)
    await expect(page.locator("#btn-answer")).to_be_enabled()  # the live view may tell of the ring before the telephone has it
    await page.keyboard.press("Alt+A")
    await desk.state("talking")
    await page.fill("#draft-text", f"公交车末班车没有来，请公交集团答复，{phone.user}。")
    await expect(page.locator("#draft-state")).to_have_attribute("data-state", "saved")
    await page.keyboard.press("Alt+X")
    await call.wait_ended(10)
    await desk.state("ready", 15)


async def _look(session: CDPSession, grown: Grown, calls: int) -> None:
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    told: list[dict[str, Any]] = (await session.send("Performance.getMetrics"))["metrics"]
    metrics = {each["name"]: float(each["value"]) for each in told}
    grown.calls.append(calls)
    grown.heap_mb.append(metrics["JSHeapUsedSize"] / 1e6)
    grown.nodes.append(metrics["Nodes"])


def _weight_rows(weights: dict[str, list[Load]]) -> list[Row]:
    rows = []
    for path, loads in weights.items():
        own = tuple(load.own_kb for load in loads)
        rows.append(Row(f"{path}: bytes of ours at the first load", "kB", own, budget=Budget(OWN_KB)))
        if any(load.all_kb != load.own_kb for load in loads):
            whole = tuple(load.all_kb for load in loads)
            rows.append(Row(f"{path}: all bytes, with the telephone library", "kB", whole))
        rows.append(Row(f"{path}: first paint", "ms", tuple(load.paint_ms for load in loads), budget=Budget(PAINT_MS)))
    return rows


def _growth_rows(grown: Grown) -> list[Row]:
    heap, nodes, calls = grown.heap_mb, grown.nodes, grown.calls
    growth = (heap[-1] - heap[0]) / max(1, calls[-1] - calls[0]) * 100
    return [
        Row(f"heap of the desk's page after {calls[0]} calls", "MB", (heap[0],)),
        Row(f"heap of the desk's page after {calls[-1]} calls", "MB", (heap[-1],)),
        Row("growth of the heap in 100 calls", "MB", (growth,), budget=Budget(GROWTH_MB)),
        Row(f"nodes of the document after {calls[0]} calls", "", (nodes[0],)),
        Row(f"nodes of the document after {calls[-1]} calls", "", (nodes[-1],)),
    ]


def _picture(grown: Grown) -> Picture:
    curve = Curve("heap in use", tuple(float(each) for each in grown.calls), tuple(grown.heap_mb))
    return Picture("A desk's page over many calls", "calls", "MB", (curve,))


SERIES = Series(
    name="page",
    title="Weight and memory of a page",
    question=(
        "How many bytes a page costs at its first load and how soon something is painted, and whether a desk's page that is open "
        "for a whole shift grows: 200 calls, each answered, written about and ended by keys."
    ),
    run=measure,
)
