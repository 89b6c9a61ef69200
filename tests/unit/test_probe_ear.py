"""What the probe hears: packets in whatever order become one sound, and a recording is found in it or it is not."""

from __future__ import annotations

import random
from array import array
from pathlib import Path

import numpy as np
import pytest

from hotline_core.settings import DEFAULT_CITY, load_city
from probe.ear import RATE, find, products, rms, timeline, tone_at
from probe.expected import Expected, expected
from tests.sip.tones import tone

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def wanted() -> Expected:
    """The shipped recordings of the default city."""
    return expected(load_city(DEFAULT_CITY), Path("/nonexistent"))


def told(sound: array[int], first: int = 12345, at: float = 5.0) -> list[tuple[float, int, bytes]]:
    """Sound as the library hands it on: packets of 20 ms, unsigned, 8 bits."""
    data = bytes(min(255, max(0, round(value / 256) + 128)) for value in sound)
    return [(at + place / RATE, first + place, data[place : place + 160]) for place in range(0, len(data), 160)]


def test_a_silent_caller_of_each_line_is_known_to_hear_its_greeting_and_its_menu(wanted: Expected) -> None:
    """From the menus themselves."""
    assert wanted.greetings == {"12328": "greet-12328", "12345": "greet-12345"}
    assert wanted.rest == {"12328": ("menu-12328",), "12345": ("menu-12345",)}
    assert set(wanted.sounds) == {f"{part}-{line}" for part in ("greet", "menu", "notice") for line in ("12328", "12345")}


def test_a_greeting_is_found_where_it_was_played_and_as_loud_as_it_came(wanted: Expected) -> None:
    """Half as loud is 6 dB less; 8 bits are enough."""
    greeting = wanted.sounds["greet-12328"]
    quieter = array("h", [0] * 3000 + [value // 2 for value in greeting] + [0] * 8000)
    match = find(greeting, timeline(told(quieter)))
    assert match.at_s == pytest.approx(3000 / RATE, abs=0.01)
    assert match.level_db == pytest.approx(-6.0, abs=0.3)
    assert match.likeness > 0.98


@pytest.mark.parametrize("other", ["greet-12345", "notice-12328", "notice-12345", "menu-12328"])
def test_another_recording_is_no_greeting(wanted: Expected, other: str) -> None:
    """Not even that of the other line, in the same voice and half of the same words."""
    assert find(wanted.sounds["greet-12328"], timeline(told(wanted.sounds[other]))).likeness < 0.6


def test_a_greeting_with_lost_and_late_packets_is_still_the_greeting(wanted: Expected) -> None:
    """One packet in twenty is lost, many change places; the timestamps tell where each belongs."""
    dice = random.Random(7)
    packets = [packet for packet in told(wanted.sounds["greet-12345"]) if dice.random() > 0.05]
    late = sorted(packets, key=lambda packet: packet[1] + dice.randrange(800))
    assert find(wanted.sounds["greet-12345"], timeline(late)).likeness > 0.9


def test_a_new_clock_in_the_middle_of_a_call_goes_on_where_it_arrived() -> None:
    """A far end that changes begins with timestamps of its own: the arrival counts, and nothing is overwritten."""
    first, second = array("h", [256 * 40] * 1600), array("h", [256 * 20] * 1600)
    heard = timeline([*told(first), *told(second, first=4_000_000_000, at=6.0)])
    assert len(heard) == RATE + 1600
    assert heard[100] == 256 * 40
    assert heard[RATE + 100] == 256 * 20
    assert rms(heard[3200:7000]) == 0


def test_nothing_is_found_in_nothing(wanted: Expected) -> None:
    """No packets, silence, or less than a piece of the recording."""
    greeting = wanted.sounds["greet-12328"]
    for heard in (timeline([]), array("h", [0] * 40_000), greeting[:2000]):
        assert find(greeting, heard).likeness < 0.5
    assert rms(timeline([])) == 0


def test_a_tone_is_told_from_speech_and_from_other_tones(wanted: Expected) -> None:
    """Where it begins, at a tenth of full loudness and with noise."""
    noise = np.random.default_rng(3).normal(0, 60, RATE)
    sound = array("h", (tone(1000, 1.0, 3000) + noise).astype(np.int16).tolist())
    heard = wanted.sounds["menu-12328"] + sound
    at = tone_at(heard, 1000)
    assert at is not None
    assert at == pytest.approx(len(wanted.sounds["menu-12328"]) / RATE, abs=0.1)
    assert tone_at(heard, 1400) is None
    assert tone_at(sum(wanted.sounds.values(), array("h")), 1000) is None


def test_scalar_products_by_long_integers_are_those_of_plain_sums() -> None:
    """With the extremes of 16 bits, and where the piece does not fit."""
    dice = random.Random(11)
    heard = [-32768, 32767, *(dice.randrange(-32768, 32768) for _ in range(300)), -32768, 32767]
    for piece in ([32767] * 50, [-32768] * 50, heard[100:150], heard):
        plain = [sum(a * b for a, b in zip(piece, heard[at:], strict=False)) for at in range(len(heard) - len(piece) + 1)]
        assert products(piece, heard) == plain
    assert products(heard, heard[1:]) == []
