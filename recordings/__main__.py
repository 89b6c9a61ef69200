"""`python -m recordings verify | rotate | bring-keys | give-up | settle`: what an operator types; exit code 0: all is whole."""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hotline_core.adapters.clock import now
from hotline_core.adapters.engine import make_engine
from hotline_core.errors import SettingsError, SetupError
from hotline_core.settings import Settings, load_settings
from recordings.cabinet import Cabinet, open_cabinet
from recordings.chain import read_heads
from recordings.giving_up import give_up
from recordings.key_copies import COPY, bring, copy_of, missed
from recordings.keyring import Keyring
from recordings.masters import load_masters, with_new_master
from recordings.reading import Reader
from recordings.settling import settle
from recordings.store.stores import Stores
from recordings.terminal import complain, say
from recordings.verifying import verify

NICENESS = 10  # calls go first
TELL_EVERY = 10_000


def main(arguments: list[str]) -> int:
    """Do what is asked; a refusal is one sentence and exit code 1, never a traceback."""
    parser = argparse.ArgumentParser(prog="python -m recordings")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("verify", help="prove that no recording was altered, removed or put in")
    one.add_argument("--head", default="", help="`DAY HEAD` as it was kept outside, or a file of such lines")
    one.add_argument("--rows-only", action="store_true", help="do not read the files")
    commands.add_parser("rotate", help="wrap all keys with a new master key")
    two = commands.add_parser("bring-keys", help="bring home the keys that are missing from the copy beside the backups")
    two.add_argument("--from", dest="source", type=Path, help="another copy, or the folder it lies in")
    three = commands.add_parser("give-up", help="keys or master keys are lost for good: begin new ones")
    three.add_argument("--reason", required=True, help="why no copy of them is to be had; it is written into the audit trail")
    four = commands.add_parser("settle", help="what is not well with recordings was seen to: end the alarms that there are")
    four.add_argument("--reason", required=True, help="what was done about it; it is written into the audit trail")
    chosen = parser.parse_args(arguments)
    os.nice(NICENESS)
    os.umask(0o077)
    try:
        settings = load_settings()
        match chosen.command:
            case "verify":
                return _verify(settings, chosen.head, with_files=not chosen.rows_only)
            case "rotate":
                return _rotate(settings)
            case "give-up":
                return _give_up(settings, chosen.reason)
            case "settle":
                return _settle(settings, chosen.reason)
            case _:
                return _bring(settings, chosen.source)
    except SettingsError as error:
        complain("refusals", "setting", **error.facts)
    except SetupError as error:
        complain("refusals", error.code, **error.facts)
    except (SQLAlchemyError, sqlite3.Error) as error:
        complain("refusals", "database_away", kind=type(error).__name__)
    except OSError as error:
        complain("refusals", "system", reason=error.strerror or type(error).__name__, what=error.filename or chosen.command)
    except KeyboardInterrupt:
        return 130
    return 1


def _verify(settings: Settings, given: str, *, with_files: bool) -> int:
    heads = _heads(settings, given)
    say("verifying")
    say("heads", count=len(heads)) if heads else say("no_heads")
    stores = Stores(settings.paths.recordings, settings.archive)
    keyring = Keyring(settings.paths.recording_keys, load_masters(settings.masters_file))
    engine = make_engine(settings.calls_url)
    try:
        proof = verify(engine, Cabinet(stores, keyring, Reader(stores, keyring)), heads, _counted, with_files=with_files)
    finally:
        engine.dispose()
    for one in proof.findings:
        complain("findings", one.code, **one.facts)
    say("looked", days=proof.days, kept=proof.kept, deleted=proof.deleted, files=proof.files)
    if proof.bound:
        say("bound", count=proof.bound)
    if proof.plain:
        say("plain", count=proof.plain)
    if proof.away:
        say("away", count=proof.away)
    if proof.findings or proof.away:
        return 1
    say("whole")
    if proof.head:
        say("head", head=proof.head)
    return 0


def _heads(settings: Settings, given: str) -> dict[str, str]:
    """What was kept outside: of the folder of the settings, and what was given."""
    heads: dict[str, str] = {}
    if settings.recording_heads is not None and settings.recording_heads.is_dir():
        for file in sorted(settings.recording_heads.glob("recordings-*.heads")):
            heads |= _read(file.read_text(encoding="utf-8"))
    if given:
        file = Path(given)
        heads |= _read(file.read_text(encoding="utf-8") if len(given) < 1000 and file.is_file() else given)
    return heads


def _read(text: str) -> dict[str, str]:
    try:
        return read_heads(text)
    except ValueError as error:
        raise SetupError("bad_head", text=str(error)[:100]) from error


def _counted(count: int) -> None:
    if count % TELL_EVERY == 0:
        say("counted", count=count)


def _rotate(settings: Settings) -> int:
    """Killed at any point it leaves all keys readable, and is begun again."""
    engine = make_engine(settings.calls_url)
    try:
        keyring = open_cabinet(settings, engine).keyring
        keyring.begin()  # refused before there is a new master key
        _check_copy(settings, keyring, engine)
        with_new_master(settings.masters_file)
        say("rotated", count=keyring.retire(settings.masters_file))
    finally:
        engine.dispose()
    return 0


def _check_copy(settings: Settings, keyring: Keyring, calls: Engine) -> None:
    """SetupError keys_to_bring while keys that are missed lie beside the backups: nothing may be done that makes them useless."""
    copy = copy_of(settings)
    if copy is not None and (there := missed(keyring, copy, calls).there):
        raise SetupError("keys_to_bring", count=there, copy=copy.path)


def _give_up(settings: Settings, reason: str) -> int:
    calls, tickets = make_engine(settings.calls_url), make_engine(settings.tickets_url, durable=True)
    try:
        made = give_up(settings, calls, tickets, reason, now())
    finally:
        calls.dispose()
        tickets.dispose()
    say("given_up", files="、".join(made))
    return 0


def _settle(settings: Settings, reason: str) -> int:
    calls, tickets = make_engine(settings.calls_url, durable=True), make_engine(settings.tickets_url, durable=True)
    try:
        counts = settle(calls, tickets, reason, now())
    finally:
        calls.dispose()
        tickets.dispose()
    for kind, count in sorted(counts.items()):
        say(f"settled_{kind}", count=count)
    return 0


def _bring(settings: Settings, source: Path | None) -> int:
    """What is at home stays; the worker may run meanwhile."""
    copy = copy_of(settings) if source is None else Keyring(source / COPY if source.is_dir() else source, settings.masters_file)
    if copy is None or not copy.is_there:
        raise SetupError("no_copy", file=copy.path if copy else COPY)
    engine = make_engine(settings.calls_url)
    try:
        found = bring(open_cabinet(settings).keyring, copy, engine)
    finally:
        engine.dispose()
    say("brought", count=found.brought, copy=copy.path)
    if found.closed:
        complain("findings", "keys_closed", count=found.closed)
    if found.gone:
        complain("findings", "keys_gone", count=found.gone)
    return 0 if not found.count else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
