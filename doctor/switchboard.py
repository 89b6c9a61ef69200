"""Asks the PBX through a second, independent AMI client (asterisk-ami, named by the project's card): one short session.

The client loses its reader after 3 s of silence and for good (measured), so this session asks at least four times a
second from login to logoff, ends within 20 s and is never used again.
"""

from __future__ import annotations

import secrets as random
import socket
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asterisk.ami import AMIClient, SimpleAction

from doctor.hearing import Heard, heard_in
from hotline_core.errors import AmiError

BANNER = b"Asterisk Call Manager/"
HELLO_S = 2.0
ANSWER_S = 2.0
LOOK_EVERY_S = 0.2
BEATS_S = 5.0  # the bridge's heart beats twice a second, a dead watchdog is started again after 2.5 s
TICKS_S = 2.5  # with no bridge only the watchdog can move; it does twice a second
FILE_S = 4.0  # the file is there with the first sound
SOUND_S = 8.0  # the sentence lasts 1.2 s


@dataclass(frozen=True, slots=True)
class Seen:
    """What the PBX said of itself; `answer_ms` is the slowest answer of a ping, in milliseconds."""

    version: str
    system_name: str
    answer_ms: float
    has_heartbeat: bool
    has_watchdog: bool
    is_bridge_up: bool
    registrations: Mapping[str, str] = field(default_factory=dict)  # by trunk's name in the dialplan
    contacts: Mapping[str, str] = field(default_factory=dict)  # likewise, of trunks that are asked by OPTIONS
    heard: Heard | None = None  # None: no file was written in time


@dataclass(frozen=True, slots=True)
class Door:
    """Where the PBX is asked, and as whom."""

    port: int
    secret: str
    spool: Path
    host: str = "127.0.0.1"
    user: str = "doctor"
    endpoints: tuple[str, ...] = ()  # trunks that are asked by OPTIONS
    has_bridge: bool = True  # False: no heart can be expected


class Session:
    """One login of asterisk-ami; AmiError where an answer is missing or a refusal."""

    def __init__(self, door: Door) -> None:
        self._client = AMIClient(address=door.host, port=door.port, timeout=ANSWER_S + 1)
        self._events: list[tuple[str, dict[str, str]]] = []
        # a listener that raises would end the client's reader: this one only keeps
        self._client.add_event_listener(lambda source, event: self._events.append((event.name, event.keys)))

    def log_in(self, door: Door) -> None:
        """AmiError `refused` for a wrong secret, `no_answer` for silence."""
        self._check("Login", self._client.login(door.user, door.secret))

    def ask(self, action: str, **fields: str) -> dict[str, str]:
        """The answer of one action, by its headers."""
        return self._check(action, self._client.send_action(SimpleAction(action, **fields)))

    def listed(self, action: str, entry: str, **fields: str) -> list[dict[str, str]]:
        """The entries of a list, by the name of their event; the client hands all over as loose events, the last says Complete.

        What else stands between them (the trunks' logins) is dropped here.
        """
        self._events.clear()
        self.ask(action, **fields)
        ends_at = time.monotonic() + ANSWER_S
        while not any(keys.get("EventList") == "Complete" for _, keys in self._events):
            if time.monotonic() > ends_at:
                raise AmiError("no_answer", action=action)
            time.sleep(0.01)
        found = [keys for name, keys in self._events if name == entry]
        self._events.clear()
        return found

    def variable(self, name: str) -> str:
        """A global variable of the dialplan; empty where there is none."""
        return self.ask("Getvar", Variable=name).get("Value", "")

    def ping_ms(self) -> float:
        """How long the PBX takes to answer."""
        asked = time.monotonic()
        self.ask("Ping")
        return (time.monotonic() - asked) * 1000

    def close(self) -> None:
        """Say goodbye and end the client's thread, if it ever got as far as a connection."""
        if self._client.finished is None:
            return
        with suppress(OSError):
            self._client.logoff()
        self._client.disconnect()

    def _check(self, action: str, future: Any) -> dict[str, str]:
        answer = future.response
        if answer is None:
            raise AmiError("no_answer", action=action)
        keys: dict[str, str] = dict(answer.keys)
        if answer.is_error():
            raise AmiError("refused", action=action, reason=keys.get("Message", ""))
        return keys


