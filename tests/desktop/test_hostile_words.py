"""Whatever is typed into a field of the desk is kept to the letter, runs nowhere, and breaks no page that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.running.instance import Hotline
from tests.running.page import Desk, asks_for_a_person, ready_agent
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop

SCRIPT = "<script>window.hit=1</script><img src=x onerror='window.hit=2'>\"><svg onload=window.hit=3>"
# What each field is given, and what it keeps of it: a field with a length takes what fits, as a browser does with a long paste.
FIELDS: dict[str, tuple[str, str]] = {
    "title": ("=HYPERLINK(\"http://x\",\"点\") " + "长" * 10_000, ("=HYPERLINK(\"http://x\",\"点\") " + "长" * 10_000)[:200]),
    "place": (SCRIPT, SCRIPT),
    "object": ("@SUM(1+1)*cmd|' /C calc'!A0 {{7*7}} ${7*7} javascript:alert(1)",) * 2,
    "happened_at": ("昨晚\u202e01:22\u200f \u2066abc\u2069 \u202d1",) * 2,
    "name": ("𠮷野家👩‍👩‍👧‍👦𩸽㐂龘\u0301\u0301\u0301 ʹ <b>",) * 2,
    "number": ("+86 138-5570 9301",) * 2,
    "address": ("'; DROP TABLE drafts;-- \\\\ \" ％00 ../../etc/passwd 🏠",) * 2,
}
TEXT = SCRIPT + "\n" + "一二三四五六七八九十" * 1000 + "\n\u202eعربي 𠀀𪚥 🇨🇳 \u200b\ufeff =1+1\t末尾"


async def written(page: Page) -> dict[str, str]:
    """What the form shows."""
    shown = {name: await page.input_value(f"#ticket-form [name={name}]") for name in FIELDS}
    return {**shown, "text": await page.input_value("#draft-text")}


async def nothing_ran(page: Page) -> None:
    """No script of the words, no dialog; the page's own parts are still there."""
    assert await page.evaluate("window.hit") is None
    assert await page.locator("img[src=x], main script, main svg[onload]").count() == 0


async def fills(desk: Desk) -> None:
    """Each field as a paste, which a browser cuts to the field's length."""
    for name, (pasted, _kept) in FIELDS.items():
        await desk.page.focus(f"#ticket-form [name={name}]")
        await desk.page.keyboard.insert_text(pasted)
    await desk.page.focus("#draft-text")
    await desk.page.keyboard.insert_text(TEXT)
    for name, typed in (("klass", "ts"), ("field", "jtcx")):
        await desk.page.focus(f"#ticket-form [name={name}]")
        await desk.page.keyboard.type(typed)
        await desk.page.keyboard.press("Enter")


async def test_hostile_words_in_every_field_are_kept_to_the_letter_and_run_on_no_page(hotline: Hotline, tmp_path: Path) -> None:
    """Scripts, ten thousand signs, emoji, rare signs, marks of direction, formulas: at the desk, over a reload, on other pages."""
    kept = {**{name: after for name, (_given, after) in FIELDS.items()}, "text": TEXT}
    faults: list[str] = []
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855709301") as phone:
        page = desk.page
        page.context.on("weberror", lambda error: faults.append(str(error.error)))
        call = await asks_for_a_person(phone, "12345")
        await desk.answer()
        await fills(desk)
        assert await written(page) == kept
        await expect(page.locator("#draft-state")).to_have_attribute("data-state", "saved", timeout=10_000)
        await page.reload(wait_until="commit")
        await expect(page.locator("#draft-text")).to_have_value(TEXT)
        assert await written(page) == kept
        await nothing_ran(page)

        await page.keyboard.press("Alt+G")
        await expect(page.locator("#act-sheet")).to_have_attribute("data-open", "true")
        await page.keyboard.press("Control+Enter")
        link = page.locator("#made-list a")
        await expect(link).to_contain_text("待派")
        number = str(await link.get_attribute("href")).rsplit("/", 1)[1]
        await page.wait_for_function("() => window.hotline.phone.session === 'talking'")  # the reloaded page has its talk back
        await page.keyboard.press("Alt+X")
        await call.wait_ended(5)

        order = await page.context.new_page()
        await order.goto(f"{hotline.origin}/tickets/{number}")
        await expect(order.locator("#one-title")).to_have_text(kept["title"], use_inner_text=False)
        assert await order.locator("#one-text").text_content() == TEXT
        for name in ("place", "object", "happened_at", "name", "address"):
            assert await order.locator(f"#one-facts [data-name={name}]").text_content() == kept[name]
        await nothing_ran(order)
        for path in (f"/tickets/{number}/print", "/tickets", "/calls"):
            await order.goto(f"{hotline.origin}{path}")
            await order.wait_for_load_state("networkidle")
            await nothing_ran(order)
        await order.goto(f"{hotline.origin}/tickets")
        await expect(order.locator(f"tr[data-number='{number}'] td.title a")).to_contain_text("=HYPERLINK")

        again = await asks_for_a_person(phone, "12328")
        await desk.answer()
        row = page.locator(f"#ticket-tickets li[data-number='{number}']")
        await expect(row).to_contain_text("=HYPERLINK")
        width = await row.evaluate("row => row.scrollWidth - row.parentElement.clientWidth")
        assert width <= 0, "a long title does not widen the page"
        await nothing_ran(page)
        await page.keyboard.press("Alt+X")
        await again.wait_ended(5)
    assert faults == []
