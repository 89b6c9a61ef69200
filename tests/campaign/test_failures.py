"""The failure table of docs/architecture.md: each part hurt while a caller is in the menu, waits, is rung for, or talks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.campaign.conftest import OpenTable
from tests.campaign.harms import Harm, freeze, kill, lock
from tests.campaign.stages import STAGES, ended_and_kept
from tests.running.instance import Hotline
from tests.running.page import ready_agent
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.campaign

COLUMNS = (
    "failure", "caller", "longest silence ms", "rung after s", "talk after s", "gap in the recording ms", "listed as", "limits",
)  # fmt: skip
TALK_SILENCE_MS = 100.0  # "go on"
MUSIC_SILENCE_MS = 1000.0  # the songs have rests of their own, the longest before the first note (0.96 s)
MENU_SILENCE_MS = 1500.0  # between the prompt and the ring
RESCUE_S = 5.0  # a dead bridge: rung within 5 s
SILENT_S = 9.0  # a caller who presses nothing is rung 8 s after the answer; a second of it had passed
GAP_MS = 300.0  # the sender of a test on a busy machine has gaps of its own; a talk that is cut loses more

HARMS: dict[str, Harm] = {
    "bridge killed": kill("bridge"),
    "bridge stopped 10 s": freeze("bridge"),
    "Redis killed": kill("redis"),
    "Redis stopped 10 s": freeze("redis"),
    "desk killed": kill("desk"),
    "desk stopped 10 s": freeze("desk"),
    "relay killed": kill("relay"),
    "worker killed": kill("worker"),
    "front killed": kill("front"),
    "calls database (SQLite) locked 10 s": lock("calls"),
    "tickets database (SQLite) locked 10 s": lock("tickets"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the failure may cost at a stage."""

    silence_ms: float
    rung_s: float

    def __str__(self) -> str:
        return f"{self.silence_ms:.0f} ms, {self.rung_s:.0f} s"


def limits(failure: str, stage: str) -> Limits:
    """Section 4 of the design: safety limits."""
    if failure == "relay killed" and stage == "ringing":
        return Limits(10_000.0, RESCUE_S)  # the answer goes out when the telephone is registered again; the caller hears music
    match stage:
        case "menu":
            return Limits(MENU_SILENCE_MS, RESCUE_S if failure.startswith("bridge") else SILENT_S)
        case "talking":
            return Limits(TALK_SILENCE_MS, 1.0)
        case _:
            return Limits(MUSIC_SILENCE_MS + (1000.0 if stage == "ringing" else 0.0), RESCUE_S)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("failure", HARMS)
async def test_a_caller_reaches_an_agent_whatever_fails(
    hotline: Hotline, tmp_path: Path, table: OpenTable, failure: str, stage: str
) -> None:
    """Silence in the citizen's ear, seconds to the agent, the recording, the list of calls, the live view."""
    allowed = limits(failure, stage)
    rows = table("failures", "Failures", *COLUMNS)
    with hotline.api() as api:  # made now: a token is made by a program, and the citizen's sound would wait for it
        async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855720001") as phone:
            seen, call = await STAGES[stage](hotline, desk, phone, HARMS[failure], "12328")
            await ended_and_kept(hotline, api, desk, call, seen)
    rows.add(
        failure, stage, f"{seen.silence_ms:.0f}", f"{seen.rung_s:.1f}", f"{seen.talk_s:.1f}", f"{seen.recording_gap_ms:.0f}",
        f"{seen.outcome}, ended by {seen.by}", allowed,
    )  # fmt: skip
    assert (seen.outcome, seen.by) == ("answered", "agent")
    assert 0 <= seen.recording_gap_ms < GAP_MS
    assert seen.silence_ms < allowed.silence_ms
    assert seen.rung_s < allowed.rung_s
