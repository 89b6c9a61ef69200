"""A long call with its recording, put into a hotline as the worker would have: for players and their speed."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
from sqlalchemy import insert

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS, PAUSES
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.domain.records import CallRow
from hotline_core.settings import Settings
from tests.running.kept import RATE_HZ, Stereo, keep_sound

SPOKEN_S = 120
TALK_S, SILENCE_S = 20, 10  # the citizen's tone, the agent's, silence, and again
LENGTH_S = 900
HOUR_S = 3600


def sound_s(length_s: int) -> Stereo:
    """Left 500 Hz for 20 s, then right 900 Hz for 20 s, then 10 s of nothing, and again: 16 bit stereo at 8 kHz.

    Of a long call only the first and the last two minutes: Opus of an hour of tones takes half a minute of a core to make.
    """
    t = np.arange(TALK_S * RATE_HZ) / RATE_HZ
    one = np.zeros(((2 * TALK_S + SILENCE_S) * RATE_HZ, 2), dtype="<i2")
    one[: TALK_S * RATE_HZ, 0] = (8000 * np.sin(2 * np.pi * 500 * t)).astype("<i2")
    one[TALK_S * RATE_HZ : 2 * TALK_S * RATE_HZ, 1] = (8000 * np.sin(2 * np.pi * 900 * t)).astype("<i2")
    whole = np.tile(one, (math.ceil(length_s * RATE_HZ / len(one)), 1))[: length_s * RATE_HZ]
    whole[SPOKEN_S * RATE_HZ : -SPOKEN_S * RATE_HZ] = 0
    return whole


def put_long_call(settings: Settings, call_id: str, ended_at: float, *, agent: str = "1001", length_s: int = LENGTH_S) -> None:
    """The call's row, course, one pause of a minute, and its recording as it is kept."""
    began_at = ended_at - length_s
    call = CallRow(
        call_id, "12328", "13855700077", "12328", "ended", began_at, began_at + 8, began_at + 20, ended_at, agent, "caller", 16,
        "answered",
    )  # fmt: skip
    events = [("call_arrived", 0.0, {"line": "12328"}), ("agent_answered", 20.0, {"agent": agent}), ("hold_started", 300.0, {}),
              ("hold_ended", 360.0, {}),
              ("recording_paused", 600.0, {"agent": agent}), ("recording_resumed", 660.0, {"by": "time"}),
              ("third_answered", 700.0, {"n": 1, "attempt": 1, "waited_s": 8.0}), ("third_left", 800.0, {"n": 1, "by": "third"}),
              ("call_ended", float(length_s), {"by": "caller", "cause": 16})]  # fmt: skip
    first = 10_000_000 + int(ended_at) % 1_000_000 * 10
    rows = [{"seq": first + n, "call_id": call_id, "at": began_at + at, "kind": kind, "facts": facts}
            for n, (kind, at, facts) in enumerate(events) if at <= length_s]  # fmt: skip
    engine = make_engine(settings.calls_url)
    with writing(engine) as connection:
        connection.execute(insert(CALLS), asdict(call))
        connection.execute(insert(CALL_EVENTS), rows)
        if length_s > 660:
            paused = {"paused_at": began_at + 600, "resumed_at": began_at + 660, "agent": agent, "ended_by": "time"}
            connection.execute(insert(PAUSES), {"call_id": call_id, **paused})
    engine.dispose()
    keep_sound(settings, call_id, sound_s(length_s), began_at + 8)
