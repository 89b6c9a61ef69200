"""What the PBX says through the second client: the door itself, heart and watchdog, trunks, a sentence played and recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping

from asterisk_conf.trunks import trunk_names
from doctor.finding import Finding, bad, good, note, skipped
from doctor.hearing import Heard, heard_of, is_same
from doctor.subject import Subject
from doctor.switchboard import Door, Seen, look_at_switchboard
from hotline_core.adapters.secrets import Secrets
from hotline_core.city import City
from hotline_core.city_trunk import Trunk
from hotline_core.errors import AmiError
from ivr.catalogue import recording_path

AMI, HEART, WATCHDOG, TRUNKS, SOUND = "ami", "heartbeat", "watchdog", "trunks", "recording"
PLAYED = "resume"  # the sentence of [doctor] in extensions.conf
SLOW_MS = 1000.0


def examine(subject: Subject) -> list[Finding]:
    """One session with the PBX, and a verdict on each thing it tells."""
    if not subject.up.get("asterisk"):
        return [skipped(name, "no_pbx") for name in (AMI, HEART, WATCHDOG, TRUNKS, SOUND)]
    paths = subject.settings.paths
    try:
        secrets = Secrets(**json.loads(paths.secrets.read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return [bad(AMI, "no_secret", file=paths.secrets), *_untold()]
    asked = tuple(f"trunk-{name}" for name, trunk in _trunks_of(subject).items() if trunk.qualify_s)
    has_bridge = bool(subject.up.get("bridge"))
    door = Door(subject.settings.ami_port, secrets.doctor, paths.spool, endpoints=asked, has_bridge=has_bridge)
    try:
        seen = look_at_switchboard(door)
    except AmiError as error:
        facts = {"port": subject.settings.ami_port, "variable": "HOTLINE_AMI_PORT", "file": paths.secrets}
        return [bad(AMI, error.code, **facts), *_untold()]
    if subject.city is not None and seen.system_name != subject.city.system_name:
        return [judge_ami(seen, subject.city.system_name), *_untold()]
    try:
        played: Heard | None = heard_of(recording_path(paths.played_prompts, PLAYED))
    except (OSError, EOFError, ValueError):
        played = None  # told by the prompts
    trunks = judge_trunks(subject.city, seen.registrations, seen.contacts, subject.is_demo)
    return [judge_ami(seen, seen.system_name), *judge_pulse(seen, subject.up), *trunks, judge_sound(seen.heard, played)]


def _trunks_of(subject: Subject) -> Mapping[str, Trunk]:
    return subject.city.trunks if subject.city is not None and not subject.is_demo else {}


def _untold() -> list[Finding]:
    return [skipped(name, "no_ami") for name in (HEART, WATCHDOG, TRUNKS, SOUND)]


def judge_ami(seen: Seen, system_name: str) -> Finding:
    """Is it our own PBX that answers at this port, and at once?"""
    if seen.system_name != system_name:
        return bad(AMI, "another", found=seen.system_name, wanted=system_name, variable="HOTLINE_AMI_PORT")
    if seen.answer_ms > SLOW_MS:
        return note(AMI, "slow", ms=round(seen.answer_ms))
    return good(AMI, version=seen.version.partition("+")[0], ms=round(seen.answer_ms, 1))


def judge_pulse(seen: Seen, up: Mapping[str, bool]) -> list[Finding]:
    """The bridge's heart as the PBX hears it, and the watchdog that goes by it."""
    heart = good(HEART) if seen.has_heartbeat else bad(HEART, "still" if up.get("bridge") else "no_bridge")
    if not seen.has_watchdog:
        watchdog = bad(WATCHDOG, "still")
    elif seen.has_heartbeat != seen.is_bridge_up:
        watchdog = bad(WATCHDOG, "wrong")
    else:
        watchdog = good(WATCHDOG, "fine" if seen.is_bridge_up else "took_over")
    return [heart, watchdog]


def judge_trunks(
    city: City | None, registrations: Mapping[str, str], contacts: Mapping[str, str], is_demo: bool
) -> list[Finding]:
    """One line for each trunk; one that is neither registered nor asked can only be proven by a call (the dial test)."""
    if is_demo:
        return [good(TRUNKS, "demo")]
    if city is None:
        return [skipped(TRUNKS, "no_city")]
    if not city.trunks:
        return [bad(TRUNKS, "none")]
    names = trunk_names(city, is_demo)
    return [_trunk(name, city.trunks[name], registrations, contacts) for name in names]


def _trunk(name: str, trunk: Trunk, registrations: Mapping[str, str], contacts: Mapping[str, str]) -> Finding:
    registration, contact = registrations.get(f"trunk-{name}"), contacts.get(f"trunk-{name}")
    facts = {"trunk": name, "host": trunk.outbound_proxy.host if trunk.outbound_proxy else trunk.host}
    if trunk.registration is not None:
        if registration is None:
            return bad(TRUNKS, "not_loaded", **facts)
        if registration != "Registered":
            return bad(TRUNKS, "rejected" if registration == "Rejected" else "unregistered", **facts, status=registration)
    if trunk.qualify_s:
        if not contact:
            return bad(TRUNKS, "not_loaded", **facts)
        if contact != "Reachable":
            return bad(TRUNKS, "unreachable", **facts, status=contact)
    if trunk.registration is not None:
        return good(TRUNKS, "registered", **facts)
    return good(TRUNKS, "answers" if trunk.qualify_s else "by_address", **facts)


def judge_sound(recorded: Heard | None, played: Heard | None) -> Finding:
    """A sentence was played and recorded: is it in the file, as long and as loud as it was?"""
    if recorded is None:
        return bad(SOUND, "no_file")
    if played is None or played.is_silent:
        return skipped(SOUND, "no_prompt")
    facts = {"seconds": round(recorded.seconds, 1), "level": round(recorded.level), "wanted": round(played.level)}
    return good(SOUND, **facts) if is_same(played, recorded) else bad(SOUND, "not_heard", **facts)
