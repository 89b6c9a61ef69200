"""A city's own recordings: heard where they are fit, told where they are not, and the shipped ones otherwise."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import pytest

from ivr.catalogue import RECORDINGS_FOLDER
from ivr.menu import MENUS_FOLDER, load_menus, recording_lengths
from ivr.own_prompts import chosen
from launcher.check_config import prompt_mistakes

pytestmark = pytest.mark.unit
MENUS = tuple(load_menus(MENUS_FOLDER).values())


def spoken(path: Path, seconds: float, rate: int = 8000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(bytes(int(seconds * rate) * 2))


def test_without_recordings_of_their_own_callers_hear_all_the_shipped_ones(tmp_path: Path) -> None:
    """An absent folder is no mistake."""
    files, refused = chosen(RECORDINGS_FOLDER, tmp_path / "prompts", MENUS)
    assert (set(files), refused) == (set(recording_lengths(RECORDINGS_FOLDER)), ())


def test_callers_hear_the_citys_recording_in_place_of_the_shipped_one(tmp_path: Path) -> None:
    """Only those it is named after."""
    spoken(tmp_path / "queue-youarenext.wav", 2.0)
    spoken(tmp_path / "connecting.wav", 1.4)
    files, refused = chosen(RECORDINGS_FOLDER, tmp_path, MENUS)
    assert refused == ()
    assert {key for key, path in files.items() if path.is_relative_to(tmp_path)} == {"queue-youarenext", "connecting"}


def test_a_recording_that_callers_could_not_hear_is_told_and_the_shipped_one_heard(tmp_path: Path) -> None:
    """`make check-config` names the file and what is wrong with it."""
    spoken(tmp_path / "alone.wav", 1.0, rate=16000)
    spoken(tmp_path / "no-such-prompt.wav", 1.0)
    files, refused = chosen(RECORDINGS_FOLDER, tmp_path, MENUS)
    assert [(each.path.name, each.code) for each in refused] == [
        ("alone.wav", "sound-rate"), ("no-such-prompt.wav", "sound-unknown"),
    ]  # fmt: skip
    assert files["alone"] == RECORDINGS_FOLDER / "alone.wav"
    told = prompt_mistakes(MENUS_FOLDER, RECORDINGS_FOLDER, tmp_path)
    assert [mistake.what for mistake in told] == ["采样率是 16000 赫兹，应为 8000", "语音提示中没有 no-such-prompt"]


def test_a_greeting_that_would_keep_a_silent_caller_too_long_is_not_played(tmp_path: Path) -> None:
    """8 s from the answer to the queue hold for the city's words too; a shorter greeting is welcome."""
    spoken(tmp_path / "greet-12328.wav", 6.0)
    spoken(tmp_path / "greet-12345.wav", 1.0)
    files, refused = chosen(RECORDINGS_FOLDER, tmp_path, MENUS)
    assert [(each.path.name, each.code, each.about) for each in refused] == [("greet-12328.wav", "sound-late", "12328")]
    assert files["greet-12328"] == RECORDINGS_FOLDER / "greet-12328.wav"
    assert files["greet-12345"] == tmp_path / "greet-12345.wav"


def test_a_recording_of_the_shipped_length_is_fit(tmp_path: Path) -> None:
    """The shipped ones themselves pass."""
    shutil.copytree(RECORDINGS_FOLDER, tmp_path, dirs_exist_ok=True)
    files, refused = chosen(RECORDINGS_FOLDER, tmp_path, MENUS)
    assert refused == ()
    assert all(path.is_relative_to(tmp_path) for path in files.values())
