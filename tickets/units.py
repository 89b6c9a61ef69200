"""Owns what a unit is: the tree, the duties, who is on duty there, and which unit a matter is for; pure (R40, R44, R105, R106)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hotline_core.errors import BadInput, NotFound
from tickets.limits import WorkingCalendar
from tickets.ticket import Content, Life

SHANGHAI = timezone(timedelta(hours=8))
KEY = r"^[a-z][a-z0-9-]{1,30}$"
DEEPEST = 6  # levels of units, the root's included
MOST_SUGGESTED = 5

_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_MOST_WORDS = 3  # more of them make no matter more a unit's

Key = Annotated[str, Field(pattern=KEY)]
Name = Annotated[str, Field(pattern=r"^[^\r\n]{1,60}$")]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9]{2,20}$")]
Word = Annotated[str, Field(min_length=1, max_length=30)]
ReasonKind = Literal["field", "word", "area", "class"]
_POINTS: Mapping[ReasonKind, int] = MappingProxyType({"field": 4, "word": 3, "area": 2, "class": 1})


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Duty(_Part):
    """What a unit answers for; each of the four that is not empty must fit.

    `words` are looked for in title, text, place and object.
    """

    lines: tuple[Annotated[str, Field(pattern=r"^[0-9]{3,8}$")], ...] = ()
    classes: tuple[Word, ...] = ()
    fields: tuple[Word, ...] = ()
    words: tuple[Word, ...] = Field(default=(), max_length=60)


class Contact(_Part):
    """A named person of the unit with a telephone (R44); `post` in Chinese as the unit calls it."""

    name: Name
    phone: Phone
    post: Annotated[str, Field(max_length=60)] = ""


class Shift(_Part):
    """Who is on duty when (R106): on which days, from when to when in Asia/Shanghai; `to` not after `from` is the next day's.

    `days`: working, off (weekends and public holidays), every. With `first` and `last` only on the days between them; such a shift
    goes before one without.
    """

    name: Name
    phone: Phone
    days: Literal["working", "off", "every"] = "every"
    opens: Annotated[str, Field(alias="from", pattern=_TIME)] = "00:00"
    closes: Annotated[str, Field(alias="to", pattern=rf"{_TIME}|^24:00$")] = "24:00"
    first: date | None = None
    last: date | None = None

    @property
    def is_dated(self) -> bool:
        """Whether it names days of its own and so goes before the usual roster."""
        return self.first is not None or self.last is not None

    def covers(self, at: datetime, calendar: WorkingCalendar) -> bool:
        """Whether somebody of this shift is there at that moment."""
        minute = at.hour * 60 + at.minute
        opens, closes = _minute(self.opens), _minute(self.closes)
        if opens < closes:
            return self._is_day(at.date(), calendar) and opens <= minute < closes
        return (minute >= opens and self._is_day(at.date(), calendar)) or (
            minute < closes and self._is_day(at.date() - timedelta(days=1), calendar)
        )

    def _is_day(self, day: date, calendar: WorkingCalendar) -> bool:
        if (self.first is not None and day < self.first) or (self.last is not None and day > self.last):
            return False
        return self.days == "every" or calendar.is_working(day) == (self.days == "working")


class Unit(_Part):
    """A unit outside the centre; `parent` is the unit above it, empty for one at the top.

    `areas`: keys of the areas it answers for, empty: all. `phones`: where the unit is told by telephone (R42). One that is
    not active gets nothing new; what it has stays with it.
    """

    key: Key
    name: Name
    parent: Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{1,30})?$")] = ""
    duties: tuple[Duty, ...] = Field(default=(), max_length=30)
    areas: tuple[Word, ...] = ()
    contacts: tuple[Contact, ...] = Field(default=(), max_length=20)
    phones: tuple[Phone, ...] = Field(default=(), max_length=8)
    roster: tuple[Shift, ...] = Field(default=(), max_length=200)
    is_active: bool = True
    only_reads: bool = False  # it is told and reads what a profile copies to it (R45), and does nothing

    @field_validator("key")
    @classmethod
    def _no_reserved(cls, key: str) -> str:
        if key in ("centre", "leadership"):
            raise ValueError("the clockwork's own audience")
        return key


Units = Mapping[str, Unit]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a unit is suggested: `kind` field, word, area or class, and the key or word that fitted."""

    kind: ReasonKind
    value: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A unit that a matter may be for, with all reasons; a higher score comes first. A person decides (R49)."""

    unit: str
    score: int
    reasons: tuple[Reason, ...]


# -- as data --------------------------------------------------------------------------------------------------------


def unit_of(key: str, data: object) -> Unit:
    """The unit of JSON or YAML data; BadInput `bad_unit` names the field."""
    if not isinstance(data, Mapping) or "key" in data:
        raise BadInput("bad_unit", field="data")
    try:
        return Unit.model_validate({**data, "key": key})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadInput("bad_unit", field=".".join(map(str, first["loc"])) or "data") from None


def data_of(unit: Unit) -> dict[str, object]:
    """The unit as JSON data, without its key; `unit_of` reads it back."""
    return unit.model_dump(mode="json", by_alias=True, exclude={"key"})


def overlaid(given: Units, changes: Mapping[str, Unit | None]) -> dict[str, Unit]:
    """The units as they are: the file's, over it what was changed in the desk; None: removed."""
    both: dict[str, Unit | None] = {**given, **changes}
    return {key: unit for key, unit in both.items() if unit is not None}


