"""A recording is understood by a listener: a recogniser hears the sentence that the catalogue holds.

Here what no caller may miss; `make campaign ONLY=every_prompt` hears them all.
"""

from __future__ import annotations

import re
import wave

import numpy as np
import numpy.typing as npt
import pytest

from ivr.catalogue import CATALOGUE_PATH, RECORDINGS_FOLDER, load_catalogue, recording_path
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.integration

CATALOGUE = load_catalogue(CATALOGUE_PATH)
FRAGMENTS = frozenset({"queue-beyond"})  # heard behind position-20 only
PARTS = ("position-", "wait-")  # heard together with others
KEYS = tuple(prompt.key for prompt in CATALOGUE.prompts if prompt.key not in FRAGMENTS and not prompt.key.startswith(PARTS))
POSITIONS = tuple(prompt.key for prompt in CATALOGUE.prompts if prompt.key.startswith("position-"))
WAITS = ("wait-2", "wait-7", "wait-15")  # the report of `make prompts-report` has them all
FOR_ALL = (
    "notice-12328", "notice-12345", "notice-short", "greet-12328", "menu-12345", "water-number", "emergency-waiting", "please-hold",
    "callback-noted", "party-unreachable",
)  # fmt: skip
A_FEW_PLACES = ("position-2", "position-11", "position-20", "wait-7")
ALIKE = 0.8  # measured: the right sentence scores 0.94 or more; the nearest wrong one, the other notice, 0.76
TRADITIONAL = str.maketrans("兩現後約鐘", "两现后约钟")  # the recogniser writes either


@pytest.mark.parametrize("key", FOR_ALL)
def test_caller_understands_the_prompt(key: str, recogniser: Recogniser) -> None:
    """What the recogniser writes sounds like the prompt's text."""
    understood(key, recogniser)


def understood(key: str, recogniser: Recogniser) -> None:
    """One recording, heard."""
    heard = recogniser.text_of(samples_of(key), 8000)
    assert sounds_like(heard, CATALOGUE.prompt(key).text) >= ALIKE, heard


@pytest.mark.parametrize("key", A_FEW_PLACES)
def test_caller_understands_the_number_in_what_the_queue_says(key: str, recogniser: Recogniser) -> None:
    """Place, average wait and thanks one after the other, as app_queue plays them: the number comes back exactly."""
    number_understood(key, recogniser)


def number_understood(key: str, recogniser: Recogniser) -> None:
    """One place in the queue, or one wait, heard with what is said around it."""
    said = (key, "wait-5", "queue-thankyou") if key in POSITIONS else ("position-2", key, "queue-thankyou")
    heard = recogniser.text_of(np.concatenate([samples_of(each) for each in said]), 8000)
    number, unit = int(key.partition("-")[2]), "位" if key in POSITIONS else "分"
    [chinese] = numbers_in(CATALOGUE.prompt(key).text, unit)
    assert {f"{number}{unit}", chinese} & set(numbers_in(heard.translate(TRADITIONAL), unit)), heard


def numbers_in(text: str, unit: str) -> list[str]:
    """Every number in front of a unit, whole."""
    return re.findall(rf"(?:[0-9]+|[一二三四五六七八九十两]+){unit}", text)


def test_caller_beyond_the_twentieth_place_understands_that(recogniser: Recogniser) -> None:
    """Two recordings, one after the other."""
    heard = recogniser.text_of(np.concatenate([samples_of(key) for key in ("position-20", "queue-beyond", "queue-thankyou")]), 8000)
    assert sounds_like(heard, "您现在排在第二十位之后，感谢您的耐心等候。") >= ALIKE, heard


def test_caller_who_says_nothing_is_not_credited_with_words(recogniser: Recogniser) -> None:
    """Two seconds of faint line noise are recognised as nothing."""
    noise = np.random.default_rng(1).normal(0.0, 30.0, 16_000).astype(np.int16)
    assert recogniser.text_of(noise, 8000) == ""


def samples_of(key: str) -> npt.NDArray[np.int16]:
    with wave.open(str(recording_path(RECORDINGS_FOLDER, key))) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), dtype="<i2").astype(np.int16)
