"""`make audit`: what the hotline is made of beside its own code is pinned, unchanged, as locked; and what advisories know of it.

Asked is OSV (osv.dev), package and version by name, nothing else of ours. Exit code 0: all proven and nothing known; 1: something
is wrong; 3: all that can be proven here is well, but no advisory service answered, so nothing is known about vulnerabilities.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.parts import CHECKOUT
from launcher.texts import sentence, write

LOCKS = ("run", "test", "prompts")
VENDORED = CHECKOUT / "agent_desktop/static/vendor"
SERVICE = "https://api.osv.dev/v1/querybatch"
ANSWER_S = 20.0
FINE, WRONG, UNKNOWN = 0, 1, 3
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[a-z,]+\])?==([^\s;\\]+)[^\\]*\\?$")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock file; `hashes` is how many files of it may be installed."""

    name: str
    version: str
    hashes: int


def read_lock(text: str) -> tuple[dict[str, Locked], list[str]]:
    """The packages by their normal names (PEP 503), and every line that pins nothing; pure."""
    found: dict[str, Locked] = {}
    odd: list[str] = []
    last = ""
    for line in text.splitlines():
        if line.strip().startswith("--hash=sha256:"):
            if last:
                found[last] = Locked(found[last].name, found[last].version, found[last].hashes + 1)
        elif match := _PINNED.match(line):
            last = normal(match[1])
            found[last] = Locked(match[1], match[2], 0)
        elif line.strip() and not line.startswith("#"):
            odd.append(line.strip())
    return found, odd


def normal(name: str) -> str:
    """A package's one name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lock_mistakes(name: str, text: str) -> list[str]:
    """What is not pinned to a version and to the hashes of its files; pure."""
    found, odd = read_lock(text)
    mistakes = [sentence("audit", "not_pinned", lock=name, line=line) for line in odd]
    return mistakes + [sentence("audit", "no_hash", lock=name, package=each.name) for each in found.values() if not each.hashes]


def installed_mistakes(locked: Mapping[str, Locked], installed: Mapping[str, str]) -> list[str]:
    """Where what is installed is not what is locked; pure. More than is locked may be there (tests)."""
    told = []
    for key, package in locked.items():
        there = installed.get(key)
        if there is not None and there != package.version:
            told.append(sentence("audit", "other_version", package=package.name, locked=package.version, installed=there))
    return told


def vendored_mistakes(folder: Path) -> list[str]:
    """Vendored files that are not the ones named, by their SHA-256, in the README beside them; OSError if one cannot be read."""
    told = []
    for path in sorted(folder.rglob("*.js")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest not in (path.parent / "README.md").read_text(encoding="utf-8"):
            told.append(sentence("audit", "changed_file", file=path.relative_to(folder)))
    return told


def vendored_packages(folder: Path) -> dict[str, str]:
    """The packages that the READMEs of vendored code name, and their versions."""
    rows = [row for readme in folder.glob("*/README.md") for row in readme.read_text(encoding="utf-8").splitlines()]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("|")]
    return {row[0].split(" ")[0]: row[1] for row in cells if len(row) == 3 and re.fullmatch(r"\d+(\.\d+)+", row[1])}


def ask(packages: list[tuple[str, str, str]], service: str = SERVICE) -> dict[str, list[str]]:
    """Known advisories by "package version"; (ecosystem, package, version) each. OSError or ValueError when there is no answer."""
    queries = [{"package": {"ecosystem": kind, "name": name}, "version": version} for kind, name, version in packages]
    body = json.dumps({"queries": queries}).encode()
    request = urllib.request.Request(service, body, {"Content-Type": "application/json"})  # noqa: S310 - https, or a test
    with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310
        results: list[dict[str, Any]] = json.load(answer)["results"]
    if len(results) != len(packages):
        raise ValueError("an answer for each question was expected")
    named = {f"{name} {version}": result.get("vulns", []) for (_, name, version), result in zip(packages, results, strict=True)}
    return {package: [str(each["id"]) for each in found] for package, found in named.items() if found}


def audit(service: str = SERVICE) -> int:
    """Print each finding and a last line; the exit code."""
    texts = {name: (CHECKOUT / f"requirements/{name}.lock").read_text(encoding="utf-8") for name in LOCKS}
    locked, _ = read_lock(texts["run"])
    installed = {normal(each.metadata["Name"]): each.version for each in importlib.metadata.distributions()}
    mistakes = [mistake for name, text in texts.items() for mistake in lock_mistakes(name, text)]
    mistakes += installed_mistakes(locked, installed) + vendored_mistakes(VENDORED)
    vendored = vendored_packages(VENDORED)
    packages = [("PyPI", each.name, each.version) for each in locked.values()] + [("npm", *each) for each in vendored.items()]
    write(sentence("audit", "proven", packages=len(locked), vendored=len(vendored)))
    try:
        known = ask(packages, service)
    except (OSError, ValueError, KeyError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else type(error).__name__
        for mistake in mistakes:
            write(mistake)
        write(sentence("audit", "not_asked", reason=reason))
        return WRONG if mistakes else UNKNOWN
    mistakes += [sentence("audit", "advisory", package=package, ids=", ".join(ids)) for package, ids in known.items()]
    for mistake in mistakes:
        write(mistake)
    write(sentence("audit", "found" if mistakes else "nothing", count=len(mistakes)))
    return WRONG if mistakes else FINE


if __name__ == "__main__":
    sys.exit(audit())
