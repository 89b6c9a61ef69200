"""What must be true of the machine before anything is started: free ports, writable folders, room on the disk."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import socket
from contextlib import closing
from pathlib import Path

from hotline_core.adapters.ports import Ports
from hotline_core.errors import SetupError
from hotline_core.settings import Settings

NEEDED_MB = 500
# Above the kernel's own range for outgoing connections (32768-60999), so that nobody gets one of these by chance.
FREE_FIRST, FREE_LAST = 61001, 65499
# Characters with a meaning in nginx's, Asterisk's, supervisord's or Redis's configuration.
ODD = "\"'`\\;%${}[]()<>#,|&*? \t\r\n"


def check_folder(folder: Path, code: str, variable: str) -> None:
    """Refuse a path that a configuration file could not hold."""
    if odd := [character for character in str(folder) if character in ODD]:
        raise SetupError(code, folder=folder, character=repr(odd[0]), variable=variable)


def make_home(settings: Settings) -> None:
    """Make HOTLINE_HOME and its folders, for the owner's eyes only; refuse an unwritable or full disk."""
    paths = settings.paths
    try:
        for folder in (paths.home, paths.run, paths.log, paths.spool, paths.databases, paths.ledger, paths.recordings):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for private in (paths.home, paths.spool):
            private.chmod(0o700)
        probe = paths.run / "probe"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SetupError("disk_full", folder=paths.home, free_mb=0, needed_mb=NEEDED_MB, variable="HOTLINE_HOME") from error
        reason = error.strerror or str(error)
        raise SetupError("not_writable", folder=paths.home, reason=reason, variable="HOTLINE_HOME") from error
    free_mb = shutil.disk_usage(paths.home).free // 2**20
    if free_mb < NEEDED_MB:
        raise SetupError("disk_full", folder=paths.home, free_mb=free_mb, needed_mb=NEEDED_MB, variable="HOTLINE_HOME")


def check_ports(settings: Settings) -> None:
    """Refuse a port that another program holds, with the name of the variable that moves it."""
    _check(settings.bind, settings.http_port, socket.SOCK_STREAM, "HOTLINE_HTTP_PORT")
    _check("127.0.0.1", settings.ami_port, socket.SOCK_STREAM, "HOTLINE_AMI_PORT")
    _check(settings.bind, settings.sip_port, socket.SOCK_DGRAM, "HOTLINE_SIP_PORT")
    if settings.asterisk_http_port:
        _check("127.0.0.1", settings.asterisk_http_port, socket.SOCK_STREAM, "HOTLINE_ASTERISK_HTTP_PORT")
    if settings.demo and settings.carrier_sip_port:
        _check("127.0.0.1", settings.carrier_sip_port, socket.SOCK_DGRAM, "HOTLINE_CARRIER_SIP_PORT")


def choose_ports(settings: Settings, earlier: Ports | None) -> Ports:
    """The ports of this start: the operator's, else the last start's if still free, else any free ones."""
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    http = settings.asterisk_http_port or _kept_or_free(earlier.asterisk_http if earlier else None, stream, set())
    sip = settings.carrier_sip_port or _kept_or_free(earlier.carrier_sip if earlier else None, datagram, {settings.sip_port})
    return Ports(asterisk_http=http, carrier_sip=sip)


def trouble_with(address: str, port: int, kind: int) -> OSError | None:
    """Why `port` cannot be bound, or None when it is free."""
    try:
        family, _, _, _, target = socket.getaddrinfo(address, port, type=kind)[0]
    except socket.gaierror as error:
        return OSError(errno.EADDRNOTAVAIL, str(error))
    with closing(socket.socket(family, kind)) as probe:
        if kind == socket.SOCK_STREAM:  # connections of the last run may linger; a listener still refuses
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(target)
        except OSError as error:
            return error
    return None


def free_port(kind: int, taken: set[int]) -> int:
    """A port of 127.0.0.1 that nobody uses; SetupError when 200 tries found none."""
    for _ in range(200):
        port = FREE_FIRST + secrets.randbelow(FREE_LAST - FREE_FIRST + 1)
        if port not in taken and trouble_with("127.0.0.1", port, kind) is None:
            return port
    raise SetupError("system", reason=os.strerror(errno.EADDRINUSE), what=f"{FREE_FIRST}-{FREE_LAST}")


def _kept_or_free(earlier: int | None, kind: int, taken: set[int]) -> int:
    if earlier and earlier not in taken and trouble_with("127.0.0.1", earlier, kind) is None:
        return earlier
    return free_port(kind, taken)


def _check(address: str, port: int, kind: int, variable: str) -> None:
    error = trouble_with(address, port, kind)
    if error is None:
        return
    if error.errno == errno.EADDRNOTAVAIL:
        raise SetupError("address_unknown", address=address)
    protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
    code = "port_refused" if error.errno in (errno.EACCES, errno.EPERM) else "port_busy"
    raise SetupError(code, port=port, protocol=protocol, variable=variable, free=free_port(kind, {port}))
