"""A caller's way through the menu, as the agent reads it: keys with what they stand for, the same for either line."""

from __future__ import annotations

import pytest

from ami_bridge.menus import Menus
from hotline_core.domain import events as ev
from hotline_core.domain.call import Call, step
from hotline_core.domain.commands import Write
from ivr.menu import MENUS_FOLDER, load_menus

pytestmark = pytest.mark.unit

MENUS = load_menus(MENUS_FOLDER)
PROMPTS = {key: f"/p/{key}" for menu in MENUS.values() for node in menu.nodes.values() for key in getattr(node, "say", ())}


def way(line: str, *keys: str) -> ev.MenuLeft:
    """The end of the menu of a caller who answers each question so; an empty key is silence."""
    menus = Menus(MENUS, PROMPTS)
    menus.begin("c1", "ch", line, 0.0)
    for at, key in enumerate(keys):
        _, events = menus.answered("c1", key, float(at))
        left = [event for event in events if isinstance(event, ev.MenuLeft)]
        if left:
            return left[0]
    raise AssertionError("still in the menu")


@pytest.mark.parametrize("line", sorted(MENUS))
@pytest.mark.parametrize(
    ("keys", "path"),
    [
        (("",), ""), (("0",), "0 人工"), (("1", "0"), "1 铁路 › 0 人工"), (("2", "1"), "2 民航 › 1 转接"), (("3", ""), "3 邮政"),
        (("9",), "9 水上求助"), (("7", ""), "7 按错键"),
    ],
)  # fmt: skip
def test_the_way_of_a_caller_is_told_in_the_words_of_the_menus_file(line: str, keys: tuple[str, ...], path: str) -> None:
    """Silence is no key; a wrong one is told as such; the key that ends the menu is told too."""
    assert way(line, *keys).path == path


def test_the_way_stands_in_the_call_and_in_its_course() -> None:
    """And a silent caller's call has none."""
    call = Call("c1", "12328", "13800001234", "12328", "ch", "greeting", 0.0, 0.0)
    after, commands = step(call, ev.MenuLeft("c1", "queue", "", noticed=False, path="1 铁路 › 0 人工"), now=6.0)
    assert after is not None
    assert after.menu == "1 铁路 › 0 人工"
    assert commands[0] == Write("notice_played", "c1", 6.0, {"complete": False, "menu": "1 铁路 › 0 人工"})
    _, silent = step(call, ev.MenuLeft("c1", "queue", "", noticed=True), now=6.0)
    assert silent[0] == Write("notice_played", "c1", 6.0, {"complete": True})
