"""Lets a synthetic citizen ring a line of the running demo: the demo carrier's Asterisk places the call."""

from __future__ import annotations

import re
import secrets
import subprocess

from hotline_core.errors import SetupError
from hotline_core.settings import Settings, load_city
from launcher import fetch, readiness
from launcher.programs import ask_asterisk
from launcher.texts import say

TIMEOUT_S = 10
SENTENCES = 3  # spoken Mandarin sentences the demo carrier can play
PREFIX = "138557"  # mobile numbers of the demo city


def place_call(settings: Settings, line: str | None = None, number: str | None = None) -> None:
    """Ring `line` (the first line of the city if None) from `number` (a random one if None); SetupError if it cannot."""
    if not settings.demo:
        raise SetupError("demo_only")
    city = load_city(settings.city_file)
    numbers = [each for entry in city.lines.values() for each in entry.numbers]
    dialled = line or numbers[0]
    if dialled not in numbers:
        raise SetupError("unknown_line", line=dialled, lines="、".join(numbers))
    caller = number or f"{PREFIX}{secrets.randbelow(100_000):05d}"
    if not re.fullmatch(r"\+?[0-9]{3,20}", caller):
        raise SetupError("odd_number", number=caller)
    carrier = settings.paths.carrier
    if not readiness.listens_at(carrier / "run/asterisk.ctl"):
        raise SetupError("not_started")
    from asterisk_conf.render import module_names

    programs = fetch.find(settings.cache, module_names())
    if programs is None:
        raise SetupError("not_started")
    command = originate(dialled, caller, 1 + secrets.randbelow(SENTENCES))
    log = settings.paths.log / "carrier.log"
    try:
        told = ask_asterisk(programs, carrier, command, TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise SetupError("call_failed", reason=f"{TIMEOUT_S} s", log=log) from error
    if told:  # the CLI says nothing when it has placed the call
        raise SetupError("call_failed", reason=told.splitlines()[0][:200], log=log)
    say("calling", number=caller, line=dialled)


def originate(line: str, caller: str, which: int) -> str:
    """The CLI command; `which` of the carrier's sentences the citizen speaks."""
    return f"channel originate Local/{line}-{caller}@dial-citizen/n extension {which}@citizen-voice"
