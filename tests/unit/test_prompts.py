"""The recordings in the repository are the ones that the catalogue describes, and fit for a telephone."""

from __future__ import annotations

import wave
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from ivr import loudness
from ivr.catalogue import (
    CATALOGUE_PATH,
    RECORDINGS_FOLDER,
    Catalogue,
    CatalogueError,
    load_catalogue,
    recording_path,
    stale_prompts,
)
from ivr.loudness import frame_levels, speech_level

pytestmark = pytest.mark.unit

KEYS = tuple(prompt.key for prompt in load_catalogue(CATALOGUE_PATH).prompts)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(CATALOGUE_PATH)


def test_caller_hears_what_the_catalogue_says_now(catalogue: Catalogue) -> None:
    """No text was changed without a new recording: if this fails, run `make prompts`."""
    assert stale_prompts(catalogue, RECORDINGS_FOLDER) == ()


def test_caller_hears_no_recording_that_nobody_wrote_down(catalogue: Catalogue) -> None:
    """Every recording has its text in the catalogue."""
    assert {
        path.relative_to(RECORDINGS_FOLDER).with_suffix("").as_posix() for path in RECORDINGS_FOLDER.rglob("*.wav")
    } == set(KEYS)


def test_caller_would_hear_an_outdated_sentence_after_its_text_changed(catalogue: Catalogue) -> None:
    """A prompt whose text is edited counts as stale, and only that one."""
    first, *others = catalogue.hotline
    edited = Catalogue((replace(first, text=first.text + first.text), *others), catalogue.demo)
    assert stale_prompts(edited, RECORDINGS_FOLDER) == (first.key,)


def test_caller_would_hear_nothing_where_a_recording_is_missing(catalogue: Catalogue, tmp_path: Path) -> None:
    """In an empty folder every prompt is stale."""
    assert stale_prompts(catalogue, tmp_path) == KEYS


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("hotline: [", "not-yaml"),
        ("hotline: {}\n", "sections-wrong"),
        ("hotline: {}\ndemo: {}\n", "section-empty"),
        ("hotline: {Bad_Key: {}}\ndemo: {}\n", "key-malformed"),
        ("hotline: {../outside: {}}\ndemo: {}\n", "key-malformed"),
        ("hotline: {a: {text: b, tune: c}}\ndemo: {}\n", "fields-wrong"),
        ("hotline: {a: {voice: b, sha256: ''}}\ndemo: {}\n", "text-missing"),
        ("hotline: {a: {text: b, voice: c, speed: 9.0, sha256: ''}}\ndemo: {}\n", "speed-wrong"),
        ("hotline: {a: &a {text: b, voice: c, sha256: ''}}\ndemo: {a: *a}\n", "key-twice"),
    ],
)
def test_caller_is_never_served_from_a_damaged_catalogue(content: str, code: str, tmp_path: Path) -> None:
    """A catalogue with a mistake in it is refused, and the refusal names the mistake."""
    path = tmp_path / "catalogue.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(path)
    assert refused.value.code == code


@pytest.mark.parametrize("key", KEYS)
def test_caller_gets_every_prompt_in_the_sound_format_of_the_telephone(key: str) -> None:
    """Asterisk plays the file as it is: 8 kHz, one channel, 16 bits."""
    with wave.open(str(recording_path(RECORDINGS_FOLDER, key))) as recording:
        assert (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) == (8000, 1, 2)


@pytest.mark.parametrize("key", KEYS)
def test_caller_is_not_startled_by_a_prompt_louder_than_the_others(key: str) -> None:
    """The speech of each prompt lies within 0.2 dB of the common level, and none is clipped."""
    samples = samples_of(key)
    assert speech_level(samples) == pytest.approx(-20.0, abs=0.2)
    assert max(abs(sample) for sample in samples) < 32768 * 10 ** (-1.0 / 20)


@pytest.mark.parametrize("key", KEYS)
def test_caller_does_not_wait_through_silence_around_a_prompt(key: str) -> None:
    """Speech begins and ends within 150 ms of the ends of the file."""
    levels = frame_levels(samples_of(key))
    speaking = [index for index, level in enumerate(levels) if level > max(levels) - 45]
    assert speaking[0] * 0.02 <= 0.15
    assert (len(levels) - 1 - speaking[-1]) * 0.02 <= 0.15


@pytest.mark.parametrize(("key", "longest_s"), [("notice-12328", 5.5), ("notice-12345", 5.5), ("notice-short", 2.0)])
def test_caller_is_told_about_the_recording_quickly(key: str, longest_s: float) -> None:
    """The notices stand before everything else a caller wants, so they are short."""
    assert len(samples_of(key)) / 8000 <= longest_s


@pytest.mark.parametrize("line", ["12328", "12345"])
def test_caller_knows_where_he_is_and_what_to_press_within_seven_and_a_half_seconds(line: str) -> None:
    """Greeting and menu of a line; the greeting alone takes 3.2 s at most."""
    greeting, menu = (len(samples_of(f"{kind}-{line}")) / 8000 for kind in ("greet", "menu"))
    assert greeting <= 3.2
    assert greeting + menu <= 7.4


def test_the_report_of_what_a_listener_understands_is_about_these_recordings(catalogue: Catalogue) -> None:
    """docs/prompts.md names each prompt with the fingerprint it was heard with: if this fails, run `make prompts-report`."""
    text = (Path(__file__).parents[2] / "docs/prompts.md").read_text(encoding="utf-8")
    told = [(row[1].strip(" `"), row[-2].strip()) for row in (line.split("|") for line in text.splitlines()) if len(row) == 10]
    assert told[0][0] == "prompt"
    rows = [row for row in told if row[0] != "prompt" and set(row[0]) != {"-"}]
    assert sorted(rows) == sorted((prompt.key, prompt.sha256[:8]) for prompt in catalogue.prompts)


def samples_of(key: str) -> array[int]:
    return loudness.samples_of(recording_path(RECORDINGS_FOLDER, key))
