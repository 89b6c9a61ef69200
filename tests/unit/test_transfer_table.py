"""The machine of transfers is complete: every stage times every event and every act."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest

from hotline_core.domain.commands import Reply
from tests.unit.transfer_floor import CALL, CALM, COLLEAGUE, RAILWAY, Floor
from transfer import events as te
from transfer.acts import ALLOWED, KEYS_TO
from transfer.commands import SendDigits
from transfer.diagram import NOW, SAMPLES, asked, join_in
from transfer.events import Target
from transfer.machine import HANDLED, step
from transfer.model import AGENT_PLACES, CITIZEN_PLACES, STAGES, THIRD_PLACES, arrangement

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("act", "target", "more", "code"),
    [
        ("merge", RAILWAY, {}, "wrong_stage"),
        ("consult", RAILWAY, {"agent": "1009"}, "not_your_call"),
        ("consult", Target(queue="second"), {}, "bad_input"),
        ("consult", Target(agent="1001"), {}, "bad_input"),
        ("blind", Target(), {}, "bad_input"),
        ("mute", RAILWAY, {"role": "nobody"}, "bad_input"),
        ("mute", RAILWAY, {"role": "third"}, "wrong_stage"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason_and_changes_nothing(
    act: str, target: Target, more: dict[str, str], code: str
) -> None:
    floor = Floor()
    assert floor.asks(act, target, **more) == [Reply("i1", code)]
    assert CALL not in floor.transfers.joins


def test_every_arrangement_of_legs_is_a_stage() -> None:
    found = {arrangement(*places) for places in itertools.product(CITIZEN_PLACES, AGENT_PLACES, THIRD_PLACES)}
    assert found == {*STAGES, "over"} - {"placing"}


@pytest.mark.parametrize("stage", STAGES)
def test_in_every_stage_every_event_is_handled_or_ignored_on_purpose(stage: str) -> None:
    """No stage, no event and no third brings the machine down, and what is ignored changes nothing."""
    assert {type(event).__name__ for _, event in SAMPLES} | {"ActAsked"} == {kind.__name__ for kind in get_args(te.JoinEvent)}
    events = [event for _, event in SAMPLES] + [asked(act) for act in te.ACTS]
    for target, way, event in itertools.product((RAILWAY, COLLEAGUE), ("consult", "emergency"), events):
        join = join_in(stage, target, way)
        assert join.stage == stage
        after, commands = step(join, event, CALM, NOW)
        if type(event).__name__ not in HANDLED[stage]:
            assert (after, commands) == (join, [])
        if isinstance(event, te.CitizenGone) and after is not None:
            assert after.arrangement == "rescue_on"


@pytest.mark.parametrize("stage", STAGES)
def test_an_agents_keys_go_to_one_leg_or_are_refused(stage: str) -> None:
    """Every stage: whoever is there and speaks with the agent; nobody who hears music, is dialled or is gone."""
    assert (stage in KEYS_TO) == ("digits" in ALLOWED[stage])
    join = join_in(stage)
    after, commands = step(join, asked("digits"), CALM, NOW)
    if stage not in KEYS_TO:
        assert (after, commands) in ((join, [Reply("i", "wrong_stage")]), (join, [Reply("i", "not_your_call")]))
    else:
        channel = join.channel_of(KEYS_TO[stage])
        assert commands == [SendDigits(CALL, channel, "1", "i")]
        assert channel
        assert after is not None
        assert after.stage == stage


@pytest.mark.parametrize("stage", STAGES)
def test_an_act_that_a_stage_does_not_allow_is_refused_there(stage: str) -> None:
    for act in te.ACTS.keys() - ALLOWED[stage]:
        join = join_in(stage)
        after, commands = step(join, asked(act), CALM, NOW)
        assert after == join
        assert commands in ([Reply("i", "wrong_stage")], [Reply("i", "not_your_call")])