def look_at_switchboard(door: Door) -> Seen:
    """Everything the PBX can be asked, in about 2 s; AmiError with the code of texts.yaml's section `ami`.

    OSError, with the file's name, where the recording may not be read.
    """
    _greet(door)
    session = Session(door)
    try:
        session.log_in(door)
        return _look(session, door)
    except OSError as error:
        if error.filename is not None:
            raise
        raise AmiError("no_answer", reason=error.strerror or type(error).__name__) from error  # the client's socket
    finally:
        session.close()


def _greet(door: Door) -> None:
    """Who listens there? The client itself would only print a traceback of its thread."""
    try:
        with closing(socket.create_connection((door.host, door.port), HELLO_S)) as probe:
            probe.settimeout(HELLO_S)
            said = probe.recv(len(BANNER))
    except TimeoutError as error:
        raise AmiError("not_ami", port=door.port) from error
    except OSError as error:
        raise AmiError("closed", port=door.port, reason=error.strerror) from error
    if not BANNER.startswith(said) or not said:
        raise AmiError("not_ami", port=door.port)


def _look(session: Session, door: Door) -> Seen:
    settings = session.ask("CoreSettings")
    first = {name: session.variable(name) for name in ("HB", "WD_TICK")}
    listed = session.listed("PJSIPShowRegistrationsOutbound", "OutboundRegistrationDetail")
    registrations = {entry["ObjectName"]: entry["Status"] for entry in listed}
    contacts = {name: _contact(session, name) for name in door.endpoints}
    number = random.token_hex(8)
    sound = door.spool / f"_doctor-{number}.wav"  # the name is [doctor]'s of extensions.conf
    try:
        session.ask(
            "Originate", Channel="Local/s@doctor/n", Application="Wait", Data="10", Async="true", Variable=f"__DOCTOR={number}"
        )
        heard, is_changed, is_up, slowest = _watch(session, sound, first, BEATS_S if door.has_bridge else TICKS_S)
    finally:
        with suppress(NotADirectoryError):
            sound.unlink(missing_ok=True)
    return Seen(
        version=settings.get("AsteriskVersion", ""), system_name=settings.get("SystemName", ""), answer_ms=slowest,
        has_heartbeat=is_changed["HB"], has_watchdog=is_changed["WD_TICK"], is_bridge_up=is_up,
        registrations=registrations, contacts=contacts, heard=heard,
    )  # fmt: skip


def _contact(session: Session, endpoint: str) -> str:
    """How the carrier answered the last OPTIONS; empty for a trunk the PBX does not have."""
    try:
        found = session.listed("PJSIPShowEndpoint", "ContactStatusDetail", Endpoint=endpoint)
    except AmiError as error:
        if error.code != "refused":
            raise
        return ""
    return found[0]["Status"] if found else ""


def _watch(
    session: Session, sound: Path, first: Mapping[str, str], beats_s: float
) -> tuple[Heard | None, dict[str, bool], bool, float]:
    """Until the file is closed and both counters have changed, or their time is over; whatever is asked keeps the client alive."""
    begun = time.monotonic()
    heard: Heard | None = None
    is_changed = dict.fromkeys(first, False)
    is_up, slowest = False, 0.0
    while True:
        slowest = max(slowest, session.ping_ms())
        heard = heard or heard_in(sound)
        for name in first:
            is_changed[name] = is_changed[name] or session.variable(name) != first[name]
        is_up = session.variable("BRIDGE_UP") == "1"
        waited = time.monotonic() - begun
        beats = all(is_changed.values()) and is_up
        is_over = heard is not None or waited > (SOUND_S if sound.exists() else FILE_S)
        if is_over and (beats or waited > beats_s):
            return heard, is_changed, is_up, slowest
        time.sleep(LOOK_EVERY_S)
