"""Owns the slope of a series of samples: Theil and Sen's estimate, which a few odd samples do not move; pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """The median of the slopes of all pairs of samples, per unit of time; ValueError for fewer than two moments."""
    when, what = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    first, second = np.triu_indices(len(when), k=1)
    apart = when[second] - when[first]
    if not np.any(apart):
        raise ValueError("a slope needs samples of two moments")
    return float(np.median((what[second] - what[first])[apart != 0] / apart[apart != 0]))


def after_warming(times: Sequence[float], share: float) -> int:
    """The place of the first sample after `share` of the whole time; what was before is warming up."""
    begins = times[0] + (times[-1] - times[0]) * share
    return next(place for place, at in enumerate(times) if at >= begins)
