"""How a hole in a caller's sound is told from a listener who was late."""

from __future__ import annotations

import pytest

from tests.running.steady import missed_ms
from tests.sip.rtp import PTIME_S

pytestmark = pytest.mark.unit

SECONDS = [at * PTIME_S for at in range(500)]


def test_an_even_beat_has_no_hole() -> None:
    assert missed_ms(SECONDS) == pytest.approx(0.0, abs=0.001)


def test_sound_that_never_came_is_a_hole() -> None:
    assert missed_ms([at if at < 5 else at + 0.7 for at in SECONDS]) == pytest.approx(700.0, abs=1)


def test_packets_that_were_read_late_in_one_heap_are_none() -> None:
    assert missed_ms([at if not 5 <= at < 6 else 6.0 for at in SECONDS]) == pytest.approx(0.0, abs=1)
