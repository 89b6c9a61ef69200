"""Owns what a backup says of itself: its files with size and SHA-256, its databases, its ledger, the recordings it names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hotline_core.errors import BadInput

FORM = 1
LARGEST_BYTES = 256 * 2**20  # a million announcements would not fill it; anything larger is no manifest


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the backup; `path` is below its folder, `mode` the permissions it had, `was` where it lay if not in the home."""

    path: str
    size: int
    sha256: str
    mode: int
    was: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """A database as it was in one moment: `kind` is sqlite or postgresql, `rows` how many each table had."""

    kind: str
    revision: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Chain:
    """The end of a chain: how far it goes, and the hash that covers all before."""

    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of it. The ledger is taken after the calls database, so it is never behind what that has applied."""

    made_at: float
    entries: tuple[Entry, ...]
    databases: Mapping[str, Database]
    ledger: Chain
    audit: Chain
    recordings: int


def dumps(manifest: Manifest) -> bytes:
    """The text of manifest.json: ASCII, so that any file name of any system stands in it unharmed."""
    return json.dumps({"form": FORM, **asdict(manifest)}, indent=1).encode("ascii") + b"\n"


def loads(data: bytes) -> Manifest:
    """The reverse; BadInput for what is none, or was written by a version that writes another form."""
    try:
        told: dict[str, Any] = json.loads(data)
        if told["form"] != FORM:
            raise BadInput("backup_form", form=told["form"])
        return Manifest(
            made_at=float(told["made_at"]),
            entries=tuple(Entry(**entry) for entry in told["entries"]),
            databases={name: Database(**database) for name, database in told["databases"].items()},
            ledger=Chain(**told["ledger"]), audit=Chain(**told["audit"]), recordings=int(told["recordings"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput("no_manifest") from error
