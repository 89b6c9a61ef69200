"""The administrator's page of people, and changing one's own password, in a real browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.running.instance import Hotline
from tests.running.page import Agents

pytestmark = pytest.mark.desktop

LOGIN = "qian.yu"


async def enter(page: Page, hotline: Hotline, login: str, password: str, path: str) -> None:
    """Sign in and go to a page."""
    await page.goto(f"{hotline.origin}/sign-in")
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    await page.goto(f"{hotline.origin}{path}")


async def test_an_administrator_adds_changes_and_disables_a_person_who_changes_the_own_password(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Adding by keyboard alone, the password once, a mistake told in its place, a telephone's password, out and gone."""
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    async with Agents(hotline, tmp_path) as agents:
        admin, person = (await agents.browser()).page, (await agents.browser()).page
        await enter(admin, hotline, "admin1", hotline.account("admin1"), "/people")
        row = admin.locator(f"tr[data-login='{LOGIN}']")
        await expect(admin.locator("tr[data-login='agent1']")).to_contain_text("张敏")
        await admin.focus("#btn-add")
        await admin.keyboard.press("Enter")
        await admin.keyboard.type("Qian Yu")
        await admin.keyboard.press("Tab")
        await admin.keyboard.type("钱宇")
        await admin.keyboard.press("Enter")
        await expect(admin.locator("#edit-error")).to_contain_text("小写字母")
        await admin.fill("input[name=login]", LOGIN)
        await admin.select_option("select[name=extension]", "1016")
        await admin.select_option("select[name=phone_kind]", "hardware")
        await admin.check("input[name=queue][value=second]")
        await admin.screenshot(path=pictures / "people-form.png")
        await admin.click("#btn-save")
        password = await admin.locator("#secret-facts code").last.inner_text()
        await admin.click("#btn-secret-close")
        await expect(row).to_contain_text("二线坐席")
        await expect(admin.locator("#secret-facts code")).to_have_count(0)
        assert password not in await admin.content()

        for _ in range(2):  # asked once more before it acts
            await row.locator("[data-act=telephone]").click()
        await expect(admin.locator("#secret-facts")).to_contain_text("agent-1016")
        await admin.screenshot(path=pictures / "people-secret.png")
        await admin.click("#btn-secret-close")
        await admin.screenshot(path=pictures / "people.png")

        await enter(person, hotline, LOGIN, password, "/password")
        for selector, text in (("#old", "wrong"), ("#new", "a-long-new-password"), ("#again", "a-long-new-password")):
            await person.fill(selector, text)
        await person.click("#btn-change")
        await expect(person.locator("#sign-in-error")).to_contain_text("不对")
        await person.fill("#old", password)
        await person.click("#btn-change")
        await expect(person.locator("#sign-in-error")).to_contain_text("已改好")
        await person.screenshot(path=pictures / "password.png")

        await row.locator("[data-act=disable]").focus()
        for _ in range(2):
            await admin.keyboard.press("Enter")
        await expect(row).to_contain_text("已停用")
        await expect(row.locator("[data-act=enable]")).to_be_focused()
        await person.goto(f"{hotline.origin}/desk")
        assert "/sign-in" in person.url
        for _ in range(2):
            await row.locator("[data-act=remove]").click()
        await expect(row).to_have_count(0)


async def test_an_officer_is_given_a_unit_and_nobody_else_is_asked_for_one(hotline: Hotline, tmp_path: Path) -> None:
    """The field is there for the two roles alone; who forgets it is told; the list shows whose officer it is."""
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    async with Agents(hotline, tmp_path) as agents:
        admin = (await agents.browser()).page
        await enter(admin, hotline, "admin1", hotline.account("admin1"), "/people")
        await expect(admin.locator("tr[data-login='head1']")).to_contain_text("单位负责人（市交通运输局）")
        await admin.click("#btn-add")
        await expect(admin.locator("#edit-unit")).not_to_be_visible()
        await admin.fill("input[name=login]", "zheng.hao")
        await admin.fill("input[name=name]", "郑浩")
        await admin.select_option("select[name=role]", "unit")
        await expect(admin.locator("#edit-unit")).to_be_visible()
        await admin.click("#btn-save")
        await expect(admin.locator("#edit-error")).to_contain_text("请选择单位")
        await admin.select_option("select[name=unit]", "water")
        await admin.screenshot(path=pictures / "people-officer-form.png")
        await admin.click("#btn-save")
        await admin.click("#btn-secret-close")
        row = admin.locator("tr[data-login='zheng.hao']")
        await expect(row).to_contain_text("承办人（供水集团）")
        await admin.screenshot(path=pictures / "people-officers.png")
        await row.locator("[data-act=change]").click()
        await admin.select_option("select[name=role]", "clerk")
        await expect(admin.locator("#edit-unit")).not_to_be_visible()
        await admin.click("#btn-save")
        await expect(row).to_contain_text("工单员")
        for _ in range(2):
            await row.locator("[data-act=remove]").click()
        await expect(row).to_have_count(0)


async def test_a_renamed_pause_reason_is_in_an_open_desk_at_once(hotline: Hotline, tmp_path: Path) -> None:
    """An agent paused with it sees the new name; one that is switched off leaves the list and keeps its name."""
    async with Agents(hotline, tmp_path) as agents:
        admin = (await agents.browser()).page
        await enter(admin, hotline, "admin1", hotline.account("admin1"), "/people")
        desk = await agents.desk("agent3")
        await desk.become_ready()
        await desk.page.select_option("#pause-reason", "meeting")
        await desk.page.click("#btn-pause")
        await desk.state("paused")
        row = admin.locator("tr[data-reason=meeting]")
        for name, active in (("开会", False), ("会议", True)):
            await row.locator("input").first.fill(name)
            await row.locator("input[type=checkbox]").set_checked(active)
            await row.locator("button").click()
            await expect(desk.page.locator("#state-hint")).to_contain_text(name, timeout=5000)
            await expect(desk.page.locator("#pause-reason option[value=meeting]")).to_have_count(int(active))
        await desk.page.click("#btn-sign-out")
        await desk.page.wait_for_url("**/sign-in")
