"""A dial-test in the bridge's hands: the citizens' menu, and no call of the board."""

from __future__ import annotations

import pytest

from ami_bridge.dial_tests import MOST, DialTestBegun, DialTests, begun
from ami_bridge.menus import Menus
from ami_bridge.protocol import Packet
from ami_bridge.translate import translate
from hotline_core.domain import commands as cmd
from hotline_core.domain import events as ev
from ivr.menu import MENUS_FOLDER, load_menus

pytestmark = pytest.mark.unit
MENUS = load_menus(MENUS_FOLDER)
PROMPTS = {key: f"/p/{key}" for menu in MENUS.values() for node in menu.nodes.values() for key in getattr(node, "say", ())}
START = [
    ("Event", "AsyncAGIStart"), ("Channel", "PJSIP/trunk-x-01"), ("Context", "probe"), ("Exten", "12328"), ("Uniqueid", "h1-1.2"),
]  # fmt: skip
TEST = DialTestBegun("h1-1.2", "PJSIP/trunk-x-01", "12328")


def test_the_dialplans_context_makes_a_dial_test_and_nothing_else_does() -> None:
    """A citizen's call has a CALLREF; what has none means nothing to the board."""
    assert begun(Packet(START)) == [TEST]
    assert translate(Packet(START)) == []
    assert begun(Packet([*START, ("ChanVariable", "CALLREF=h1-1.2")])) == []
    assert begun(Packet([(key, "arrive" if key == "Context" else value) for key, value in START])) == []
    assert begun(Packet([(key, "x y" if key == "Uniqueid" else value) for key, value in START])) == []
    joined = [("Event", "QueueCallerJoin"), ("Channel", TEST.channel), ("Uniqueid", "h1-1.2"), ("Queue", "hotline")]
    assert translate(Packet(joined)) == []


def test_a_silent_dial_test_hears_the_menu_and_goes_to_the_queue() -> None:
    """The same question as a citizen's, and the same way out of it."""
    tests, menus = DialTests(), Menus(MENUS, PROMPTS)
    [question], _ = tests.begin(TEST, menus, 1.0)
    assert question.prompts == ("/p/greet-12328", "/p/menu-12328")
    assert tests.take(ev.MenuStepped(TEST.test_id)) == []
    _, events = menus.answered(TEST.test_id, "", 8.0)
    assert [tests.take(event) for event in events] == [[cmd.SendToQueue(TEST.test_id, TEST.channel)]]
    assert tests.take(events[0]) is None, "the next one with this id is a call's"


def test_a_key_that_leads_outside_ends_a_dial_test_and_so_does_a_menu_that_fails() -> None:
    """Whoever forged the probe's number reaches no rescuers."""
    for keyed in ("9", None):
        tests, menus = DialTests(), Menus(MENUS, PROMPTS)
        tests.begin(TEST, menus, 1.0)
        events = menus.answered(TEST.test_id, keyed, 2.0)[1] if keyed else menus.failed(TEST.test_id)
        assert [tests.take(event) for event in events] == [[cmd.LeaveMenu(TEST.test_id, TEST.channel)]]


def test_a_calls_own_events_are_left_to_the_board_and_too_many_dial_tests_are_not_begun() -> None:
    """Somebody who calls in masses under the probe's number takes nothing from citizens."""
    tests, menus = DialTests(), Menus(MENUS, PROMPTS)
    assert tests.take(ev.MenuLeft("h1-9.9", "queue", "", noticed=True)) is None
    assert tests.take(ev.CallEnded(TEST.test_id, 16)) is None
    for number in range(MOST):
        assert tests.begin(DialTestBegun(f"h1-{number}.1", "x", "12328"), menus, 1.0)[0]
    assert tests.begin(TEST, menus, 1.0) == ([], [])
    tests.forget()
    assert tests.begin(TEST, menus, 1.0)[0]
