"""Tells when the started parts can be used: a probe for each, then the desk's own health through the front."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hotline_core.settings import Settings
from launcher.programs import Programs, ask_asterisk

PROBE_TIMEOUT_S = 0.5
HEALTH_TIMEOUT_S = 2.0
BOOT_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Health:
    """What GET /api/health said; `parts` holds the state of each part by name."""

    ready: bool
    parts: dict[str, str]


def probes(settings: Settings, programs: Programs) -> dict[str, Callable[[], bool]]:
    """For each part that can be asked directly: a look whether it is there."""
    paths = settings.paths
    found: dict[str, Callable[[], bool]] = {}
    if not settings.redis_url:
        found["redis"] = lambda: listens_at(paths.redis_socket)
    found["asterisk"] = lambda: has_booted(programs, paths.asterisk)
    if settings.demo:
        found["carrier"] = lambda: has_booted(programs, paths.carrier)
    found["bridge"] = lambda: listens_at(paths.bridge_socket)
    found["desk"] = lambda: listens_at(paths.desk_socket)
    found["relay"] = lambda: listens_at(paths.relay_socket)
    found["front"] = lambda: listens_on(reachable(settings.bind), settings.http_port)
    return found


def reachable(bind: str) -> str:
    """The address under which a listener on `bind` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 - compared, not bound


def has_booted(programs: Programs, base: Path) -> bool:
    """True when this Asterisk has loaded all its modules; before that its CLI lacks commands."""
    if not listens_at(base / "run/asterisk.ctl"):
        return False
    try:
        return "fully booted" in ask_asterisk(programs, base, "core waitfullybooted", BOOT_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return False


def listens_at(path: Path) -> bool:
    """True when a process takes connections on this Unix socket."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.settimeout(PROBE_TIMEOUT_S)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def listens_on(host: str, port: int) -> bool:
    """True when a process takes connections on this TCP port."""
    try:
        with closing(socket.create_connection((host, port), PROBE_TIMEOUT_S)):
            return True
    except OSError:
        return False


def health(settings: Settings) -> Health | None:
    """The desk's health through the front, as a browser would ask; None while nobody answers."""
    host = reachable(settings.bind)
    connection: http.client.HTTPConnection
    if settings.certificate:
        context = ssl.create_default_context()
        context.check_hostname = False  # our own front on our own machine, often with a self-signed certificate
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, settings.http_port, timeout=HEALTH_TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, settings.http_port, timeout=HEALTH_TIMEOUT_S)
    with closing(connection):
        try:
            connection.request("GET", "/api/health")
            answer = connection.getresponse()
            body = answer.read(65536)
        except (OSError, http.client.HTTPException):
            return None
    return health_of(answer.status, body)


def health_of(status: int, body: bytes) -> Health | None:
    """Health from an answer; None when it is not the desk that answered (the front's own 502)."""
    try:
        told = json.loads(body)
        parts = {str(name): str(part["state"]) for name, part in told["parts"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Health(ready=status == 200, parts=parts)


def log_tail(path: Path, lines: int = 5) -> list[str]:
    """The last lines of a log, of which only the end is read."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 8192))
            return log.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return []
