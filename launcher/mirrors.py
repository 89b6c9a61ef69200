"""Finds the Debian mirror that this machine's own apt uses; reads both formats of apt's sources (sources.list(5))."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Suites that only an archive of Debian itself has, next to the machine's own code name.
DEBIAN_SUITES = frozenset({"stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"})
KEYRING_NAME = "debian-archive-keyring"


@dataclass(frozen=True, slots=True)
class Source:
    """One archive, one suite, as apt's sources name it."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str


def parse_one_line(text: str) -> list[Source]:
    """The binary archives of a *.list file: `deb [options] uri suite component...`."""
    found = []
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        match = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$", line)
        if match is None:
            continue
        options, uri, suite, components = match.groups()
        signed = re.search(r"(?:^|\s)signed-by=(\S+)", options or "", re.IGNORECASE)
        found.append(Source(uri, suite, tuple(components.split()), signed.group(1) if signed else ""))
    return found


def parse_deb822(text: str) -> list[Source]:
    """The binary archives of a *.sources file: stanzas of `Field: values`, continued by indented lines."""
    found = []
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n[ \t]*\n", "\n".join(lines)):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1] in (" ", "\t"):
                fields[name] = f"{fields.get(name, '')} {line.strip()}"
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        components = tuple(fields.get("components", "").split())
        found += [
            Source(uri, suite, components, fields.get("signed-by", ""))
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        ]
    return found


def choose(sources: Iterable[Source], codename: str) -> list[str]:
    """Addresses of Debian archives, the surest first; other vendors' archives and the security archive are left out."""
    ranked: dict[str, int] = {}
    for source in sources:
        base = source.suite.removesuffix("-updates").removesuffix("-backports")
        if base not in DEBIAN_SUITES | {codename} or "main" not in source.components:
            continue
        if "security" in source.uri or source.uri.startswith("cdrom:"):
            continue
        if KEYRING_NAME in source.signed_by:
            rank = 0
        elif source.signed_by:
            rank = 3  # another vendor's key: hardly Debian, the last to try
        else:
            rank = 1 if source.uri.rstrip("/").endswith("/debian") else 2
        ranked[source.uri] = min(rank, ranked.get(source.uri, rank))
    return sorted(ranked, key=lambda uri: ranked[uri])


def of_this_machine(folder: Path) -> list[Source]:
    """All archives of the machine's apt, read from its configuration folder."""
    found: list[Source] = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".list":
            found += parse_one_line(text)
        elif path.suffix == ".sources":
            found += parse_deb822(text)
    return found


def codename_of(os_release: str) -> str:
    """The machine's code name from the text of os-release(5); empty when it has none."""
    match = re.search(r'^VERSION_CODENAME="?([\w.-]*)"?', os_release, re.MULTILINE)
    return match.group(1) if match else ""
