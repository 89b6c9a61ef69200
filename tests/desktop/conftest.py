"""The one running hotline that the desktop tests share; its parts are restarted, not rebuilt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running.instance import Hotline


@pytest.fixture(scope="session")
def hotline() -> Iterator[Hotline]:
    """A hotline as `make run` starts it."""
    running = Hotline()
    running.start()
    yield running
    running.close()
