"""Pictures of pages: a palette makes them small, and a mark of a few points keeps its colour."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.screenshots import with_palette

pytestmark = pytest.mark.unit

GREEN, AMBER = (20, 115, 85), (138, 75, 0)


def test_a_small_mark_keeps_its_colour_among_thousands_of_others() -> None:
    """A page with more greys and blues than a palette holds, a line's mark of nine points a side and a red of one point."""
    page = np.full((300, 400, 3), 255, dtype=np.uint8)
    page[:, :200] = np.random.default_rng(1).integers(0, 255, (300, 200, 1)) // (1, 2, 4) * (1, 1, 3)
    page[10:19, 300:309], page[50, 300] = GREEN, AMBER
    png = io.BytesIO()
    Image.fromarray(page).save(png, "PNG")
    small = with_palette(png.getvalue())
    kept = np.asarray(Image.open(io.BytesIO(small)).convert("RGB")).astype(int)
    assert len(small) < len(png.getvalue())
    assert abs(kept - page).max() <= 12
    assert abs(kept[10:19, 300:309] - GREEN).max() <= 4
    assert tuple(kept[200, 350]) == (255, 255, 255)
