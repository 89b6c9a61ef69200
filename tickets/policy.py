"""Owns what all rules of tickets come from, as one frozen value: catalogue, calendar, profiles, units; loads it from its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from hotline_core.city import City
from hotline_core.errors import NotFound, SettingsError
from tickets.calendar import Calendar
from tickets.calendar_data import load_calendar
from tickets.catalogue import Catalogue, load_catalogue
from tickets.choices import Choice, chosen_on
from tickets.ladder_data import load_ladders
from tickets.ladders import Ladders
from tickets.limits import Due
from tickets.profile import Profile
from tickets.profile_data import load_profiles
from tickets.reckoning import day_of
from tickets.units import Unit, unknown_word
from tickets.units_data import NAME as UNITS
from tickets.units_data import load_units
from tickets.wording import Wording, load_wording

FOLDER: Final = "tickets"
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules as they stand now.

    `profiles`: every edition by its id (KEY@YYYY-MM-DD); `chosen`: the profile's key by line, "other" for all else;
    `choices`: what administrators chose instead, each from a day on.
    `ladders`: what waits without a limit, and who is told.
    """

    catalogue: Catalogue
    calendar: Calendar
    profiles: Mapping[str, Profile]
    units: Mapping[str, Unit]
    chosen: Mapping[str, str]
    wording: Wording
    ladders: Ladders
    choices: tuple[Choice, ...] = ()

    def profile_of(self, line: str, at: float) -> Profile:
        """The edition for a ticket of that line made at that time (epoch seconds): the last one begun by then, else the first."""
        day = day_of(at)
        key = self._key_of(line, day)
        editions = sorted((each for each in self.profiles.values() if each.key == key), key=lambda each: each.edition)
        return next((each for each in reversed(editions) if each.edition <= day), editions[0])

    def _key_of(self, line: str, day: date) -> str:
        own = chosen_on(day, line, self.choices) or self.chosen.get(line)
        return own or chosen_on(day, OTHER, self.choices) or self.chosen[OTHER]

    def profile(self, profile_id: str) -> Profile:
        """The edition a ticket keeps (`Life.profile`); NotFound `unknown_profile` when its file is gone."""
        found = self.profiles.get(profile_id)
        if found is None:
            raise NotFound("unknown_profile", profile=profile_id)
        return found

    def sentence(self, due: Due) -> str:
        """Why it is due then, in Chinese, with the rule and every day."""
        return self.wording.sentence(due)


def load_policy(home_folder: Path, city: City) -> Policy:
    """Read everything: ours, over it HOTLINE_HOME/tickets, as the city chose; SettingsError names file, mistake and cure."""
    folder = home_folder / FOLDER
    catalogue = load_catalogue(folder)
    profiles = load_profiles(folder, catalogue.topic_rules)
    known = {profile.key for profile in profiles.values()}
    for line, key in city.tickets.profiles.items():
        if key not in known:
            cure = "one of " + ", ".join(sorted(known))
            where = ("tickets", "profiles", line)
            raise SettingsError(file="city.yaml", line=0, where=where, what=f"{'.'.join(where)}: no profile {key}", cure=cure)
    chosen = dict(city.tickets.profiles)
    units, ladders = load_units(folder), load_ladders(folder)
    policy = Policy(catalogue, load_calendar(folder), profiles, units, chosen, load_wording(), ladders)
    if (folder / UNITS).is_file():
        _check_duties(policy, folder / UNITS)
    return policy


def _check_duties(policy: Policy, path: Path) -> None:
    """SettingsError where a unit's duty names what the catalogue does not have: it would silently never be suggested."""
    catalogue = policy.catalogue
    classes = {key for names in catalogue.classes.values() for key in names}
    fields = {key for names in catalogue.fields.values() for key in names}
    for unit in policy.units.values():
        word = unknown_word(unit, classes, fields, catalogue.areas)
        if word:
            cure = "a class, field or area of the catalogue, see docs/city.md"
            raise SettingsError(file=str(path), line=0, what=f"unit {unit.key}: {word} is not in the catalogue", cure=cure)
