"""The benchmark of the ring runs: a small one on its real parts; what it prints is a report and no proof of any speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import ring
from tests.bench.drawing import drawn
from tests.bench.report import Options

pytestmark = pytest.mark.campaign


def test_each_call_that_rings_is_seen_on_the_screen_and_measured(tmp_path: Path) -> None:
    """With one desk and with three; the series itself refuses a ticket that was there before the page had heard of the ring."""
    result = ring.SERIES.run(Options(seed=1, hours=0.0, folder=tmp_path, is_small=True))
    curves = {curve.label: curve.xs for curve in result.picture.curves}
    assert len(curves["1 desk: ticket on the screen"]) == len(curves["3 desks: ticket on the screen"]) == 2
    assert drawn([(1, result.picture)]).startswith(b"\x89PNG")
