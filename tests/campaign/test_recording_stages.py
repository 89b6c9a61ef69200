"""Every boundary of a call in its recordings: what ends and what begins there, in milliseconds after the act in its timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from tests.asterisk.test_recording_whole import EDGE_S, GAP_MS, SENT, TO_THIRD, Evidence, whole_call
from tests.campaign.conftest import OpenTable
from tests.running.ears import HZ
from tests.running.instance import Hotline, running
from tests.running.third import city_with_parties
from tests.sip.tones import RATE_HZ, Samples, silent_ms

pytestmark = pytest.mark.campaign

WINDOW, STEP = RATE_HZ // 50, RATE_HZ // 400  # 20 ms, in which the tones do not disturb each other, every 2.5 ms
BEFORE_S, AFTER_S = 0.8, 1.2  # looked at around an act; every stage is longer
STEADY, MOST = 40, 36  # a tone goes on for 100 ms; a syllable of an announcement does not
HALF = 4000.0  # of what a telephone sends: where a window is half tone
BOUNDARIES = (
    "call", "file", "boundary", "act at s of the file", "ends, ms after the act", "begins, ms after the act", "at most ms",
)  # fmt: skip
WHOLE = (
    "call", "main file s", "the call s", "citizen's longest gap ms", "third's file s", "third's longest gap ms", "gap at most ms",
    "longest silence the citizen was sent ms",
)  # fmt: skip


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours."""
    with running(city_with_parties()) as one:
        yield one


@dataclass(frozen=True, slots=True)
class Boundary:
    """What of our tones ends where a stage was left, and what begins where the next one was entered, each in ms after the act."""

    name: str
    at_s: float  # of the file
    ends_ms: tuple[float, ...]
    begins_ms: tuple[float, ...]

    @property
    def is_there(self) -> bool:
        """Each within what an act may take to be heard."""
        return all(abs(ms) <= EDGE_S * 1000 for ms in (*self.ends_ms, *self.begins_ms))


def levels(samples: Samples, freq_hz: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How loud a tone is in each window of 20 ms, one every 2.5 ms."""
    if len(samples) < WINDOW:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::STEP].astype(np.float64)
    turn = np.exp(-2j * np.pi * freq_hz * np.arange(WINDOW) / RATE_HZ)
    return np.asarray(np.abs(windows @ turn) * 2 / WINDOW, dtype=np.float64)


def moved_ms(samples: Samples, act_s: float, who: str, *, begins: bool) -> float:
    """When a tone begins, or ends, in milliseconds after `act_s` of the file; AssertionError if it is not heard around there."""
    first = max(0, round((act_s - BEFORE_S) * RATE_HZ))
    loud = levels(samples[first : round((act_s + AFTER_S) * RATE_HZ)], HZ[who]) >= HALF
    assert len(loud) >= STEADY, f"the file ends before {act_s:.2f} s"
    is_steady = np.convolve(loud, np.ones(STEADY), "valid") >= MOST  # at i: of the windows from i on
    if begins:
        edges = np.flatnonzero(loud[: len(is_steady)] & is_steady)
    else:
        edges = np.flatnonzero(loud[STEADY - 1 :] & is_steady) + STEADY - 1
    assert len(edges), f"{who} is not heard around {act_s:.2f} s"
    edge = int(edges[0] if begins else edges[-1])
    return ((first + edge * STEP + WINDOW / 2) / RATE_HZ - act_s) * 1000


def boundaries(
    spans: Sequence[tuple[str, float, float]], must: Mapping[str, tuple[str, ...]], began_at: float, samples: Samples
) -> list[Boundary]:
    """Between each stage and the next one of a file."""
    found = []
    for (name, _, after), (following, at, _) in pairwise(spans):
        was, comes = ([who for who in must[stage] if who in HZ] for stage in (name, following))
        ends_ms = tuple(moved_ms(samples, after - began_at, who, begins=False) for who in was if who not in comes)
        begins_ms = tuple(moved_ms(samples, at - began_at, who, begins=True) for who in comes if who not in was)
        found.append(Boundary(f"{name} to {following}", at - began_at, ends_ms, begins_ms))
    return found


def of_main(call: Evidence) -> list[Boundary]:
    """What the citizen was sent."""
    return boundaries(call.spans, SENT, call.began_at, call.sent)


def of_third(call: Evidence) -> list[Boundary]:
    """What the third was sent; the consult is the beginning of the file."""
    return boundaries([span for span in call.spans if span[0] in TO_THIRD], TO_THIRD, call.third_began, call.heard)


async def test_each_stage_begins_and_ends_in_the_files_when_the_timeline_says_so(
    hotline: Hotline, runs: Callable[[int], int], table: OpenTable
) -> None:
    """Menu, queue, hold, consult, three, the agent gone, alone; no side has a gap, and the consult is a file of its own."""
    late: list[tuple[int, str, Boundary]] = []
    gaps: list[float] = []
    for number in range(1, runs(3) + 1):
        call = await whole_call(hotline)
        for file, found in (("main", of_main(call)), ("third's", of_third(call))):
            for one in found:
                table("recording-stages", "Every boundary of a call in its recordings", *BOUNDARIES).add(
                    number, file, one.name, f"{one.at_s:.3f}", _ms(one.ends_ms), _ms(one.begins_ms), f"{EDGE_S * 1000:.0f}"
                )
                late += [] if one.is_there else [(number, file, one)]
        gaps += [call.citizen_gap_ms, call.third_gap_ms]
        table("recording-stages-whole", "The files of such a call", *WHOLE).add(
            number, f"{len(call.citizen) / RATE_HZ:.2f}", f"{call.stored['ended_at'] - call.stored['arrived_at']:.2f}",
            f"{call.citizen_gap_ms:.0f}", f"{len(call.said) / RATE_HZ:.2f}", f"{call.third_gap_ms:.0f}", f"{GAP_MS:.0f}",
            f"{silent_ms(call.sent):.0f}",
        )  # fmt: skip
    assert late == []
    assert max(gaps) < GAP_MS


def _ms(milliseconds: Sequence[float]) -> str:
    return ", ".join(f"{each:.0f}" for each in milliseconds)
