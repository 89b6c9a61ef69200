"""The page of recordings in a real Chromium: found by what is known of them, opened by keyboard, taken as training material."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.async_api import expect
from sqlalchemy import insert, update

from hotline_core.adapters.calls_schema import CALLS, HELD, HOLDS, RECORDINGS, TRANSFERS
from hotline_core.adapters.engine import make_engine, writing
from tests.running.accessible import everything
from tests.running.instance import Hotline
from tests.running.long_call import put_long_call
from tests.running.page import Agents
from tests.running.ticket_pages import officer

pytestmark = pytest.mark.desktop
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
IDS = [f"h1-{9500 + n}.1" for n in range(4)]


def shelved(hotline: Hotline) -> None:
    """Four calls: a long one, one with a third, one that is held, one that was a complaint."""
    now, engine = time.time(), make_engine(hotline.settings.calls_url)
    for n, call_id in enumerate(IDS):
        put_long_call(hotline.settings, call_id, now - 9000 - n * 600, length_s=90 if n == 0 else 20)
    with writing(engine) as connection:
        for n, call_id in enumerate(IDS):
            told = {"caller": f"1995570000{n}", "agent": "1001" if n else "1002"}
            connection.execute(update(CALLS).where(CALLS.c.call_id == call_id).values(told))
        empty = dict.fromkeys(("kind", "to", "queue"), "")
        third = {"call_id": IDS[1], "n": 1, "way": "consult", "asked_at": now - 9500, "party": "12306", "name": "铁路客服"}
        connection.execute(insert(TRANSFERS), {**third, **empty, "by": "1001"})
        connection.execute(insert(HOLDS), {"key": "2026-检-1", "reason": "x", "by": "lead", "at": now})
        connection.execute(insert(HELD), {"key": "2026-检-1", "call_id": IDS[2]})
        connection.execute(update(RECORDINGS).where(RECORDINGS.c.call_id == IDS[3]).values(klass="complaint"))
    engine.dispose()


async def test_a_supervisor_finds_recordings_by_what_is_known_of_them_and_takes_one_for_training(
    hotline: Hotline, tmp_path: Path
) -> None:
    """By number, length, class, case and agent; what cannot be asked is said; the rest by keyboard."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    shelved(hotline)
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        assert browser is not None
        page = (await officer(browser, hotline, "supervisor1")).page
        keys = page.keyboard
        await page.goto("/recordings")
        rows = page.locator("#recordings tr[data-call-id]")
        await expect(page.locator("#filter-caller")).to_be_focused()
        await keys.type("199 5570")
        await expect(rows).to_have_count(4)
        await page.screenshot(path=PICTURES / "recordings.png")
        assert await everything(page) == []
        for name, value, found in (("shortest", "1", IDS[0]), ("hold", "2026-检-1", IDS[2]), ("agent", "1002", IDS[0])):
            await page.fill(f"[name={name}]", value)
            await expect(rows).to_have_count(1)
            await expect(rows.first).to_have_attribute("data-call-id", found)
            await page.fill(f"[name={name}]", "")
            await expect(rows).to_have_count(4)
        await page.check("[name=held]")
        await expect(rows).to_have_count(1)
        await expect(rows.first).to_contain_text("保全中")
        await page.uncheck("[name=held]")
        await page.select_option("[name=klass]", "complaint")
        await expect(rows.first).to_have_attribute("data-call-id", IDS[3])
        await page.select_option("[name=klass]", "")
        await page.fill("[name=longest]", "0.5")
        await page.fill("[name=shortest]", "2")
        await expect(page.locator("#found-notice")).to_contain_text("最短不能长于最长")
        assert await everything(page) == []
        await page.fill("[name=shortest]", "")
        await expect(rows).to_have_count(3)
        await page.focus("#filter-caller")
        await keys.press("ArrowDown")
        await keys.press("Enter")
        detail = page.locator("tr.detail")
        await expect(page.locator(f"tr[data-call-id='{IDS[1]}']")).to_have_attribute("data-open", "true")
        await expect(detail.locator(".player")).to_be_visible()
        training = detail.locator(".training")
        await training.locator("button").click()
        await expect(training.locator(".trouble")).to_contain_text("理由")
        await keys.type("解释退票规定很清楚")
        await keys.press("Enter")
        await expect(training).to_have_attribute("data-taken", "true")
        await expect(training).to_contain_text("解释退票规定很清楚")
        await page.screenshot(path=PICTURES / "recordings-open.png")
        assert await everything(page) == []
        await training.locator("input").fill("换了更好的")
        await keys.press("Enter")
        await expect(training).to_have_attribute("data-taken", "false")
        agent = await agents.desk("agent1")
        await agent.page.goto(f"{hotline.origin}/recordings?caller=1995570000")
        # these calls are of an agent who had the extension before
        await expect(agent.page.locator("#recordings tr.none")).to_contain_text("没有找到")
        await expect(agent.page.locator("[name=held], [name=hold], [name=agent]")).to_have_count(0)
