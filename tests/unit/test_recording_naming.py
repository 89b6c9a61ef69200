"""Where the sound of a call lies."""

from __future__ import annotations

import pytest

from hotline_core.errors import BadInput
from recordings.naming import Piece, piece_of_spool, recording_path, spool_names

pytestmark = pytest.mark.unit


def test_a_recording_lies_under_the_date_of_arrival_in_shanghai() -> None:
    """A call at 00:30 in Shanghai belongs to the new day, whatever the server's own time zone."""
    half_past_midnight = 1795278600.0  # 2026-11-21 16:30 UTC
    assert str(recording_path("h1-1795278600.7", half_past_midnight)) == "2026/11/22/h1-1795278600.7.ogg.enc"


def test_each_spool_file_of_a_call_leads_back_to_it() -> None:
    """Four names, one call."""
    names = spool_names("h1-1795278600.7")
    assert names.all == (
        "h1-1795278600.7-notice.wav",
        "h1-1795278600.7-rx.wav",
        "h1-1795278600.7-tx.wav",
        "h1-1795278600.7.wav",
    )
    assert {piece_of_spool(name) for name in names.all} == {Piece("h1-1795278600.7")}


def test_what_a_third_says_and_hears_is_a_piece_of_the_same_call() -> None:
    """Its leg in the call stands in the name, as in the name of its channel."""
    names = spool_names("h1-1795278600.7", 2)
    assert (names.rx, names.tx) == ("h1-1795278600.7-third-2-rx.wav", "h1-1795278600.7-third-2-tx.wav")
    assert {piece_of_spool(name) for name in names.all} == {Piece("h1-1795278600.7", 2)}
    assert str(recording_path("h1-1795278600.7", 1795278600.0, 2)) == "2026/11/22/h1-1795278600.7-third-2.ogg.enc"


@pytest.mark.parametrize("call_id", ["", "../x", "a/b", ".hidden", "a..b", "x" * 100, "h1-1\n"])
def test_what_is_no_call_id_never_becomes_a_file_s_name(call_id: str) -> None:
    """No path leaves the folder of recordings."""
    with pytest.raises(BadInput):
        recording_path(call_id, 0.0)
    with pytest.raises(BadInput):
        spool_names(call_id)


@pytest.mark.parametrize("name", ["notes.txt", ".wav", "-rx.wav", "a b.wav", "a b-third-1-rx.wav"])
def test_a_foreign_file_in_the_spool_is_no_call_s(name: str) -> None:
    """It is left alone."""
    assert piece_of_spool(name) is None
