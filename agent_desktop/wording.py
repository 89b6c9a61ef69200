"""The sentences a person reads for a code; the sentences themselves are data (messages.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hotline_core.yaml_lines import load_yaml
from tickets.names import load_names

SENTENCES = Path(__file__).with_name("messages.yaml")
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences by code; `words` are what a person reads for a machine's word in {field}, {act} or {stage}."""

    sentences: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def sentence(self, code: str, facts: Mapping[str, object] | None = None) -> str:
        """The sentence for `code`, its {placeholders} filled from `facts`; an unknown code gets the general one."""
        text = self.sentences.get(code) or self.sentences["error"]
        words = {key: self._word(key, value) for key, value in (facts or {}).items()}
        return text.format_map(_Blanks(words))

    def _word(self, key: str, value: object) -> str:
        if key == "until" and isinstance(value, int | float):
            return datetime.fromtimestamp(value, ZONE).strftime("%H:%M")
        return self.words.get(key, {}).get(str(value), str(value))


class _Blanks(dict[str, str]):
    """A placeholder nobody filled stays empty instead of breaking the answer."""

    def __missing__(self, key: str) -> str:
        return ""


def load_wording(path: Path = SENTENCES) -> Wording:
    """Read the sentences."""
    data = load_yaml(path.read_text(encoding="utf-8"))
    names = load_names()
    words = {"field": names.fields, "act": names.acts, "stage": names.stages}
    return Wording({str(code): str(text) for code, text in data.items()}, words)
