"""Owns the evidence of a call with a third party: its course, its main recording, a segment for each third that answered."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tests.running.ears import CITIZEN, HZ, THIRD, Levels, piece
from tests.running.facts import recording_of, stored_call
from tests.running.instance import pretty
from tests.running.listening import sound_of
from tests.running.script import Heard
from tests.running.third import Cast
from tests.sip.tones import RATE_HZ, Samples, absent_ms

GAP_MS = 300.0  # the sender of a test on a busy machine has gaps of its own
LATE_S, PIECE_S = 0.1, 0.6  # what lies between ear and file, and how much of a stage is measured
SETTLE_S = 15.0
RESULTS = ("third_answered", "third_failed", "third_left", "third_missed", "transfer_ended")


@dataclass(frozen=True, slots=True)
class Segment:
    """What a third said (`said`) and heard, from the answer on."""

    began_at: float
    said: Samples
    heard: Samples


@dataclass(frozen=True, slots=True)
class Evidence:
    """One call as the calls database and the recordings have it; `began_at` is its recording's first sample (epoch seconds)."""

    stored: Mapping[str, Any]
    began_at: float
    citizen: Samples
    citizen_heard: Samples
    segments: Sequence[Segment] = field(default_factory=list)

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The facts of the timeline's records of a kind."""
        return [entry["facts"] for entry in self.stored["timeline"] if entry["kind"] == kind]


async def whole(cast: Cast, call_id: str) -> Evidence:
    """The evidence of a call that is over, once it is complete; AssertionError tells what is missing."""
    stored = await stored_call(cast.api, call_id, state="ended", recording=True)
    citizen, heard = await recording_of(cast.api, call_id)
    began_at = stored["ended_at"] - len(citizen) / RATE_HZ  # the notice, kept apart, stands before what began with the wait
    kinds = [entry["kind"] for entry in stored["timeline"]]
    assert kinds[0] == "call_arrived", kinds
    assert kinds.count("call_ended") == 1, kinds
    loud = np.flatnonzero(np.abs(citizen.astype(np.int32)) > 2000)
    assert len(loud), "the citizen is not in the recording"
    gap_ms = absent_ms(citizen[loud[0] : loud[-1]], HZ[CITIZEN])
    assert gap_ms < GAP_MS, f"the citizen's tone is away for {gap_ms:.0f} ms"
    evidence = Evidence(stored, began_at, citizen, heard, await _segments(cast, stored))
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    while faults := course_faults(evidence):  # the records of a rescue that went on come after the end of the call
        assert asyncio.get_running_loop().time() < ends_at, (faults, pretty(stored))
        await asyncio.sleep(0.3)
        evidence = replace(evidence, stored=await stored_call(cast.api, call_id))
    return evidence


def course_faults(evidence: Evidence) -> list[str]:
    """What the course of a call leaves open: each transfer has an end, each attempt a result, each answer a segment."""
    asked, ended = evidence.of("third_asked"), evidence.of("transfer_ended")
    found = [f"transfer {one['n']} has no end" for one in asked if one["n"] not in [end["n"] for end in ended]]
    if len(evidence.segments) < len(evidence.of("third_answered")):
        found.append(f"{len(evidence.of('third_answered'))} thirds answered, {len(evidence.segments)} segments")
    for attempt in evidence.of("third_dialled"):
        results = [
            entry for entry in evidence.stored["timeline"] if entry["kind"] in RESULTS and entry["facts"].get("n") == attempt["n"]
        ]
        if not results:
            found.append(f"attempt {attempt} has no result")
    return found


async def _segments(cast: Cast, stored: Mapping[str, Any]) -> list[Segment]:
    """The thirds' own recordings, in order, once there is one for each that answered and each is finished."""
    call_id, found = stored["call_id"], []
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    answered = [entry for entry in stored["timeline"] if entry["kind"] == "third_answered"]
    while len(stored["segments"]) < len(answered) or any(segment["state"] == "pending" for segment in stored["segments"]):
        assert asyncio.get_running_loop().time() < ends_at, (len(answered), pretty(stored["segments"]))
        await asyncio.sleep(0.3)
        stored = await stored_call(cast.api, call_id)
    for segment in stored["segments"]:
        answer = await asyncio.to_thread(sound_of, cast.api, call_id, segment["leg"])
        answer.raise_for_status()
        with wave.open(io.BytesIO(answer.content)) as sound:
            both = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.int16)
        found.append(Segment(float(segment["started_at"]), both[0::2], both[1::2]))
    return found


async def heard_in_recordings(
    cast: Cast, evidence: Evidence, stages: Sequence[Heard]
) -> list[tuple[str, str, tuple[str, ...], Levels]]:
    """Each stage as the recordings have it: stage, which side of which file, what must be in it, what is."""
    found: list[tuple[str, str, tuple[str, ...], Levels]] = []
    for one in stages:
        name = f"{one.stage} {one.note}".strip()
        if CITIZEN in one.levels:
            at = one.at - LATE_S - evidence.began_at
            found.append((name, "recording: citizen", (CITIZEN,), Levels.of(piece(evidence.citizen, at, PIECE_S))))
            heard = piece(evidence.citizen_heard, at, PIECE_S)
            found.append((name, "recording: to the citizen", one.must[CITIZEN], Levels.of(heard)))
        segment = next((each for each in evidence.segments if _covers(each, one.at)), None)
        if THIRD in one.levels and one.stage != "led":  # led by the dialplan: the main recording has both
            assert segment is not None, f"no segment holds {name}"
            at = one.at - LATE_S - segment.began_at
            found.append((name, "segment: third", (THIRD,), Levels.of(piece(segment.said, at, PIECE_S))))
            found.append((name, "segment: to the third", one.must[THIRD], Levels.of(piece(segment.heard, at, PIECE_S))))
    return found


def _covers(segment: Segment, at: float) -> bool:
    return segment.began_at + PIECE_S <= at - LATE_S <= segment.began_at + len(segment.said) / RATE_HZ
