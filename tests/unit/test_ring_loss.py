"""A ring that nobody can answer any more is withdrawn, and no other; read off Asterisk's own words."""

from __future__ import annotations

import pytest

from ami_bridge.protocol import Packet
from ami_bridge.ring_watch import heard
from hotline_core.domain.ring_loss import (
    GRACE_S,
    ContactLost,
    ContactThere,
    Looked,
    Ring,
    RingEvent,
    RingOver,
    Rings,
    Rung,
    is_any_lost,
    step,
)

pytestmark = pytest.mark.unit

LEG, OTHER_LEG = "PJSIP/agent-1001-0000002a", "PJSIP/agent-1002-0000002b"
PAGE, FRESH = "lqucve85", "qw3rty12"  # what a page calls itself, new with each load
OPEN = Looked(is_way_open=True)
SHUT = Looked(is_way_open=False)
Told = tuple[float, RingEvent]


def withdrawn(*told: Told) -> list[tuple[float, str]]:
    """When which channel was hung up."""
    rings: Rings = {}
    found: list[tuple[float, str]] = []
    for now_s, event in told:
        rings, over = step(rings, event, now_s)
        found += [(now_s, channel) for channel in over]
    return found


RUNG: Told = (0.0, Rung("1001", LEG))
LOST: Told = (1.0, ContactLost("1001", PAGE))


@pytest.mark.parametrize(
    ("story", "told", "over"),
    [
        ("the page was killed", [RUNG, LOST, (3.9, OPEN), (4.0, OPEN)], [(4.0, LEG)]),
        ("withdrawn once", [RUNG, LOST, (4.0, OPEN), (5.0, OPEN)], [(4.0, LEG)]),
        ("its websocket alone broke", [RUNG, LOST, (3.0, ContactThere("1001", PAGE)), (9.0, OPEN)], []),
        (
            "broke twice",
            [RUNG, LOST, (2.0, ContactThere("1001", PAGE)), (5.0, ContactLost("1001", PAGE)), (8.0, OPEN)],
            [(8.0, LEG)],
        ),
        ("the page was loaded anew", [RUNG, LOST, (1.2, ContactThere("1001", FRESH)), (4.0, OPEN)], [(4.0, LEG)]),
        ("the fresh page was lost too", [RUNG, LOST, (2.0, ContactLost("1001", FRESH)), (4.0, OPEN)], [(4.0, LEG)]),
        ("told twice that it is lost", [RUNG, LOST, (2.0, ContactLost("1001", PAGE)), (4.0, OPEN)], [(4.0, LEG)]),
        ("answered before", [RUNG, (0.5, RingOver(LEG)), LOST, (9.0, OPEN)], []),
        ("answered in the grace", [RUNG, LOST, (2.0, RingOver(LEG)), (9.0, OPEN)], []),
        ("a colleague's page was killed", [RUNG, (1.0, ContactLost("1002", PAGE)), (9.0, OPEN)], []),
        ("a colleague's page is there", [RUNG, LOST, (2.0, ContactThere("1002", PAGE)), (4.0, OPEN)], [(4.0, LEG)]),
        ("nothing is rung", [LOST, (9.0, OPEN)], []),
        ("nothing was lost", [RUNG, (1.0, ContactThere("1001", PAGE)), (30.0, OPEN)], []),
        ("lost before the ring", [(0.0, ContactLost("1001", PAGE)), (1.0, Rung("1001", LEG)), (9.0, OPEN)], []),
        ("the relay is gone", [RUNG, LOST, (4.0, SHUT), (6.9, OPEN), (7.0, OPEN)], [(7.0, LEG)]),
        ("of two rings one", [RUNG, (0.0, Rung("1002", OTHER_LEG)), LOST, (9.0, OPEN)], [(9.0, LEG)]),
    ],
)
def test_a_ring_is_withdrawn_when_its_telephone_is_not_back_in_time_and_only_then(
    story: str, told: list[Told], over: list[tuple[float, str]]
) -> None:
    assert GRACE_S == 3.0
    assert withdrawn(*told) == over, story


@pytest.mark.parametrize(
    "event", [Rung("1001", LEG), RingOver(LEG), ContactLost("1001", PAGE), ContactThere("1001", PAGE), OPEN, SHUT]
)
@pytest.mark.parametrize("ring", [None, Ring("1001"), Ring("1001", PAGE), Ring("1001", PAGE, 0.0)])
def test_in_every_state_of_a_ring_every_word_is_taken(ring: Ring | None, event: RingEvent) -> None:
    """The complete table: of a ring that is over nothing is left, and what is lost is looked for."""
    before: Rings = {} if ring is None else {LEG: ring}
    after, over = step(before, event, 10.0)
    is_lost = ring is not None and ring.lost_at is not None
    assert over == ([LEG] if is_lost and event == OPEN else [])
    assert is_any_lost(after) == ((isinstance(event, ContactLost) and ring is not None) or (is_lost and event == SHUT))
    assert (LEG in after) == (isinstance(event, Rung) or (ring is not None and not over and not isinstance(event, RingOver)))


def contact(status: str, of: str, uri: str) -> dict[str, str]:
    return {"Event": "ContactStatus", "ContactStatus": status, "AOR": of, "URI": uri}


@pytest.mark.parametrize(
    ("fields", "events"),
    [
        ({"Event": "AgentCalled", "Interface": "PJSIP/agent-1001", "DestChannel": LEG}, [Rung("1001", LEG)]),
        ({"Event": "AgentCalled", "Interface": "Local/1@duty", "DestChannel": "Local/1@duty-1;1"}, []),
        ({"Event": "AgentConnect", "DestChannel": LEG}, [RingOver(LEG)]),
        ({"Event": "Hangup", "Channel": LEG}, [RingOver(LEG)]),
        (contact("Removed", "agent-1001", f"sip:{PAGE}@127.0.0.1:57554;transport=WS"), [ContactLost("1001", PAGE)]),
        (contact("Unreachable", "agent-1001", "sip:192.0.2.7:5060"), [ContactLost("1001", "")]),
        (contact("NonQualified", "agent-1001", f"sip:{PAGE}@127.0.0.1"), [ContactThere("1001", PAGE)]),
        (contact("Removed", "trunk-demo", "sip:127.0.0.1:64200"), []),
        ({"Event": "QueueCallerJoin"}, []),
    ],
)
def test_what_asterisk_says_of_rings_and_of_agents_telephones_is_read(fields: dict[str, str], events: list[RingEvent]) -> None:
    assert heard(Packet(list(fields.items()))) == events
