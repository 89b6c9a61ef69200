"""Owns which rules of keeping are in force in this process: the dated editions, and what the policy profile of a line asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from hotline_core.errors import SettingsError
from hotline_core.log import Log
from recordings.policy_data import load_editions
from recordings.retention import Edition, Facts, Keeping, judge
from tickets.policy import Policy


@dataclass(slots=True)
class KeepingRules:
    """Read anew when the city's file changes; one that cannot be used changes nothing and is told once."""

    own: Path
    policy: Callable[[], Policy]
    log: Log
    _editions: tuple[Edition, ...] = ()
    _seen: tuple[int, int] | None = field(default=None)

    def judge(self, facts: Facts, line: str, now: float) -> Keeping:
        """How long a recording of that line is kept as things stand; SetupError policy_broken, SettingsError: no rules, so wait."""
        return judge(replace(facts, profile_years=self._profile_years(line, facts.started_at)), self.editions(), now)

    def editions(self) -> tuple[Edition, ...]:
        """What is in force; SettingsError if nothing ever could be read."""
        seen = _stamp(self.own)
        if not self._editions or seen != self._seen:
            try:
                self._editions, self._seen = load_editions(self.own), seen
            except SettingsError as error:
                if not self._editions:
                    raise
                if seen != self._seen:
                    self.log.error("rules of keeping cannot be used, those before stay", line=error.facts["line"])
                self._seen = seen
        return self._editions

    def _profile_years(self, line: str, at: float) -> int:
        return self.policy().profile_of(line, at).keeping.audio_years or 0


def _stamp(file: Path) -> tuple[int, int]:
    try:
        told = file.stat()
    except OSError:
        return 0, 0
    return told.st_mtime_ns, told.st_size
