"""The parts of a running hotline: which programs are started, how, and under which supervisor configuration."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asterisk_conf.probe_account import probe_caller
from hotline_core.settings import Paths, Settings, load_city
from launcher.programs import Programs

STOP_WAIT_S = 4
UMASK = 0o077
NAMES = ("redis", "asterisk", "carrier", "bridge", "desk", "relay", "worker", "probe", "front")
MODULES = {
    "bridge": "ami_bridge", "desk": "agent_desktop", "relay": "agent_desktop.sip_relay", "worker": "worker", "probe": "probe",
}  # fmt: skip
CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Part:
    """One program under the supervisor."""

    name: str
    argv: tuple[str, ...]


def parts_of(settings: Settings, programs: Programs) -> list[Part]:
    """All parts of this start; SettingsError where the city's file cannot be read.

    A Redis of one's own (HOTLINE_REDIS_URL) is not started, the carrier only in demo mode, the probe only where the city wants one.
    """
    wanted = {
        "redis": not settings.redis_url, "carrier": settings.demo,
        "probe": bool(probe_caller(load_city(settings.city_file), settings.demo)),
    }  # fmt: skip
    return [part_of(settings, programs, name) for name in NAMES if wanted.get(name, True)]


def part_of(settings: Settings, programs: Programs, name: str) -> Part:
    """One part by its name, of NAMES; needs no city: Asterisk comes back also while somebody writes at the city's file."""
    paths = settings.paths
    if name in MODULES:
        return Part(name, (own_python(), "-m", MODULES[name]))
    if name == "redis":
        return Part(name, (*programs.argv("redis-server"), str(paths.run / "redis.conf")))
    if name == "front":
        conf = str(paths.run / "nginx.conf")
        return Part(name, (*programs.argv("nginx"), "-e", "stderr", "-c", conf, "-p", str(paths.run)))
    base = {"asterisk": paths.asterisk, "carrier": paths.carrier}[name]
    return Part(name, (*programs.argv("asterisk"), "-f", "-C", str(base / "etc/asterisk.conf")))


def own_python() -> str:
    """This Python by the folder it really lies in: a link to a release may point elsewhere while a part still imports."""
    python = Path(sys.executable)
    return str(python.parent.resolve() / python.name)


def redis_conf(paths: Paths) -> str:
    """The text of redis.conf: a Unix socket only, nothing on disk (the bridge rebuilds the live view)."""
    return f"""port 0
unixsocket "{paths.redis_socket}"
unixsocketperm 700
daemonize no
dir "{paths.run}"
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
"""


def supervisord_conf(paths: Paths, parts: list[Part], checkout: Path = CHECKOUT) -> str:
    """The text of supervisord.conf; one group, because supervisord stops the members of a group at the same time."""
    log = _safe(paths.log)
    text = f"""[supervisord]
nodaemon=true
silent=true
logfile={log}/supervisord.log
logfile_maxbytes=10MB
logfile_backups=3
pidfile={_safe(paths.run)}/supervisord.pid
childlogdir={log}
directory={_safe(checkout)}
umask={UMASK:03o}

[unix_http_server]
file={_safe(paths.supervisor_socket)}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{_safe(paths.supervisor_socket)}

[group:hotline]
programs={",".join(part.name for part in parts)}
"""
    for part in parts:
        text += f"""
[program:{part.name}]
command={_safe(shlex.join(part.argv))}
directory={_safe(checkout)}
autostart=true
autorestart=true
startsecs=1
startretries=1000000
stopsignal=TERM
stopwaitsecs={STOP_WAIT_S}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={log}/{part.name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""
    return text


def environment_of_parts(environment: Mapping[str, str]) -> dict[str, str]:
    """What the parts inherit: the settings and the bare necessities, nothing of the shell or of make."""
    kept = {name: value for name, value in environment.items() if name.startswith("HOTLINE_") or name in ("HOME", "TZ", "USER")}
    path = environment.get("PATH", os.defpath)
    return {"PATH": path, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **kept}


def _safe(value: Path | str) -> str:
    return str(value).replace("%", "%%")  # supervisord expands %(name)s
