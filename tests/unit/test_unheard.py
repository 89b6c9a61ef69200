"""Who is heard by nobody though sound comes in: by what Asterisk counts of each leg, from look to look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ami_bridge.silence import Leg
from ami_bridge.unheard import RENUMBERED, SPOKEN, unheard

pytestmark = pytest.mark.unit

CITIZEN = Leg("PJSIP/trunk-ims-1-0000001f", 1000, False, sent=1000, source="11", bridge="b1")
AGENT = Leg("PJSIP/agent-1003-00000021", 1000, False, sent=1000, source="22", bridge="b1")
THIRD = Leg("PJSIP/trunk-ims-1-00000022", 1000, False, sent=1000, source="33", bridge="b1")


def later(leg: Leg, *, came: int = 125, went: int = 125, **changed: object) -> Leg:
    """The leg at the next look: so many packets more in and out, and whatever else has changed."""
    return replace(leg, received=leg.received + came, sent=leg.sent + went, **changed)  # type: ignore[arg-type]  # a test's own words


def found(*pairs: tuple[Leg, Leg]) -> list[str]:
    """Whose translators are made anew at the second of two looks."""
    return unheard({was.channel: was for was, _ in pairs}, [leg for _, leg in pairs])


def test_two_who_hear_each_other_are_left_alone() -> None:
    """Also while a network loses a third of all packets."""
    assert found((CITIZEN, later(CITIZEN, came=80, lost=45)), (AGENT, later(AGENT))) == []


def test_a_source_that_begins_anew_is_cured_wherever_it_is_bridged() -> None:
    """By its SSRC, and Asterisk counts from the start again; by its numbers where it keeps that; in no bridge nothing is cured."""
    anew = later(CITIZEN, came=-900, source="44")
    jumped = later(CITIZEN, lost=RENUMBERED + 1)
    for changed in (anew, jumped):
        assert found((CITIZEN, changed), (AGENT, later(AGENT))) == [CITIZEN.channel]
        assert found((CITIZEN, changed), (AGENT, later(AGENT)), (THIRD, later(THIRD))) == [CITIZEN.channel]
        assert found((CITIZEN, replace(changed, bridge="b2")), (AGENT, later(AGENT))) == [CITIZEN.channel]
        assert found((CITIZEN, replace(changed, bridge="")), (AGENT, later(AGENT))) == []


def test_who_speaks_and_is_sent_to_nobody_is_cured() -> None:
    """Of two; both where neither hears the other."""
    deaf = later(AGENT, went=0)
    assert found((CITIZEN, later(CITIZEN)), (AGENT, deaf)) == [CITIZEN.channel]
    assert found((CITIZEN, later(CITIZEN, went=0)), (AGENT, deaf)) == [CITIZEN.channel, AGENT.channel]


@pytest.mark.parametrize(
    ("was", "citizen", "agent"),
    [
        (AGENT, later(CITIZEN, came=SPOKEN - 1), later(AGENT, went=0)),
        (AGENT, later(CITIZEN), later(AGENT, went=0, is_held=True)),
        (replace(AGENT, bridge=""), later(CITIZEN), later(AGENT, went=0)),
        (AGENT, later(CITIZEN), later(AGENT, went=0, bridge="b2")),
    ],
    ids=["who hardly speaks", "to one who holds", "before they were together", "who are together no more"],
)  # fmt: skip
def test_nothing_is_cured_where_nothing_need_be_sent(was: Leg, citizen: Leg, agent: Leg) -> None:
    """A telephone that suppresses silence sends little; a far end that holds hears nothing."""
    assert found((CITIZEN, citizen), (was, agent)) == []


def test_somebody_who_is_heard_for_the_first_time_is_only_remembered() -> None:
    """Before the first packet Asterisk knows of no source. Nor does a new bridge begin with cures."""
    assert unheard({}, [CITIZEN, later(AGENT, went=0)]) == []
    assert found((CITIZEN, later(CITIZEN)), (replace(AGENT, received=0, source="0"), later(AGENT))) == []
