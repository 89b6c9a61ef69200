"""Every recording is understood by a listener: a recogniser hears the sentence that the catalogue holds."""

from __future__ import annotations

import wave

import numpy as np
import numpy.typing as npt
import pytest

from ivr.catalogue import CATALOGUE_PATH, RECORDINGS_FOLDER, load_catalogue, recording_path
from ivr.numbers import spoken_number
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.integration

CATALOGUE = load_catalogue(CATALOGUE_PATH)
FRAGMENTS = frozenset({"queue-holdtime", "queue-less-than", "queue-minute", "queue-minutes", "queue-seconds"})
KEYS = tuple(prompt.key for prompt in CATALOGUE.prompts if prompt.key not in FRAGMENTS and not prompt.key.startswith("digits/"))
ALIKE = 0.8  # measured: the right sentence scores 0.94 or more; the nearest wrong one, the other notice, 0.76

ALIKE_JOINED = 0.7  # measured: 0.75 or more


@pytest.mark.parametrize("key", KEYS)
def test_caller_understands_the_prompt(key: str, recogniser: Recogniser) -> None:
    """What the recogniser writes sounds like the prompt's text."""
    heard = recogniser.text_of(samples_of(key), 8000)
    assert sounds_like(heard, CATALOGUE.prompt(key).text) >= ALIKE, heard


@pytest.mark.parametrize("waiting", [*range(1, 11), 12, 20, 25, 36, 47, 105, 230])
def test_caller_understands_that_others_wait_before_him(waiting: int, recogniser: Recogniser) -> None:
    """Recordings played one after the other make a sentence; single syllables are often misheard, so the bound is lower."""
    keys = ("queue-thereare", *spoken_number(waiting), "queue-callswaiting")
    heard = recogniser.text_of(np.concatenate([samples_of(key) for key in keys]), 8000)
    assert sounds_like(heard, "".join(CATALOGUE.prompt(key).text for key in keys)) >= ALIKE_JOINED, heard


def test_caller_who_says_nothing_is_not_credited_with_words(recogniser: Recogniser) -> None:
    """Two seconds of faint line noise are recognised as nothing."""
    noise = np.random.default_rng(1).normal(0.0, 30.0, 16_000).astype(np.int16)
    assert recogniser.text_of(noise, 8000) == ""


def samples_of(key: str) -> npt.NDArray[np.int16]:
    with wave.open(str(recording_path(RECORDINGS_FOLDER, key))) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), dtype="<i2").astype(np.int16)
