"""Who works on tickets in a real browser: signs in, reads a ticket, and does its acts with the keys that the page tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.running.instance import Hotline

MAKE = """
async content => {
  const answer = await fetch('/api/tickets', {method: 'POST', headers: {'X-Hotline': '1', 'Content-Type': 'application/json'},
    body: JSON.stringify({content, act: 'accept', facts: {}})});
  return answer.json();
}
"""
MATTERS: tuple[tuple[Any, ...], ...] = (
    ("12328", "complaint", "city_passenger", "central", "出租车拒载老人", {}),
    ("12328", "complaint", "road", "north", "国道 206 路面坑洼，两车爆胎", {"is_safety": True}),
    ("12345", "help", "utilities", "west", "小区停水两天无人处理", {"is_urgent": True}),
    ("12345", "complaint", "urban", "south", "夜市占道经营堵塞消防通道", {}),
    ("12328", "suggestion", "road_transport", "east", "建议驾校公示退费标准", {}),
    ("12345", "report", "market", "river", "超市销售过期食品", {"is_secret": True, "name": "刘先生", "number": "13955709999"}),
    ("12345", "consult", "tax_business", "development", "个体户注销要带哪些材料", {}),
)


class Officer:
    """One person of the centre or of a unit at the pages of tickets."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def open(self, path: str) -> None:
        """Go to a page of the desk."""
        await self.page.goto(path)

    async def ticket(self, number: str, stage: str) -> None:
        """Open a ticket and wait until it is there, in this stage."""
        await self.page.goto(f"/tickets/{number}")
        await self.at(stage)

    async def at(self, stage: str) -> None:
        """Wait until the ticket on the screen is in this stage."""
        await expect(self.page.locator("#one-stage")).to_have_attribute("data-stage", stage)

    async def offered(self) -> set[str]:
        """The acts that the page offers now."""
        await expect(self.page.locator("#acts button").first).to_be_visible()
        acts = await self.page.locator("#acts button").evaluate_all("buttons => buttons.map(button => button.dataset.act)")
        return set(acts)

    async def does(self, act: str, facts: Mapping[str, str | bool] | None = None, *, stage: str) -> None:
        """The act's own digit, its form filled from above by Tab and typing, Ctrl+Enter; then the ticket is in `stage`."""
        await self.opens(act)
        for name, value in (facts or {}).items():
            place = self.page.locator(f"#act-form [name={name}]")
            if isinstance(value, bool):
                await self.page.focus(f"#act-form [name={name}][value={'yes' if value else 'no'}]")
                await self.page.keyboard.press("Space")
                continue
            await place.focus()
            await self.page.keyboard.type(value)
            if await place.get_attribute("role") == "combobox":
                await self.page.keyboard.press("Enter")
        await self.page.keyboard.press("Control+Enter")
        await expect(self.page.locator("#act-form")).to_have_attribute("data-open", "false")
        await self.at(stage)

    async def opens(self, act: str) -> None:
        """Press the digit that the act's button shows."""
        button = self.page.locator(f"#acts [data-act={act}]")
        await expect(button).to_be_visible()
        await self.page.evaluate("document.activeElement?.blur()")
        await self.page.keyboard.press(str(await button.get_attribute("aria-keyshortcuts")))
        await expect(self.page.locator("#act-form")).to_have_attribute("data-act", act)
        await expect(self.page.locator("#act-form :focus")).to_have_count(1)

    async def course(self) -> list[str]:
        """The acts of the ticket's course, oldest first."""
        return list(await self.page.locator("#steps li[data-act]").evaluate_all("rows => rows.map(row => row.dataset.act)"))


async def officer(browser: Browser | None, hotline: Hotline, login: str, *, dark: bool = False) -> Officer:
    """Somebody signed in, in a browser window of their own."""
    assert browser is not None
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai", base_url=hotline.origin,
        color_scheme="dark" if dark else "light",
    )  # fmt: skip
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", hotline.account(login))
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/(desk|floor|calls|tickets)"))
    return Officer(page)


async def made(clerk: Officer, *matters: tuple[Any, ...]) -> list[str]:
    """Tickets that came by other ways than the telephone, taken on; their numbers."""
    numbers = []
    for line, klass, field, area, title, more in matters:
        content = {"line": line, "klass": klass, "field": field, "area": area, "title": title, "text": f"{title}，请核查。", **more}
        told = await clerk.page.evaluate(MAKE, content)
        assert "number" in told, told
        numbers.append(str(told["number"]))
    return numbers


async def choose_profile(page: Page, line: str, profile: str, *, days: int) -> str:
    """On the page of rules: from so many days after today on the line has this profile; the day as YYYY-MM-DD."""
    form = page.locator("#choice-form")
    await expect(form.locator(f"[name=profile] option[value={profile}]")).to_be_attached()
    today = date.fromisoformat(str(await form.locator("[name=begins]").get_attribute("min")))
    begins = (today + timedelta(days=days)).isoformat()
    await form.locator("[name=line]").select_option(line)
    await form.locator("[name=profile]").select_option(profile)
    await form.locator("[name=begins]").fill(begins)
    await form.locator("button").focus()
    await page.keyboard.press("Enter")
    return begins
