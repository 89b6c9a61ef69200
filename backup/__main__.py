"""`python -m backup make | verify | restore`: what an operator types, and a timer; exit code 0 means whole."""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from backup.make import make, shelf_of
from backup.restore import restore
from backup.shelf import MANIFEST, Backup, is_verified, newest
from backup.texts import complain, say
from backup.verify import Finding, findings_of, mark_verified, read_manifest, recordings_findings, unmark_verified
from hotline_core.adapters.clock import now
from hotline_core.errors import SettingsError, SetupError
from hotline_core.settings import Settings, load_settings

NICENESS = 10  # calls go first
TELL_EVERY = 1000
MB = 2**20


def main(arguments: list[str]) -> int:
    """Do what is asked; a refusal is one sentence and exit code 1, never a traceback."""
    parser = argparse.ArgumentParser(prog="python -m backup")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("make", help="make a backup of the running hotline and prove it")
    for name, what in (("verify", "read every byte of a backup and of the recordings it names"), ("restore", "into an empty home")):
        one = commands.add_parser(name, help=what)
        one.add_argument("--from", dest="source", type=Path, help="the backup's own folder; the newest one if not given")
    chosen = parser.parse_args(arguments)
    os.nice(NICENESS)
    os.umask(0o077)
    try:
        settings = load_settings()
        match chosen.command:
            case "make":
                return _make(settings)
            case "verify":
                return _verify(settings, _chosen(settings, chosen.source))
            case _:
                return _restore(settings, _chosen(settings, chosen.source))
    except SettingsError as error:
        complain("refusals", "setting", **error.facts)
    except SetupError as error:
        complain("refusals", error.code, **error.facts)
        findings = error.facts.get("findings")
        _tell(findings if isinstance(findings, list) else [])
    except (SQLAlchemyError, sqlite3.Error) as error:
        complain("refusals", "database_away", kind=type(error).__name__)
    except OSError as error:
        complain("refusals", "system", reason=error.strerror or type(error).__name__, what=error.filename or chosen.command)
    except KeyboardInterrupt:
        return 130
    return 1


def _make(settings: Settings) -> int:
    began = time.monotonic()
    say("making", home=settings.home)
    made = make(settings, os.environ, now)
    size = sum(entry.size for entry in made.manifest.entries)
    took = time.monotonic() - began
    say("made" if made.backup.verified else "made_doubtful", folder=made.backup.folder, size_mb=size / MB, seconds=took)
    calls, tickets = made.manifest.databases["calls"].rows, made.manifest.databases["tickets"].rows
    say(
        "holds", calls=calls["calls"], records=made.manifest.ledger.seq, audit=made.manifest.audit.seq,
        recordings=made.manifest.recordings, people=tickets["people"],
    )  # fmt: skip
    if made.removed:
        say("removed", days=settings.backup_days, count=len(made.removed))
    _tell(made.findings)
    return 0 if made.backup.verified else 1


def _verify(settings: Settings, backup: Backup) -> int:
    began = time.monotonic()
    say("verifying", folder=backup.folder)
    manifest = read_manifest(backup.folder)
    findings = findings_of(backup.folder, manifest, settings)
    if findings:
        unmark_verified(backup.folder)
    else:
        mark_verified(backup.folder, now())
        findings = recordings_findings(backup.folder, settings, is_thorough=True, told=_counted)
    _tell(findings)
    if findings:
        return 1
    say("verified", recordings=manifest.recordings, seconds=time.monotonic() - began)
    return 0


def _restore(settings: Settings, backup: Backup) -> int:
    began = time.monotonic()
    say("restoring", folder=backup.folder, home=settings.home)
    done = restore(settings, backup, _counted)
    _tell(done.findings)
    if done.cut_off:
        say("cut_off", count=done.cut_off)
    for place, was in done.beside:
        say("beside" if was else "beside_settings", now=settings.home / place, place=was)
    if not all(one.is_beside for one in done.findings):
        return 1
    say("restored", seconds=time.monotonic() - began)
    return 0


def _chosen(settings: Settings, source: Path | None) -> Backup:
    if source is None:
        shelf = shelf_of(settings)
        found = newest(shelf)
        if found is None:
            raise SetupError("no_backup", folder=shelf)
        return found
    folder = source.expanduser().absolute()
    if not (folder / MANIFEST).is_file():
        raise SetupError("no_manifest", folder=folder)
    return Backup(folder, read_manifest(folder).made_at, is_verified(folder))


def _counted(count: int) -> None:
    if count % TELL_EVERY == 0:
        say("recordings_read", count=count)


def _tell(findings: Iterable[Finding]) -> None:
    for one in findings:
        facts = {name: "、".join(map(str, fact)) if isinstance(fact, list) else fact for name, fact in one.facts.items()}
        complain("findings", one.code, **facts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
