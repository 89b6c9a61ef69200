"""A telephone that vanished is known by its silence, counted in packets and by a clock that nobody sets."""

from __future__ import annotations

import pytest

from ami_bridge.protocol import Packet
from ami_bridge.silence import AGENT, HELD_S, Heard, Leg, answered, step
from asterisk_conf.trunks import silences
from hotline_core.settings import DEFAULT_CITY, load_city

pytestmark = pytest.mark.unit

CITIZEN, OTHER, AGENTS = "PJSIP/trunk-ims-1-0000001f", "PJSIP/trunk-mu-00000020", "PJSIP/agent-1003-00000021"
PATIENCE_S = {"trunk-ims-1": 120.0, "trunk-mu": 10.0, AGENT: 30.0}


def looked(*looks: tuple[float, list[Leg]]) -> list[list[str]]:
    """Who was gone at each look, from a first one on."""
    heard: dict[str, Heard] = {}
    found: list[list[str]] = []
    for now_s, legs in looks:
        heard, gone = step(heard, legs, PATIENCE_S, now_s)
        found.append(gone)
    return found


def leg(channel: str, received: int, *, is_held: bool = False) -> Leg:
    """One leg at one look."""
    return Leg(channel, received, is_held)


def test_who_sends_no_more_packets_is_gone_after_the_patience_with_that_trunk() -> None:
    """Not before, and each trunk and the agents' telephones have their own."""
    legs = [leg(CITIZEN, 500), leg(OTHER, 500), leg(AGENTS, 500)]
    at = (0.0, 9.9, 10.0, 30.0, 119.9, 120.0)
    gone = looked(*((now_s, legs) for now_s in at))
    assert gone == [[], [], [OTHER], [OTHER, AGENTS], [OTHER, AGENTS], [CITIZEN, OTHER, AGENTS]]


def test_one_packet_between_two_looks_is_a_living_telephone() -> None:
    """A comfort packet of a telephone that suppresses silence counts."""
    assert looked((0.0, [leg(AGENTS, 1)]), (25.0, [leg(AGENTS, 2)]), (50.0, [leg(AGENTS, 3)]), (79.0, [leg(AGENTS, 3)])) == [[]] * 4


def test_a_bridge_that_slept_for_an_hour_ends_nobody_who_sent_meanwhile() -> None:
    """Nor does a new bridge: it counts from its own first look."""
    assert looked((0.0, [leg(CITIZEN, 500)]), (3600.0, [leg(CITIZEN, 180_500)])) == [[], []]
    assert looked((3600.0, [leg(CITIZEN, 500)])) == [[]]


def test_a_far_end_that_holds_the_call_need_not_send() -> None:
    """For ten minutes."""
    held = [leg(CITIZEN, 500, is_held=True)]
    assert looked((0.0, held), (HELD_S - 1, held), (HELD_S, held)) == [[], [], [CITIZEN]]


def test_a_far_end_that_comes_back_from_hold_has_the_whole_patience_to_send_its_first_packet() -> None:
    """A look may fall between the end of the hold and the first packet after it; so may one when the hold begins."""
    held, back = [leg(CITIZEN, 500, is_held=True)], [leg(CITIZEN, 500)]
    assert looked((0.0, held), (290.0, held), (291.0, back), (410.9, back), (411.0, back)) == [[], [], [], [], [CITIZEN]]
    assert looked((0.0, back), (119.0, back), (119.9, held), (125.0, back)) == [[]] * 4


def test_a_leg_that_ended_is_forgotten_and_one_of_nobody_known_is_left_alone() -> None:
    """What is remembered is no longer than the list of channels."""
    heard, gone = step({CITIZEN: Heard(5, False, 0.0)}, [leg("PJSIP/unknown-00000001", 5)], PATIENCE_S, 1000.0)
    assert (set(heard), gone) == ({"PJSIP/unknown-00000001"}, [])


def test_only_answered_telephones_are_looked_at() -> None:
    """A telephone that rings sends nothing yet; a Local channel has no sound of its own."""
    rows = [("PJSIP/agent-1003-01", "Up"), ("PJSIP/agent-1002-02", "Ringing"), ("Local/s@watchdog-03;1", "Up")]
    packets = [Packet((("Channel", name), ("ChannelStateDesc", state), ("BridgeId", "b1"))) for name, state in rows]
    assert answered(packets) == {"PJSIP/agent-1003-01": "b1"}


def test_the_patience_with_a_carrier_is_the_citys_setting() -> None:
    """Two minutes unless the city says otherwise, in the demo too."""
    city = load_city(DEFAULT_CITY)
    assert silences(city, is_demo=True) == {"trunk-demo": 120.0}
    assert set(silences(city, is_demo=False).values()) <= {120.0}
