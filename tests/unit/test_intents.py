"""An agent's click at the bridge: once, in time, well formed, or refused with a code."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_bridge.actions import actions_for, one_line
from ami_bridge.intents import REMEMBERED, Answer, Gate, Intent, parse
from hotline_core.domain import agent_events as ae
from hotline_core.domain import commands as cmd
from hotline_core.errors import BadInput, IntentRefused

pytestmark = pytest.mark.unit

QUEUES = ("hotline", "second")


def ignore(answer: Answer) -> None:
    """A page that does not listen."""


def click(**changes: object) -> Intent:
    """A ready click of agent 1001 at 100 s, changed as told."""
    data: dict[str, object] = {"id": "i1", "op": "ready", "agent": "1001", "expires": 103.0} | changes
    return parse(json.dumps(data).encode(), ignore)


def test_an_agent_who_clicks_ready_is_let_through_once() -> None:
    """The same click again, as a nervous network repeats it, is refused."""
    gate = Gate(QUEUES)
    assert gate.event_of(click(), 100.0) == ae.ReadyAsked("1001", "i1")
    with pytest.raises(IntentRefused, match="repeated_intent"):
        gate.event_of(click(), 100.5)


@pytest.mark.parametrize("expires", [99.9, 500.0, 0])
def test_an_agents_late_or_timeless_click_is_refused(expires: float) -> None:
    """A click from before a frozen page woke up must not act now."""
    with pytest.raises(IntentRefused, match="stale_intent"):
        Gate(QUEUES).event_of(click(expires=expires), 100.0)


def test_an_agents_unknown_wish_is_refused_by_name() -> None:
    """A newer page than bridge is told so."""
    with pytest.raises(IntentRefused, match="unknown_op"):
        Gate(QUEUES).event_of(click(op="fly"), 100.0)


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"{", b'{"op":"ready"}', b'{"id":"x","agent":"1001; drop"}', b'{"id":7}', b'{"id":"x","expires":true}']
)
def test_a_malformed_click_is_refused_naming_the_field(line: bytes) -> None:
    """Nothing a page sends reaches the engine unchecked."""
    with pytest.raises(BadInput):
        parse(line, ignore)


@given(st.binary(max_size=200))
def test_no_bytes_on_the_socket_raise_anything_but_bad_input(line: bytes) -> None:
    """Whatever comes, the answer is a refusal."""
    try:
        parse(line, ignore)
    except BadInput:
        return


def test_the_memory_of_clicks_is_bounded() -> None:
    """A day of clicks does not grow the bridge."""
    gate = Gate(QUEUES)
    for number in range(REMEMBERED + 5):
        gate.event_of(click(id=f"n{number}"), 100.0)
    assert gate.event_of(click(id="n0"), 100.0)


def test_an_agents_reason_for_a_pause_becomes_one_line() -> None:
    """What a person typed cannot become an AMI header."""
    assert one_line("午休\r\nAction: Command") == "午休 Action: Command"
    *_, (_, fields) = actions_for(cmd.PauseMember("1001", "i", "a\nb"), "x")
    assert dict(fields)["Reason"] == "a b"
