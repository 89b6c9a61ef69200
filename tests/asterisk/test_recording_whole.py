"""One call through everything: menu, queue, hold, consult, three, the agent gone, alone; each boundary in its recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from tests.asterisk.test_third_evidence import OWN, segment_of, settled
from tests.running.bridge_socket import ask
from tests.running.ears import AGENT, CITIZEN, HZ, THIRD, Levels, piece
from tests.running.facts import recording_of
from tests.running.instance import Hotline, running
from tests.running.rescue import nothing_left
from tests.running.third import Cast, Talk, cast_of, city_with_parties, talk_of
from tests.sip.tones import RATE_HZ, Samples, absent_ms

pytestmark = pytest.mark.asterisk

STAY_S = 2.5  # in each stage
LEFT_S = 2.8  # three seconds of music come before the sentence
EDGE_S = 0.4  # from a record of the ledger to the sound of it; moving two legs takes the longest
PIECE_S = 0.8  # measured right before and right after a boundary
GAP_MS = 300.0  # the sender of a test on a busy machine has gaps of its own
WAITED_S = 3.0  # in the queue, at least
# What the citizen is sent in each stage, and what of it the third says and hears; `music` is no tone of ours.
SENT = {
    "queue": ("music",), "talk": (AGENT,), "parked": ("music",), "calling": ("music",), "consult": ("music",),
    "three": (AGENT, THIRD), "handed": (THIRD,), "alone": ("music",),
}  # fmt: skip
TO_THIRD = {"consult": (AGENT,), "three": (AGENT, CITIZEN), "handed": (CITIZEN,)}


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours."""
    with running(city_with_parties()) as one:
        yield one


async def lived(cast: Cast, talk: Talk) -> None:
    """From the answer to the end: hold, back, consult, three, the agent leaves, the third hangs up, the citizen is alone."""
    await asyncio.sleep(STAY_S)
    for act, stage in (("hold", "parked"), ("merge", "talk")):
        await talk.does(act)
        await talk.stage(stage)
        await asyncio.sleep(STAY_S)
    party = await cast.party(OWN)
    await talk.does("consult", party="own")
    leg = await party.next_call(10)
    await talk.stage("consult")
    await asyncio.sleep(STAY_S)
    await talk.does("merge")
    await talk.stage("three")
    await asyncio.sleep(STAY_S)
    await talk.does("leave")
    await talk.stage("handed")
    await asyncio.sleep(STAY_S)
    await leg.hang_up()
    await asyncio.sleep(LEFT_S)
    await talk.citizen.hang_up()


def stages(stored: dict[str, Any]) -> list[tuple[str, float, float]]:
    """The call's stages by its timeline: what, from when, until when (epoch s); what passes in less than two pieces is left out."""
    told: list[tuple[str, float]] = []
    for entry in stored["timeline"]:
        match entry["kind"]:
            case "recording_started":  # waiting for a person, in app_queue or, with nobody there, before it
                told.append(("queue", entry["at"]))
            case "agent_answered":
                told.append(("talk", entry["at"]))
            case "stage_entered":
                told.append((entry["facts"]["stage"], entry["at"]))
            case "citizen_alone":
                told.append(("alone", entry["at"]))
            case "call_ended":
                told.append(("", entry["at"]))
    spans = [(name, at, after) for (name, at), (_, after) in pairwise(told) if name in SENT]
    return [span for span in spans if span[2] - span[1] >= 2 * (EDGE_S + PIECE_S)]


def ends_of(name: str, at: float, after: float, began_at: float, sound: Samples) -> list[tuple[str, Levels]]:
    """How it sounds right behind the beginning of a stage and right before its end."""
    first, last = at - began_at + EDGE_S + PIECE_S, after - began_at - EDGE_S
    return [(f"{name} begins", Levels.of(piece(sound, first, PIECE_S))), (f"{name} ends", Levels.of(piece(sound, last, PIECE_S)))]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept of the call: its stages, both sides of both files, and when each file begins (epoch s)."""

    stored: Mapping[str, Any]
    spans: Sequence[tuple[str, float, float]]
    citizen: Samples
    sent: Samples
    said: Samples
    heard: Samples

    @property
    def began_at(self) -> float:
        """Of the main file, which ends with the call."""
        return float(self.stored["ended_at"]) - len(self.citizen) / RATE_HZ

    @property
    def third_began(self) -> float:
        """Of the third's file."""
        return float(self.stored["segments"][0]["started_at"])

    @property
    def citizen_gap_ms(self) -> float:
        """The longest time without the citizen's tone, from the queue to the end."""
        from_queue = self.citizen[round((self.spans[0][1] - self.began_at + EDGE_S) * RATE_HZ) : -round(EDGE_S * RATE_HZ)]
        return absent_ms(from_queue, HZ[CITIZEN])

    @property
    def third_gap_ms(self) -> float:
        """The longest time without the third's, in its own file."""
        return absent_ms(self.said[round(EDGE_S * RATE_HZ) : -round(EDGE_S * RATE_HZ)], HZ[THIRD])


async def whole_call(hotline: Hotline) -> Evidence:
    """Lived, ended, and its recordings made."""
    async with cast_of(hotline, 1) as cast:
        (agent,) = cast.agents
        assert (await ask(hotline, "pause", agent, reason="rest"))["ok"]

        async def comes_back() -> None:
            await asyncio.sleep(WAITED_S + 4.0)  # the menu's notice, then the queue
            assert (await ask(hotline, "ready", agent))["ok"]

        back = asyncio.create_task(comes_back(), name="the agent comes back")
        async with talk_of(cast) as talk:
            await back
            await lived(cast, talk)
            await nothing_left(cast, talk.call_id)
            stored = await settled(cast, talk.call_id)
            citizen, sent = await recording_of(cast.api, talk.call_id)
            said, heard = await segment_of(cast, talk.call_id, 1)
    spans = stages(stored)
    assert [name for name, _, _ in spans] == ["queue", "talk", "parked", "talk", "consult", "three", "handed", "alone"], spans
    return Evidence(stored, spans, citizen, sent, said, heard)


async def test_the_recordings_of_a_call_hold_every_stage_of_it_between_its_boundaries(hotline: Hotline) -> None:
    """The main file is one, without a gap, the citizen left and what they were sent right; the third has its own file."""
    call = await whole_call(hotline)
    spans, began_at, third_began = call.spans, call.began_at, call.third_began
    assert began_at == pytest.approx(call.stored["arrived_at"], abs=1.5), "from the notice to the end, one file"
    assert call.citizen_gap_ms < GAP_MS
    faults = [
        (where, found)
        for name, at, after in spans
        for where, levels in ends_of(name, at, after, began_at, call.sent)
        if (found := levels.faults(SENT[name]))
    ]
    faults += [
        (f"third: {where}", found)
        for name, at, after in spans
        if name in TO_THIRD
        for where, levels in ends_of(name, max(at, third_began), after, third_began, call.heard)
        if (found := levels.faults(TO_THIRD[name]))
    ]
    assert faults == []
    assert len(call.said) / RATE_HZ == pytest.approx(spans[-2][2] - third_began, abs=1.0), "from the answer to the end of its leg"
    assert call.third_gap_ms < GAP_MS
