"""The audit trail's page in a real Chromium: refusals stand out, a call is sought, the whole chain is looked at."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.accessible import everything
from tests.running.instance import Hotline
from tests.running.long_call import put_long_call
from tests.running.page import Agents
from tests.running.ticket_pages import officer

pytestmark = pytest.mark.desktop

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
CALL = "h1-9100.1"
GUESSED = "h1-9100.99999"
ASK = """
async ([call, reason, note, pass]) => {
  if (pass) return (await fetch(`/api/calls/${call}/recording?pass=${pass}`)).status;
  const headers = {'X-Hotline': '1', 'Content-Type': 'application/json'};
  const asked = await fetch(`/api/calls/${call}/listening`, {method: 'POST', headers, body: JSON.stringify({reason, note})});
  return asked.status;
}
"""


async def test_an_auditor_sees_who_heard_what_and_why_and_who_was_refused(hotline: Hotline, tmp_path: Path) -> None:
    """A listening with its reason, three refusals, the chain whole; nothing on the page changes a row."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    put_long_call(hotline.settings, CALL, time.time() - 4000, agent="1002", length_s=30)
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        assert browser is not None
        lead = (await officer(browser, hotline, "supervisor1")).page
        assert await lead.evaluate(ASK, [CALL, "complaint", "市民投诉态度，工单 20261122000017", ""]) == 200
        agent = (await officer(browser, hotline, "agent1")).page
        assert await agent.evaluate(ASK, [CALL, "recheck", "", ""]) == 403
        assert await agent.evaluate(ASK, [GUESSED, "recheck", "", ""]) == 404
        assert await lead.evaluate(ASK, [CALL, "", "", "forged"]) == 403
        page = (await officer(browser, hotline, "auditor1")).page
        await page.goto("/audit")
        refused = page.locator("tr[data-act=recording_refused]")
        await expect(refused.filter(has_text=CALL).filter(has_text="别人的通话")).to_have_count(1, timeout=10_000)
        await expect(refused.filter(has_text=GUESSED).filter(has_text="猜的地址")).to_have_count(1)
        await expect(page.locator("tr[data-act=recording_listened]").first).to_contain_text("处理投诉或申诉")
        await page.click("#btn-chain")
        await expect(page.locator("#chain-told")).to_have_attribute("data-state", "whole")
        await page.screenshot(path=PICTURES / "audit.png")
        assert await everything(page) == []
        await page.fill("#filter-subject", CALL)
        await expect(page.locator("#rows tr").filter(has_not_text=CALL)).to_have_count(0)
        await expect(page.locator("#rows tr[data-act=recording_listened]")).to_have_count(1)
        await page.select_option("#filter-group", label="拒绝收听")
        await expect(page.locator("#rows tr[data-act=recording_listened]")).to_have_count(0)
        await expect(page.locator(f"#rows a[href='/calls?call={CALL}']").first).to_be_visible()
