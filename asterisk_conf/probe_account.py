"""The dial-test probe's account and number: the city's own, or in demo mode the one it has at the demo carrier."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hotline_core.adapters.secrets import Secrets
from hotline_core.adapters.trunk_secret import read_secret, secret_path
from hotline_core.city import City
from hotline_core.errors import SetupError

DEMO_USER = "probe"
DEMO_NUMBER = "0999100"  # of the carrier's numbers for trials: nobody's
DEMO_EVERY_MINUTES = 30
QUEUE_S = 3  # so long a dial-test stays in the queue


@dataclass(frozen=True, slots=True)
class Tones:
    """What the dialplan tells a dial-test of the queue, in Hz; harmonics of nothing that music or speech holds for long."""

    held: int = 1000
    nobody: int = 1400
    dead: int = 1800


@dataclass(frozen=True, slots=True)
class Account:
    """Where the probe registers and as whom."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


def probe_caller(city: City, is_demo: bool) -> str:
    """The number the probe calls from; empty where there is no probe."""
    probe = city.probe
    if is_demo:
        return DEMO_NUMBER if every_minutes(city) else ""
    return probe.number or "" if probe is not None and probe.every_minutes else ""


def demo_password(secrets: Secrets) -> str:
    """The probe's password at the demo carrier: made from this installation's secrets, kept nowhere."""
    return secrets.sip_password(DEMO_USER, "carrier")


def every_minutes(city: City) -> int:
    """Minutes between two rounds; 0 for none."""
    return city.probe.every_minutes if city.probe else DEMO_EVERY_MINUTES


def probe_account(city: City, secrets: Secrets, home: Path, carrier_port: int | None) -> Account:
    """The account; `carrier_port` is the demo carrier's in demo mode. SetupError for a city without one, or for its secret."""
    if carrier_port is not None:
        return Account("127.0.0.1", carrier_port, DEMO_USER, demo_password(secrets))
    if city.probe is None or city.probe.account is None:
        raise SetupError("no_probe_account")
    account = city.probe.account
    return Account(account.host, account.port, account.user, read_secret(secret_path(home, account.secret_file)))
