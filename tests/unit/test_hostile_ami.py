"""Streams no Asterisk should send do not stop the bridge's pure path; `make campaign` reads ten thousand of them."""

from __future__ import annotations

import random

import pytest

from hotline_core.domain.board import Board
from tests.hostile.ami import streams
from tests.hostile.reading import a_real_call_goes_through, read_all

pytestmark = pytest.mark.unit

STREAMS = 300


def test_whatever_comes_over_ami_is_read_without_an_error_and_a_real_call_goes_through_after_it(seed: int) -> None:
    """Torn, shuffled, spoilt and invented packets, in pieces; one board for all of them, as a bridge has."""
    dice, board = random.Random(seed), Board()
    events = sum(read_all(stream, dice, board)[1] for stream in streams(seed, STREAMS))
    assert events > STREAMS, "most of it means something, or the test says nothing"
    board.calls.pop("h1-1795296633.2", None)
    assert a_real_call_goes_through(board)
