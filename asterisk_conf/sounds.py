"""Lays out under an Asterisk's data folder all that callers hear: prompts, what the queue says, music with the topics in it."""

from __future__ import annotations

import shutil
import wave
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from ivr.sound_file import write_silence

FADE_FRAMES: Final = 400  # 50 ms: a piece of music begins and ends without a click
FIRST_PIECE_S: Final = 8  # a topic is first heard after so much music, so that one who is answered at once hears none
HUSH: Final = b"\xd5" * 160  # 20 ms of silence in A-law: see [fresh-sound] of extensions.conf
POSITIONS: Final = range(2, 21)
WAITS: Final = (*range(1, 11), 15, 20, 30)  # minutes of average wait that have a sentence


def lay_prompts(data: Path, files: Mapping[str, Path]) -> None:
    """A copy of every prompt under data/prompts, by key; Asterisk's `zh` sounds are the same.

    Copies, so that what was found fit is what callers hear, whatever happens to the files meanwhile.
    """
    _empty(data / "prompts")
    for key, path in files.items():
        kept = data / "prompts" / f"{key}.wav"
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(path, kept)
    _link(data / "sounds/zh", data / "prompts")


def lay_queue(data: Path) -> None:
    """What app_queue says to who waits, as languages of Asterisk: see [spoken] of extensions_queue.conf.

    English is the one whose numbers 2 to 20 are one recording each, so these languages are its dialects: `en_queue` has whole
    Chinese sentences there, `en_queue_N` adds the sentence of N minutes, and `en_urgent` has silence.
    """
    prompts, sounds = data / "prompts", data / "sounds"
    for language in ("en_queue", "en_urgent", *(f"en_queue_{minutes}" for minutes in WAITS)):
        _empty(sounds / language)
    for name, key in (("next", "queue-youarenext"), ("beyond", "queue-beyond"), ("thanks", "queue-thankyou")):
        _link(sounds / "en_queue" / f"{name}.wav", prompts / f"{key}.wav")
    silence = write_silence(data / "silence.wav")
    (data / "hush.alaw").write_bytes(HUSH)
    for position in POSITIONS:
        _link(sounds / "en_queue/digits" / f"{position}.wav", prompts / f"position-{position}.wav")
        _link(sounds / "en_urgent/digits" / f"{position}.wav", silence)
    for minutes in WAITS:
        _link(sounds / f"en_queue_{minutes}" / "wait.wav", prompts / f"wait-{minutes}.wav")


def lay_music(data: Path, music: Path, lines: Iterable[str], topics: Path, every_s: int) -> None:
    """Music on hold, and for each line music with its topic after the first seconds and then after `every_s` s, over and over."""
    _empty(data / "moh")
    songs = sorted(music.glob("*.wav"))
    for song in songs:
        _link(data / "moh" / song.name, song)
    pieces = _pieces(data / "pieces", songs, every_s)
    topics.mkdir(parents=True, exist_ok=True, mode=0o700)
    for line in lines:
        folder, topic = data / "waiting" / line, topics / f"{line}.wav"
        _empty(folder)
        if not topic.is_file():
            write_silence(topic)
        for number, piece in enumerate(pieces):
            _link(folder / f"{number:03}-music.wav", piece)
            _link(folder / f"{number:03}-topic.wav", topic)


def _pieces(folder: Path, songs: Iterable[Path], every_s: int) -> list[Path]:
    _empty(folder)
    made: list[Path] = []
    for song in songs:
        with wave.open(str(song)) as sound:
            seconds = FIRST_PIECE_S if not made else every_s
            while frames := sound.readframes(seconds * sound.getframerate()):
                path = folder / f"{len(made):03}.wav"
                _write(path, _faded(array("h", frames)))
                made.append(path)
                seconds = every_s
    return made


def _faded(samples: array[int]) -> array[int]:
    for place in range(min(FADE_FRAMES, len(samples) // 2)):
        samples[place] = samples[place] * place // FADE_FRAMES
        samples[-1 - place] = samples[-1 - place] * place // FADE_FRAMES
    return samples


def _write(path: Path, samples: array[int]) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(samples.tobytes())


def _empty(folder: Path) -> None:
    """A fresh folder; what an earlier start laid there is gone."""
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
