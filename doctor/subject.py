"""What is examined: the settings of the hotline, what answers of it now, and the moment; gathered once, read by every check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asterisk_conf.render import module_names
from hotline_core.city import City
from hotline_core.errors import SettingsError
from hotline_core.settings import Settings, load_city
from launcher import fetch, readiness
from launcher.programs import Programs
from launcher.readiness import Health


@dataclass(frozen=True, slots=True)
class Subject:
    """One hotline as its parts and files stand; `now` in seconds since the epoch."""

    settings: Settings
    city: City | None  # None: its file cannot be read, which the check of the settings tells
    programs: Programs | None
    up: Mapping[str, bool]  # by part that can be asked directly: does it answer at its own door?
    health: Health | None  # what the desk says of every part; None: no desk answers through the front
    now: float

    @property
    def is_running(self) -> bool:
        """True when a part of it answers; the front's port alone proves nothing, somebody else may hold it."""
        return any(is_up for part, is_up in self.up.items() if part != "front")

    @property
    def is_demo(self) -> bool:
        """True for invented callers on loopback: what protects citizens' data is not demanded."""
        return self.settings.demo


def look_at(settings: Settings, now: float) -> Subject:
    """Find the programs and ask each part once; at most 8 s, for an Asterisk and a desk that do not answer."""
    try:
        city: City | None = load_city(settings.city_file)
    except SettingsError:
        city = None
    programs = fetch.find(settings.cache, module_names())
    up = {}
    if programs is not None:
        up = {part: probe() for part, probe in readiness.probes(settings, programs).items()}
    health = readiness.health(settings) if up.get("front") and up.get("desk") else None
    return Subject(settings, city, programs, up, health, now)
