"""The one typed settings object: HOTLINE_* variables, where things lie, and the city's YAML file."""

from __future__ import annotations

import ipaddress
import re
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hotline_core.city import City
from hotline_core.errors import SettingsError
from hotline_core.yaml_lines import compose_yaml, line_of, load_yaml

# A Unix socket's path may have 107 bytes (sun_path, unix(7)); the longest name under run/ is 24.
LONGEST_HOME = 80
# What a certificate can be made for: a host's name as RFC 1123 allows it.
HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
DEFAULT_CITY = Path(__file__).with_name("city.default.yaml")


class Paths:
    """Where everything made at run time lies, all under HOTLINE_HOME."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.run = home / "run"
        self.redis_socket = self.run / "redis.sock"
        self.bridge_socket = self.run / "bridge.sock"
        self.desk_socket = self.run / "desk.sock"
        self.relay_socket = self.run / "relay.sock"
        self.supervisor_socket = self.run / "supervisor.sock"
        self.ports = self.run / "ports.json"
        self.secrets = home / "secrets.json"
        self.tls = home / "tls"  # the self-signed certificate, where none is given
        self.accounts = home / "demo-accounts.txt"
        self.city = home / "city.yaml"
        self.asterisk = home / "asterisk"
        self.carrier = home / "carrier"
        self.ledger = home / "ledger"
        self.databases = home / "db"
        self.own_prompts = home / "prompts"  # a city's own recordings, by the keys of the catalogue
        self.announcements = home / "announcements"  # recordings that a topic can be chosen from
        self.topics = home / "topics"  # LINE.wav is what callers of the line hear now, LINE.json says what and until when
        self.played_prompts = self.asterisk / "data/prompts"  # the recordings that callers hear
        self.spool = home / "spool"  # plain sound of running calls, 0700
        self.recordings = home / "recordings"
        self.recording_keys = home / "keys" / "recordings.sqlite"  # a wrapped key for each recording; in no backup but as it is now
        self.recording_masters = home / "recording-masters.json"  # what wraps them
        self.retention = home / "retention.yaml"  # a city's own rules of keeping
        self.log = home / "log"
        self.attachments = home / "ticket-files"  # the files of tickets, by day and number
        self.dial_tests = home / "probe"  # what the dial-test probe found last


class Settings(BaseSettings):
    """All HOTLINE_* variables with their defaults on one screen (docs/operations.md lists them; a test compares)."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", frozen=True, extra="ignore")

    home: Path = Field(default=Path("~/.local/share/hotline"), description="everything made at run time")
    config: Path | None = Field(default=None, description="the city's YAML file; default HOTLINE_HOME/city.yaml")
    demo: bool = Field(default=False, description="demo carrier, demo accounts and make call; set by make run")
    bind: str = Field(default="127.0.0.1", description="address of the pages and of SIP; TLS is a must beyond loopback")
    http_port: int = Field(default=8328, ge=1, le=65535, description="pages, API and websockets (HTTP, or HTTPS with TLS)")
    sip_port: int = Field(default=5060, ge=1, le=65535, description="SIP from trunks (UDP)")
    rtp_ports: str = Field(default="21000-21999", description="RTP range, first-last (UDP)")
    ami_port: int = Field(default=5038, ge=1, le=65535, description="AMI of the PBX, always on 127.0.0.1")
    asterisk_http_port: int = Field(default=0, ge=0, le=65535, description="Asterisk's websocket on 127.0.0.1; 0 takes a free one")
    carrier_sip_port: int = Field(default=0, ge=0, le=65535, description="the demo carrier's SIP on 127.0.0.1; 0 takes a free one")
    tls_cert: Path | None = Field(default=None, description="PEM certificate of the pages")
    tls_key: Path | None = Field(default=None, description="PEM key of the certificate")
    tls_names: str = Field(default="", description="names and addresses of the pages; without a certificate one is made for them")
    external_address: str = Field(default="", description="IPv4 address that carriers and browsers reach us under, behind a NAT")
    local_networks: str = Field(default="10.0.0.0/8,172.16.0.0/12,192.168.0.0/16", description="networks on this side of the NAT")
    calls_database: str = Field(default="", description="SQLAlchemy URL; empty is SQLite under HOTLINE_HOME")
    tickets_database: str = Field(default="", description="SQLAlchemy URL; empty is SQLite under HOTLINE_HOME")
    redis_url: str = Field(default="", description="empty is the Redis started under HOTLINE_HOME")
    media_loopback: bool = Field(default=False, description="browsers' sound stays on 127.0.0.1 (tests; needs a browser flag)")
    cache: Path = Field(default=Path("~/.cache/hotline"), description="unpacked Asterisk, Redis, nginx; shared by instances")
    backup: Path | None = Field(default=None, description="folder that backups are written to; best on another disk")
    backup_days: int = Field(default=30, ge=1, le=3650, description="backups older than so many days are removed")
    archive: Path | None = Field(default=None, description="second place for recordings, such as an archive volume")
    archive_days: int = Field(default=30, ge=0, le=3650, description="recordings older than so many days move to the archive")
    recording_heads: Path | None = Field(default=None, description="folder outside for the heads of recordings' days")
    recording_masters: Path | None = Field(default=None, description="file of the master keys; default in HOTLINE_HOME")
    security_log: Path | None = Field(default=None, description="whose SIP was refused, for bans; unset: no file")
    log_level: str = Field(default="info", description="debug, info, warning or error")

    @field_validator(
        "config", "tls_cert", "tls_key", "backup", "archive", "recording_heads", "recording_masters", mode="before"
    )  # fmt: skip
    @classmethod
    def _unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("home", "cache", "backup", "archive", "recording_heads", "recording_masters")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value is not None else None

    @field_validator("home")
    @classmethod
    def _short(cls, value: Path) -> Path:
        if len(str(value).encode()) > LONGEST_HOME:
            raise ValueError(f"is longer than {LONGEST_HOME} bytes, too long for Unix sockets; choose a shorter folder")
        return value

    @field_validator("security_log")
    @classmethod
    def _plain(cls, value: Path | None) -> Path | None:
        if value is not None and not re.fullmatch(r"/[A-Za-z0-9._/-]{1,200}", str(value)):
            raise ValueError("must be an absolute path of letters, digits, . _ - and /")
        return value

    @field_validator("rtp_ports")
    @classmethod
    def _range(cls, value: str) -> str:
        first, dash, last = value.partition("-")
        if not (dash and first.isdigit() and last.isdigit() and 1024 <= int(first) < int(last) <= 65535):
            raise ValueError("must be first-last, for example 21000-21999")
        return value

    @field_validator("tls_names")
    @classmethod
    def _names(cls, value: str) -> str:
        for name in _listed(value):
            if not is_address(name) and not HOST_NAME.fullmatch(name):
                raise ValueError(f"{name} is neither a host name nor an address")
        return value

    @field_validator("external_address")
    @classmethod
    def _address(cls, value: str) -> str:
        if value:
            ipaddress.IPv4Address(value)
        return value

    @field_validator("local_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in _listed(value):
            ipaddress.IPv4Network(network)
        return value

    @model_validator(mode="after")
    def _tls_beyond_loopback(self) -> Settings:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("HOTLINE_TLS_CERT and HOTLINE_TLS_KEY belong together; set both or none")
        if not self.is_loopback and self.certificate is None:
            raise ValueError(
                "HOTLINE_BIND is not a loopback address: browsers give no microphone to plain HTTP there; "
                "set HOTLINE_TLS_CERT and HOTLINE_TLS_KEY, or HOTLINE_TLS_NAMES for a self-signed certificate, "
                "or leave HOTLINE_BIND at 127.0.0.1"
            )
        if self.demo and not self.is_loopback:
            raise ValueError("demo mode takes calls without authentication and runs on 127.0.0.1 only; unset HOTLINE_BIND")
        return self

    @property
    def is_loopback(self) -> bool:
        """True while nothing leaves the machine."""
        return self.bind.startswith("127.") or self.bind in ("localhost", "::1")

    @property
    def certificate(self) -> tuple[Path, Path] | None:
        """Certificate and key of the pages, given or self-signed (the launcher makes it); None: plain HTTP, on loopback only."""
        if self.tls_cert and self.tls_key:
            return self.tls_cert.expanduser().absolute(), self.tls_key.expanduser().absolute()
        return (self.paths.tls / "certificate.pem", self.paths.tls / "key.pem") if self.tls_names else None

    @property
    def certificate_names(self) -> tuple[str, ...]:
        """Host names and addresses that browsers may ask for, the usual one first."""
        return _listed(self.tls_names)

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks on our side of the NAT."""
        return _listed(self.local_networks)

    @property
    def rtp_first_last(self) -> tuple[int, int]:
        """First and last RTP port, both included."""
        first, _, last = self.rtp_ports.partition("-")
        return int(first), int(last)

    @cached_property
    def paths(self) -> Paths:
        """Where things lie."""
        return Paths(self.home)

    @property
    def masters_file(self) -> Path:
        """The master keys of recordings."""
        return self.recording_masters or self.paths.recording_masters

    @property
    def calls_url(self) -> str:
        """SQLAlchemy URL of the calls database."""
        return self.calls_database or f"sqlite:///{self.paths.databases / 'calls.sqlite'}"

    @property
    def tickets_url(self) -> str:
        """SQLAlchemy URL of the tickets and people database."""
        return self.tickets_database or f"sqlite:///{self.paths.databases / 'tickets.sqlite'}"

    @property
    def redis(self) -> str:
        """URL of Redis."""
        return self.redis_url or f"unix://{self.paths.redis_socket}"

    @property
    def origin(self) -> str:
        """The one origin of pages, API and websockets."""
        host = next(iter(self.certificate_names), "127.0.0.1" if self.is_loopback else self.bind)
        host = f"[{host}]" if ":" in host else host
        scheme, usual = ("https", 443) if self.certificate else ("http", 80)
        return f"{scheme}://{host}" if self.http_port == usual else f"{scheme}://{host}:{self.http_port}"

    @property
    def city_file(self) -> Path:
        """The YAML file that holds what a city decides."""
        if self.config is not None:
            return self.config.expanduser().absolute()
        return self.paths.city if self.paths.city.exists() else DEFAULT_CITY


def is_address(host: str) -> bool:
    """True for an IPv4 or IPv6 address, false for a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _listed(value: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in value.split(",") if each.strip())


def load_settings() -> Settings:
    """Read the environment; SettingsError tells the variable, what is wrong and the cure."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "HOTLINE_" + "_".join(str(part) for part in first["loc"]).upper() if first["loc"] else "environment"
        raise SettingsError(file=name, line=0, what=first["msg"], cure="see docs/operations.md") from error


def load_city(path: Path) -> City:
    """Read the city's YAML file; SettingsError tells file, line, what is wrong and the cure."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(file=str(path), line=0, what=str(error.strerror), cure="make the file readable") from error
    try:
        node = compose_yaml(text)
        data = load_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SettingsError(file=str(path), line=line, what=error.problem or "not YAML", cure="mend the YAML") from error
    try:
        return City.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        line = line_of(node, [str(part) for part in first["loc"]])
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SettingsError(
            file=str(path), line=line, what=f"{where}: {first['msg']}", cure="correct this line; city.default.yaml shows every key"
        ) from error