def check(units: Units) -> None:
    """BadInput `bad_unit` where a unit's parent does not exist, or a unit stands above itself, or the tree is too deep."""
    for key, unit in units.items():
        seen = [key]
        while unit.parent:
            if unit.parent not in units or unit.parent in seen or len(seen) >= DEEPEST:
                raise BadInput("bad_unit", field="parent", unit=key)
            seen.append(unit.parent)
            unit = units[unit.parent]


def unknown_word(unit: Unit, classes: Collection[str], fields: Collection[str], areas: Collection[str]) -> str:
    """The first class, field or area of a unit that is none of these keys, so that nothing would lead to it; empty if all are."""
    of_duties = [pair for duty in unit.duties for pair in ((duty.classes, classes), (duty.fields, fields))]
    return next((key for keys, known in (*of_duties, (unit.areas, areas)) for key in keys if key not in known), "")


# -- the tree -------------------------------------------------------------------------------------------------------


def get(key: str, units: Units) -> Unit:
    """The unit of that key; NotFound `unknown_unit`."""
    unit = units.get(key)
    if unit is None:
        raise NotFound("unknown_unit", unit=key)
    return unit


def path_to(key: str, units: Units) -> tuple[str, ...]:
    """The keys from the top down to this unit, itself last; empty if there is no such unit."""
    found: list[str] = []
    while key in units and key not in found:
        found.append(key)
        key = units[key].parent
    return tuple(reversed(found))


def below(key: str, units: Units) -> frozenset[str]:
    """The unit itself and all units below it: whose tickets its people see."""
    found = {key} & set(units)
    while True:
        more = {each.key for each in units.values() if each.parent in found} - found
        if not more:
            return frozenset(found)
        found |= more


def is_below(key: str, above: str, units: Units) -> bool:
    """Whether `key` is somewhere below `above`, and not `above` itself."""
    return above in path_to(key, units)[:-1]


def disowning(life: Life, units: Units) -> tuple[str, ...]:
    """The units that say it is not theirs: those whose return was granted, and the one that asks now (R52).

    A unit and those below it count as one, the highest of them, whichever of them the centre sent it to.
    """
    said = tuple(dict.fromkeys((*life.disowned, *(life.chain[:1] if life.stage == "return_asked" else ()))))
    return tuple(key for key in said if not any(is_below(key, other, units) for other in said))


def takes(unit: Unit) -> bool:
    """Whether it gets matters to handle: it is active, and not one that only reads."""
    return unit.is_active and not unit.only_reads


# -- which unit a matter is for -------------------------------------------------------------------------------------


def suggest(content: Content, units: Units) -> tuple[Suggestion, ...]:
    """Units whose duties fit the matter, best first, at most five (R40, R49); empty if none fits.

    A unit is there by a duty's field or words; class and area only tell two such units apart. One that has areas and not the
    matter's is left out (属地). Between equals the more particular unit, the lower one, comes first, then the order of the units.
    """
    found = [(each, unit) for unit in units.values() if takes(unit) and (each := _suggested(content, unit)) is not None]
    ranked = sorted(found, key=lambda pair: (-pair[0].score, -len(path_to(pair[1].key, units))))
    return tuple(each for each, _ in ranked[:MOST_SUGGESTED])


def _suggested(content: Content, unit: Unit) -> Suggestion | None:
    if unit.areas and content.area and content.area not in unit.areas:
        return None
    fitting = [reasons for duty in unit.duties if (reasons := _reasons(content, duty))]
    if not fitting:
        return None
    own = (Reason("area", content.area),) if content.area and content.area in unit.areas else ()
    reasons = tuple(dict.fromkeys([*(reason for each in fitting for reason in each), *own]))
    return Suggestion(unit.key, sum(_POINTS[reason.kind] for reason in reasons), reasons)


def _reasons(content: Content, duty: Duty) -> tuple[Reason, ...]:
    """Every reason for which the duty fits; empty if a part of it does not, or if neither its field nor a word is the matter's."""
    text = "\n".join((content.title, content.text, content.place, content.object))
    words = tuple(word for word in duty.words if word in text)[:_MOST_WORDS]
    is_other = (
        (duty.lines and content.line and content.line not in duty.lines)
        or (duty.classes and content.klass and content.klass not in duty.classes)
        or (duty.fields and content.field and content.field not in duty.fields)
        or (duty.words and not words)
    )
    if is_other or not (words or (content.field and content.field in duty.fields)):
        return ()
    reasons = [Reason("word", word) for word in words]
    if content.field and content.field in duty.fields:
        reasons.insert(0, Reason("field", content.field))
    if content.klass and content.klass in duty.classes:
        reasons.append(Reason("class", content.klass))
    return tuple(reasons)


# -- who is there ---------------------------------------------------------------------------------------------------


def on_duty(unit: Unit, at: float, calendar: WorkingCalendar) -> tuple[Contact, ...]:
    """Whom to telephone at that moment (epoch seconds): the roster's dated shifts, else its usual ones, else the named contacts."""
    moment = datetime.fromtimestamp(at, UTC).astimezone(SHANGHAI)
    there = [shift for shift in unit.roster if shift.covers(moment, calendar)]
    dated = [shift for shift in there if shift.is_dated]
    people = tuple(Contact(name=shift.name, phone=shift.phone) for shift in dated or there)
    return people or unit.contacts


def telephones(unit: Unit, at: float, calendar: WorkingCalendar) -> tuple[str, ...]:
    """The numbers to try for the telephone duty of R42, who is on duty first; each once."""
    return tuple(dict.fromkeys([*(each.phone for each in on_duty(unit, at, calendar)), *unit.phones]))


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
