"""Renders the configuration of the PBX and of the demo carrier from settings, the city's file and the secrets."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import Protocol

import jinja2

from asterisk_conf import sounds
from asterisk_conf.line_numbers import line_numbers
from asterisk_conf.probe_account import DEMO_NUMBER, DEMO_USER, QUEUE_S, Tones, demo_password, probe_caller
from asterisk_conf.trunks import demo_trunk, trunk_views
from hotline_core.adapters.secrets import Secrets
from hotline_core.city import City
from hotline_core.domain import outgoing
from hotline_core.settings import Settings
from ivr.catalogue import RECORDINGS_FOLDER as PROMPTS
from ivr.menu import MENUS_FOLDER, load_menus
from ivr.own_prompts import Refused, chosen

HERE = Path(__file__).parent

# Modules look for these; an empty file means defaults and silences a warning each.
DEFAULTS = (
    "acl", "ccss", "cdr", "cel", "cli_aliases", "confbridge", "features", "pjsip_notify",
    "queuerules", "res_parking", "sorcery", "stasis", "udptl",
)  # fmt: skip
FOLDERS = (
    "etc", "var", "var/keys", "spool", "spool/monitor", "spool/tmp", "run", "log", "cache", "data", "data/sounds",
)  # fmt: skip
MENU_LEASE_S = 30  # the longest a caller can be in the bridge's hands; the bridge itself takes 15 s at most
SIOCGIFADDR = 0x8915  # netdevice(7)


class PortsLike(Protocol):
    """The free ports of this start."""

    @property
    def asterisk_http(self) -> int: ...
    @property
    def carrier_sip(self) -> int: ...


class AsteriskFiles(Protocol):
    """Where an Asterisk's own files lie."""

    @property
    def modules(self) -> Path: ...
    @property
    def share(self) -> Path: ...


def module_names() -> list[str]:
    """The modules both Asterisks load, in order; a build without one of them is refused at fetch."""
    return (HERE / "module_names.txt").read_text(encoding="ascii").split()


def render_pbx(settings: Settings, city: City, secrets: Secrets, ports: PortsLike, files: AsteriskFiles) -> tuple[Refused, ...]:
    """Write every file the PBX reads under HOTLINE_HOME/asterisk; the city's own recordings that callers cannot hear.

    OSError if the disk refuses, SetupError for a secret.
    """
    trunks = demo_trunk(ports.carrier_sip) if settings.demo else trunk_views(city, settings.paths.home)
    first, last = settings.rtp_first_last
    values: dict[str, object] = {
        "settings": settings, "city": city, "secrets": secrets, "ports": ports, "trunks": trunks,
        "lease_s": MENU_LEASE_S, "spool": settings.paths.spool, "prompts": settings.paths.played_prompts,
        "ami_port": settings.ami_port, "system_name": city.system_name, "rtp_first": first, "rtp_last": last,
        "numbers": line_numbers(city), "probe_caller": probe_caller(city, settings.demo),
        "probe_queue_s": QUEUE_S, "probe_tones": Tones(),
        "extension": outgoing.extension, "refused_extensions": outgoing.refused_extensions(city.outgoing.allow),
        "ice_addresses": _own_addresses(), "ice_shown": ice_shown(settings),
    }  # fmt: skip
    settings.paths.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    _render(settings.paths.asterisk, "pbx", values, files)
    data = settings.paths.asterisk / "data"
    recordings, refused = chosen(PROMPTS, settings.paths.own_prompts, load_menus(MENUS_FOLDER).values())
    sounds.lay_prompts(data, recordings)
    sounds.lay_queue(data)
    sounds.lay_music(data, files.share / "moh", city.lines, settings.paths.topics, city.queue.topic_s)
    return refused


def render_carrier(settings: Settings, city: City, secrets: Secrets, ports: PortsLike, files: AsteriskFiles) -> None:
    """Write every file the demo carrier reads under HOTLINE_HOME/carrier; its RTP lies above the PBX's range."""
    _, last = settings.rtp_first_last
    first = last + 1 if last + 500 <= 65535 else settings.rtp_first_last[0] - 500
    values: dict[str, object] = {
        "settings": settings, "city": city, "secrets": secrets, "ports": ports, "prompts": PROMPTS,
        "probe_user": DEMO_USER, "probe_number": DEMO_NUMBER, "probe_password": demo_password(secrets),
        "system_name": "carrier", "rtp_first": first, "rtp_last": first + 499, "ice_addresses": (), "ice_shown": "",
    }  # fmt: skip
    _render(settings.paths.carrier, "carrier", values, files)
    shipped, _ = chosen(PROMPTS, settings.paths.carrier / "none", ())
    sounds.lay_prompts(settings.paths.carrier / "data", shipped)


def _render(base: Path, kind: str, values: dict[str, object], files: AsteriskFiles) -> None:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([HERE / "templates" / kind, HERE / "templates" / "common"]),
        undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, keep_trailing_newline=True,  # noqa: S701 - no HTML
    )  # fmt: skip
    for folder in FOLDERS:
        (base / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    values = {
        **values, "base": base, "kind": kind, "modules": files.modules,
        "module_names": [name for name in module_names() if kind == "pbx" or name != "app_queue"],
    }  # fmt: skip
    templates = environment.list_templates(filter_func=lambda name: name.endswith(".j2") and name != "quiet.conf.j2")
    for name in templates:
        _write(base / "etc" / name.removesuffix(".j2"), environment.get_template(name).render(values))
    for name in DEFAULTS:
        if f"{name}.conf.j2" in templates:
            continue
        _write(base / "etc" / f"{name}.conf", environment.get_template("quiet.conf.j2").render(values))
    _link(base / "data/documentation", files.share / "documentation")


def ice_shown(settings: Settings) -> str:
    """What browsers are offered for our own addresses: loopback in tests, the NAT's outside beside them; empty: nothing else."""
    if settings.media_loopback:
        return "127.0.0.1"
    return f"{settings.external_address},include_local_address" if settings.external_address else ""


def _own_addresses() -> tuple[str, ...]:
    """IPv4 addresses of this machine's interfaces but loopback; what Asterisk would offer a browser."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # an interface without an IPv4 address
            address = socket.inet_ntoa(answer[20:24])
            if not address.startswith("127."):
                found.append(address)
    return tuple(found)


def _write(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    draft.replace(path)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)
