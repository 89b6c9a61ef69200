"""Dial-tests in the bridge's hands: led through the same menu as citizens, and no calls of the board; pure.

The dialplan gives them no CALLREF, so nothing else they do means anything to the bridge (translate.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from ami_bridge.menus import Menus, Question
from ami_bridge.protocol import Packet
from ami_bridge.translate import CALL_ID
from hotline_core.domain import commands as cmd
from hotline_core.domain import events as ev
from hotline_core.domain.events import Event

CONTEXT = "probe"  # of the dialplan; its extension is the line
MOST = 16  # one at a time is rung; more are a forged caller's


@dataclass(frozen=True, slots=True)
class DialTestBegun:
    """A dial-test waits in AGI for the menu of its line."""

    test_id: str
    channel: str
    line: str


def begun(packet: Packet) -> list[DialTestBegun]:
    """The dial-test that an AMI packet begins, nothing for any other packet."""
    if packet.text("Event") != "AsyncAGIStart" or packet.text("Context") != CONTEXT or packet.variable("CALLREF"):
        return []
    test_id = packet.text("Uniqueid")
    return [DialTestBegun(test_id, packet.text("Channel"), packet.text("Exten"))] if CALL_ID.fullmatch(test_id) else []


class DialTests:
    """The channels of the dial-tests that are in a menu now, by their unique id."""

    def __init__(self) -> None:
        self._channels: dict[str, str] = {}

    def begin(self, test: DialTestBegun, menus: Menus, now: float) -> tuple[list[Question], list[Event]]:
        """Its first question, as a citizen's; nothing for one too many, which the dialplan ends by itself."""
        if len(self._channels) >= MOST:
            return [], []
        self._channels[test.test_id] = test.channel
        return menus.begin(test.test_id, test.channel, test.line, now)

    def forget(self) -> None:
        """The link was lost; what was in a menu then ends by the dialplan's own lease."""
        self._channels.clear()

    def take(self, event: Event) -> list[cmd.Command] | None:
        """The commands that a menu's event means for a dial-test; None when it is a call's."""
        if not isinstance(event, ev.MenuStepped | ev.MenuLeft | ev.MenuFailed) or event.call_id not in self._channels:
            return None
        if isinstance(event, ev.MenuStepped):
            return []
        channel = self._channels.pop(event.call_id)
        # a key that leads outside is a forged caller's: no party is ever called by a dial-test
        is_led = isinstance(event, ev.MenuLeft) and event.to == "queue"
        return [cmd.SendToQueue(event.call_id, channel) if is_led else cmd.LeaveMenu(event.call_id, channel)]
