"""Owns the text of every spoken prompt and tells which recordings no longer match it; it makes no sound itself.

The catalogue is prompts/catalogue.yaml, the recordings are prompts/zh/KEY.wav, and `ivr.render` makes the one from
the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from hotline_core.yaml_lines import load_yaml

CATALOGUE_PATH: Final = Path(__file__).parent / "prompts" / "catalogue.yaml"
RECORDINGS_FOLDER: Final = Path(__file__).parent / "prompts" / "zh"

_SECTIONS: Final = ("hotline", "demo")
_FIELDS: Final = frozenset({"text", "spoken", "voice", "speed", "sha256"})
_KEY: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class CatalogueError(ValueError):
    """The catalogue cannot be used as it is written; `code` names the kind of fault and `where` the entry."""

    def __init__(self, code: str, where: str) -> None:
        super().__init__(f"{code}: {where}")
        self.code = code
        self.where = where


@dataclass(frozen=True, slots=True)
class Prompt:
    """One sentence that a caller hears, and how it was last rendered."""

    key: str
    text: str
    spoken: str
    voice: str
    speed: float
    sha256: str

    @property
    def fingerprint(self) -> str:
        """The sha256 of all that decides how the recording sounds."""
        said = "\n".join((self.text, self.spoken, self.voice, f"{self.speed:.2f}"))
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All prompts: what the hotline says, and what the demo carrier's citizens and outside parties say."""

    hotline: tuple[Prompt, ...]
    demo: tuple[Prompt, ...]

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """The prompts of both sections, in the order of the file."""
        return self.hotline + self.demo

    def prompt(self, key: str) -> Prompt:
        """The prompt of that key, or CatalogueError `prompt-unknown`."""
        for prompt in self.prompts:
            if prompt.key == key:
                return prompt
        raise CatalogueError("prompt-unknown", key)


def load_catalogue(path: Path) -> Catalogue:
    """Read a catalogue file; a file that is not one raises CatalogueError."""
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as fault:
        raise CatalogueError("not-yaml", path.name) from fault
    if not isinstance(content, dict) or set(content) != set(_SECTIONS):
        raise CatalogueError("sections-wrong", path.name)
    catalogue = Catalogue(*(_section(name, content[name]) for name in _SECTIONS))
    keys = [prompt.key for prompt in catalogue.prompts]
    for key in keys:
        if keys.count(key) > 1:
            raise CatalogueError("key-twice", key)
    return catalogue


def stale_prompts(catalogue: Catalogue, folder: Path) -> tuple[str, ...]:
    """The keys whose recording in `folder` is missing, or was made before the catalogue's entry last changed."""
    return tuple(
        prompt.key
        for prompt in catalogue.prompts
        if prompt.sha256 != prompt.fingerprint or not recording_path(folder, prompt.key).is_file()
    )


def recording_path(folder: Path, key: str) -> Path:
    """Where the recording of a prompt lies."""
    return folder / f"{key}.wav"


def _section(name: str, entries: object) -> tuple[Prompt, ...]:
    if not isinstance(entries, dict) or not entries:
        raise CatalogueError("section-empty", name)
    return tuple(_prompt(key, fields) for key, fields in entries.items())


def _prompt(key: object, fields: object) -> Prompt:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise CatalogueError("key-malformed", str(key))
    if not isinstance(fields, dict) or not set(fields) <= _FIELDS:
        raise CatalogueError("fields-wrong", key)
    text = _string(key, fields, "text")
    speed = fields.get("speed", 1.0)
    if not isinstance(speed, float) or not 0.5 <= speed <= 2.0:
        raise CatalogueError("speed-wrong", key)
    return Prompt(
        key=key,
        text=text,
        spoken=_string(key, fields, "spoken") if "spoken" in fields else text,
        voice=_string(key, fields, "voice"),
        speed=speed,
        sha256=_string(key, fields, "sha256", may_be_empty=True),
    )


def _string(key: str, fields: Mapping[object, object], name: str, *, may_be_empty: bool = False) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not (value or may_be_empty):
        raise CatalogueError(f"{name}-missing", key)
    return value
