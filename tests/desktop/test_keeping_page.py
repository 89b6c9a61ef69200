"""The page of keeping in a real Chromium: a planned deletion is held by case, the case is shown and released."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import expect
from sqlalchemy import insert

from hotline_core.adapters.calls_schema import DELETIONS
from hotline_core.adapters.engine import make_engine, writing
from tests.running.accessible import everything
from tests.running.instance import Hotline
from tests.running.long_call import put_long_call
from tests.running.page import Agents
from tests.running.ticket_pages import officer

pytestmark = pytest.mark.desktop

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
DAY_S = 86_400.0
CASE = "（2026）皖1302民初17号"


def announced(hotline: Hotline) -> list[str]:
    """Three short calls whose deletion is announced, one certificate; their ids."""
    now, calls = time.time(), [f"h1-{9300 + n}.1" for n in range(4)]
    engine = make_engine(hotline.settings.calls_url)
    for n, call_id in enumerate(calls):
        put_long_call(hotline.settings, call_id, now - 5000 - n * 60, length_s=20)
        with writing(engine) as connection:
            told = {"reason": "overdue" if n == 2 else "expired", "rule": "2014-09-01/ordinary", "klass": "ordinary"}
            done = {"certified_at": now - 600, "certified_hash": "3f" * 32} if n == 3 else {}
            row = {"call_id": call_id, "leg": 0, "planned_at": now - DAY_S, "planned_for": now + (n + 2) * DAY_S, **told, **done}
            connection.execute(insert(DELETIONS), {"started_at": now - 400 * DAY_S, "sha256": "ab" * 32, **row})
    engine.dispose()
    return calls


async def test_a_planned_deletion_is_held_by_a_case_and_the_case_is_released(hotline: Hotline, tmp_path: Path) -> None:
    """With keys and clicks as a supervisor would; what is missing is said where it is missing."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    calls = announced(hotline)
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        assert browser is not None
        page = (await officer(browser, hotline, "supervisor1")).page
        await page.goto("/keeping")
        row = page.locator(f"#planned tr[data-call-id='{calls[0]}']")
        await expect(row).to_contain_text("普通", timeout=10_000)
        await expect(page.locator("#certificates")).to_contain_text("3f3f3f3f")
        await row.locator("[data-hold]").click()
        await page.keyboard.type(CASE)
        await page.click("#hold-form button[type=submit]")
        await expect(page.locator("#hold-error")).to_have_text("请写理由。")
        await page.keyboard.type("法院调取录音")
        await page.keyboard.press("Enter")
        case = page.locator(f"#holds li[data-key='{CASE}']")
        await expect(case).to_contain_text("1 通")
        await case.locator("[data-show]").click()
        await expect(case.locator(".calls")).to_contain_text(calls[0])
        await page.screenshot(path=PICTURES / "keeping.png")
        assert await everything(page) == []
        await case.locator("[data-export]").click()
        await page.keyboard.type("移送法院")
        async with page.expect_download() as begun:
            await page.keyboard.press("Enter")
        saved = await begun.value
        await saved.save_as(tmp_path / "case.zip")
        with zipfile.ZipFile(tmp_path / "case.zip") as archive:
            assert archive.testzip() is None
            assert f"{calls[0]}/recording.ogg" in archive.namelist()
        await case.locator("[data-release]").click()
        await page.keyboard.press("Enter")
        await expect(page.locator("#confirm-error")).to_have_text("请写理由。")
        await page.screenshot(path=PICTURES / "keeping-release.png")
        await page.keyboard.type("已结案")
        await page.keyboard.press("Enter")
        await expect(case).to_have_count(0)
        await page.check("#holds-all")
        await expect(case).to_contain_text("已结案")
