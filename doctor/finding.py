"""What a check says: one line of the report, as codes and facts; the sentences for people live in texts.yaml. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

# good: as it should be; note: works, a person should look; bad: does not work, or will cost calls or evidence;
# skipped: cannot be told while something else is bad (or while nothing runs), so it says nothing for itself
Level = Literal["good", "note", "bad", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: which check, how it stands, the stable code of what was found, and the facts of its sentence."""

    check: str
    level: Level
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What stands in texts.yaml, and in the JSON for programs: `check.code`."""
        return f"{self.check}.{self.code}"


def good(check: str, code: str = "fine", /, **facts: object) -> Finding:
    """As it should be."""
    return Finding(check, "good", code, facts)


def note(check: str, code: str, /, **facts: object) -> Finding:
    """It works; a person should look."""
    return Finding(check, "note", code, facts)


def bad(check: str, code: str, /, **facts: object) -> Finding:
    """It does not work, or will cost calls or evidence."""
    return Finding(check, "bad", code, facts)


def skipped(check: str, code: str, /, **facts: object) -> Finding:
    """Nothing can be said while something else is bad, or while nothing runs."""
    return Finding(check, "skipped", code, facts)


def is_healthy(findings: Iterable[Finding]) -> bool:
    """True when nothing is bad; notes are a person's to judge."""
    return all(finding.level != "bad" for finding in findings)
