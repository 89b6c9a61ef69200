"""The report: for people one line each with its cure, for programs one JSON document; pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from unicodedata import east_asian_width

from doctor.finding import Finding, Level, is_healthy
from doctor.texts import line, mark, words_of

COLOURS: dict[Level, str] = {"good": "32", "note": "33", "bad": "31", "skipped": "90"}
TITLE_CELLS = 12


def for_people(findings: Sequence[Finding], *, home: str, is_coloured: bool) -> str:
    """Every finding, then the count; a terminal gets colours."""
    lines = [line("head", home=home)]
    for finding in findings:
        words = words_of(finding)
        sign = mark(finding.level)
        if is_coloured:
            sign = f"\033[{COLOURS[finding.level]}m{sign}\033[0m"
        lines.append(f"{sign} {_padded(words.title)}{words.says}")
        if words.cure:
            lines.append(" " * (TITLE_CELLS + 2) + line("cure", cure=words.cure))
    counts = Counter(finding.level for finding in findings)
    verdict = "healthy" if is_healthy(findings) else "unhealthy"
    lines.append(line(verdict, total=len(findings), **{level: counts[level] for level in COLOURS}))
    return "\n".join(lines)


def for_programs(findings: Sequence[Finding], *, home: str, at: float) -> str:
    """The same as JSON: `healthy`, and of each finding check, level, code, what it says, its cure and its facts."""
    told = []
    for finding in findings:
        words = words_of(finding)
        facts = {name: value if isinstance(value, int | float) else str(value) for name, value in finding.facts.items()}
        known = {"check": finding.check, "level": finding.level, "code": finding.code}
        told.append({**known, "says": words.says, "cure": words.cure, "facts": facts})
    document = {"at": at, "home": home, "healthy": is_healthy(findings), "findings": told}
    return json.dumps(document, ensure_ascii=False, indent=1)


def _padded(title: str) -> str:
    """Filled up to the same width, a Chinese character being two cells wide."""
    cells = sum(2 if east_asian_width(character) in "WF" else 1 for character in title)
    return title + " " * max(1, TITLE_CELLS - cells)
