"""Every route by every role: what the rights table says, what the application does, and what the document shows are one table."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from agent_desktop.rights import load_rights
from tests.integration.desk_kit import application, prepare, settings_of
from tests.running.instance import CHECKOUT
from tests.security import roles

pytestmark = pytest.mark.integration


@pytest.fixture
def app(short_folder: Path) -> FastAPI:
    settings = settings_of(short_folder)
    prepare(settings)
    return application(settings)


async def test_every_route_lets_in_exactly_the_roles_of_the_table_by_cookie(app: FastAPI) -> None:
    """Pages, API and the live view; nobody stands for who is not signed in."""
    assert await roles.answered(app) == roles.meant(app, load_rights())


async def test_a_token_opens_no_route_that_its_role_may_not_use_and_no_page(app: FastAPI) -> None:
    """Pages and the live view are for people with a session."""
    meant = {(method, path): row for method, path, row in roles.meant(app, load_rights())}
    for method, path, row in await roles.answered(app, by_token=True):
        assert path not in roles.PAGES or not any(row), path
        assert all(may or not is_in for is_in, may in zip(row, meant[(method, path)], strict=True)), (method, path)


def test_the_document_shows_the_table_of_today(app: FastAPI) -> None:
    """docs/security.md; a new route changes it before anybody's eyes."""
    text = (CHECKOUT / "docs/security.md").read_text(encoding="utf-8")
    inside = text.partition("<!-- routes: begin -->\n")[2].partition("\n<!-- routes: end -->")[0]
    current = roles.table(roles.meant(app, load_rights()))
    assert inside == current, current
