"""Owns what the directory of outside parties means: what a party is, when it is there, who may call it, how it is found; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from hotline_core import city_party
from hotline_core.city import City
from hotline_core.domain import outgoing
from hotline_core.domain.day import SHANGHAI_S
from hotline_core.domain.numbers import national
from hotline_core.errors import BadInput

EMERGENCY = "emergency"
KEY = r"[a-z][a-z0-9_-]{1,30}"
# In the order in which people see them.
KINDS = (EMERGENCY, "hotline", "higher_hotline", "utility", "unit", "expert")
# Emergency services by their short numbers; no allow list names them, and an emergency party may always have them (R25, R26).
RESCUERS = ("12395", "110", "119", "120", "122")

_WEEK_DAYS = 7
_EPOCH_DAY = 3  # 1 January 1970 was a Thursday; Monday is 0 here


@dataclass(frozen=True, slots=True)
class Hours:
    """Days 1 (Monday) to 7, and minutes after midnight in Shanghai; `closes` not after `opens` is the next day's."""

    days: frozenset[int]
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Party:
    """One outside party; `numbers` in the order of trial, `initials` of the name in pinyin, empty where nobody searches."""

    key: str
    name: str
    numbers: tuple[str, ...]
    kind: str
    hours: tuple[Hours, ...] = ()
    menu: bool = True
    tell: str = ""
    roles: tuple[str, ...] = ()
    initials: str = ""

    @property
    def is_emergency(self) -> bool:
        """Whether it is one of those a life can hang on."""
        return self.kind == EMERGENCY


Directory = Mapping[str, Party]


def parties_of(city: City) -> dict[str, Party]:
    """The parties of the city's file, by key."""
    return {key: _party(key, given) for key, given in city.outside_parties.items()}


def overlaid(given: Directory, changes: Mapping[str, Party | None]) -> dict[str, Party]:
    """The directory as it is: the city's file, over it what was changed since; None: removed."""
    both: dict[str, Party | None] = {**given, **changes}
    return {key: party for key, party in both.items() if party is not None}


# -- as data: in the desk's database, to pages, to the bridge -------------------------------------------------------


def data_of(party: Party) -> dict[str, object]:
    """The party as JSON data, with neither key nor initials; `party_of` reads it back."""
    return {
        **calling_data(party),
        "hours": [{"days": _days_text(each.days), "from": _clock(each.opens), "to": _clock(each.closes)} for each in party.hours],
        "menu": party.menu,
        "tell": party.tell,
        "roles": list(party.roles),
    }


def calling_data(party: Party) -> dict[str, object]:
    """What the bridge has to know: all that calling the party takes."""
    return {"name": party.name, "numbers": list(party.numbers), "kind": party.kind}


def party_of(key: str, data: object) -> Party:
    """The party of JSON data; BadInput `bad_party` names the field."""
    try:
        return _party(key, city_party.Party.model_validate(data))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else {"emergency_for_all": "roles"}.get(first["type"], "data")
        raise BadInput("bad_party", field=field) from None


# -- what people ask of it ------------------------------------------------------------------------------------------


def is_open(party: Party, now: float) -> bool:
    """Whether somebody should be there at `now` (epoch seconds); it is shown and never forbids a call."""
    if not party.hours:
        return True
    shanghai = int(now) + SHANGHAI_S
    day, minute = (shanghai // 86_400 + _EPOCH_DAY) % _WEEK_DAYS, shanghai % 86_400 // 60
    return any(_covers(hours, day, minute) for hours in party.hours)


def may_use(party: Party, role: str) -> bool:
    """Whether a person of this role may call it."""
    return party.is_emergency or not party.roles or role in party.roles


def may_have(numbers: Iterable[str], kind: str, allowed: Iterable[str], city_numbers: Iterable[str]) -> bool:
    """Whether a party made in the desk may have these numbers, so that nobody writes the way abroad into the directory (R10).

    Each is on the city's allow list, or in the city's own file, or a rescuers' short number of an emergency party.
    """
    patterns, known = tuple(allowed), frozenset(city_numbers)
    rescuers = RESCUERS if kind == EMERGENCY else ()
    return all(number in known or number in rescuers or outgoing.is_allowed(patterns, number) for number in numbers)


def in_order(parties: Iterable[Party]) -> list[Party]:
    """Emergency parties first and as they were given, then the other kinds, by name."""
    return sorted(parties, key=lambda each: (KINDS.index(each.kind), "" if each.is_emergency else each.initials or each.name))


def found(parties: Iterable[Party], text: str) -> list[Party]:
    """Parties whose name, pinyin initials or number hold the text; who begins with it stands first, then as `in_order`."""
    sought = "".join(text.split()).casefold()
    if not sought:
        return in_order(parties)
    ranked = [(rank, party) for party in in_order(parties) if (rank := _rank(party, sought)) is not None]
    return [party for _, party in sorted(ranked, key=lambda pair: pair[0])]


def _rank(party: Party, sought: str) -> int | None:
    words = ("".join(party.name.split()).casefold(), party.initials.casefold())
    if any(word.startswith(sought) for word in words) or any(number.startswith(sought) for number in party.numbers):
        return 0
    if any(sought in word for word in words):
        return 1
    digits = national(sought) if len(sought) > 1 and sought.lstrip("+").isdigit() else ""
    return 2 if digits and any(digits in number for number in party.numbers) else None


# -- hours ----------------------------------------------------------------------------------------------------------


def _covers(hours: Hours, day: int, minute: int) -> bool:
    """Whether the minute of a day (Monday 0) lies in the hours, those of the day before that go beyond midnight included."""
    today, yesterday = day + 1 in hours.days, (day - 1) % _WEEK_DAYS + 1 in hours.days
    if hours.opens < hours.closes:
        return today and hours.opens <= minute < hours.closes
    return (today and minute >= hours.opens) or (yesterday and minute < hours.closes)


def _party(key: str, given: city_party.Party) -> Party:
    hours = tuple(Hours(_days(each.days), _minute(each.opens), _minute(each.closes)) for each in given.hours)
    return Party(key, given.name, given.numbers, given.kind, hours, given.menu, given.tell, given.roles)


def _days(text: str) -> frozenset[int]:
    """The days of "1-5,7"; "6-2" runs over the week's end."""
    found_: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        length = (int(last or first) - int(first)) % _WEEK_DAYS
        found_ |= {(int(first) - 1 + step) % _WEEK_DAYS + 1 for step in range(length + 1)}
    return frozenset(found_)


def _days_text(days: frozenset[int]) -> str:
    """The shortest text of days that `_days` reads: runs of three and more with a dash."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
