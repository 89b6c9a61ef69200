"""Every page and state in a real Chromium, for who sees or moves otherwise: axe-core clean, light and dark, small and at 200 %."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.running.accessible import everything, in_small_windows
from tests.running.instance import Hotline
from tests.running.tour import TOURS, Look

pytestmark = pytest.mark.desktop

ALSO_SMALL = {"desk-talking"}  # the busiest page, arranged anew in each window: looked at whole there too


@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.__name__)
async def test_every_state_of_every_page_is_without_a_fault_for_people_who_see_or_move_otherwise(
    hotline: Hotline, tmp_path: Path, tour: Callable[[Hotline, Path, Look], Awaitable[None]]
) -> None:
    """WCAG 2.2 A and AA as far as axe-core can tell, colours in the dark too, nothing to be scrolled sideways."""
    found: dict[str, list[str]] = {}

    async def look(page: Page, state: str) -> None:
        found[state] = await everything(page)
        if state in ALSO_SMALL:
            found[state] += await in_small_windows(page)

    await tour(hotline, tmp_path, look)
    assert found, "the tour has states"
    assert tour.__name__ != "a_call" or found.keys() >= ALSO_SMALL
    assert {state: faults for state, faults in found.items() if faults} == {}
