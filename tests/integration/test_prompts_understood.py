"""Every recording is understood by a listener: a recogniser hears the sentence that the catalogue holds."""

from __future__ import annotations

import wave

import numpy as np
import pytest

from ivr.catalogue import CATALOGUE_PATH, RECORDINGS_FOLDER, load_catalogue, recording_path
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.integration

CATALOGUE = load_catalogue(CATALOGUE_PATH)
KEYS = tuple(prompt.key for prompt in CATALOGUE.prompts)
ALIKE = 0.8  # measured: the right sentence scores 0.94 or more; the nearest wrong one, the other notice, 0.76


@pytest.mark.parametrize("key", KEYS)
def test_caller_understands_the_prompt(key: str, recogniser: Recogniser) -> None:
    """What the recogniser writes sounds like the prompt's text."""
    with wave.open(str(recording_path(RECORDINGS_FOLDER, key))) as recording:
        samples = np.frombuffer(recording.readframes(recording.getnframes()), dtype="<i2").astype(np.int16)
        heard = recogniser.text_of(samples, recording.getframerate())
    assert sounds_like(heard, CATALOGUE.prompt(key).text) >= ALIKE, heard


def test_caller_who_says_nothing_is_not_credited_with_words(recogniser: Recogniser) -> None:
    """Two seconds of faint line noise are recognised as nothing."""
    noise = np.random.default_rng(1).normal(0.0, 30.0, 16_000).astype(np.int16)
    assert recogniser.text_of(noise, 8000) == ""
