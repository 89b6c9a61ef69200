"""Reads the policy profiles: one YAML file a place with its dated editions, the city's own over ours; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hotline_core.errors import SettingsError
from hotline_core.yaml_lines import compose_yaml, line_of
from tickets.catalogue import Topic
from tickets.limits import LONGEST, WHATS, Limit, Measure, Rule, StartRule, What
from tickets.profile import (
    Alert,
    AlertKind,
    Copying,
    ExtensionRule,
    FollowingUp,
    Keeping,
    Profile,
    Returning,
    Row,
    Rung,
    Share,
    When,
)
from tickets.ticket import CallerKind
from tickets.units import KEY as UNIT_KEY
from tickets.yaml_file import read_yaml

NO_TOPICS: Final[Mapping[str, Topic]] = MappingProxyType({})
GIVEN: Final = Path(__file__).with_name("profiles")
LANES: Final = Path(__file__).with_name("lanes.yaml")
ALERTS: Final = Path(__file__).with_name("alerts.yaml")
FOLDER: Final = "profiles"
_CURE: Final = "see docs/city.md, profiles"
_MEASURES: Final[tuple[Measure, ...]] = ("at_once", "hours", "rolling_hours", "working_days", "calendar_days", "months")

_Model = TypeVar("_Model", bound=BaseModel)
Amount = Annotated[int, Field(ge=0, le=LONGEST)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Long(_Part):
    """So much of exactly one measure."""

    at_once: Literal[0] | None = None
    hours: Amount | None = None
    rolling_hours: Amount | None = None
    working_days: Amount | None = None
    calendar_days: Amount | None = None
    months: Amount | None = None
    _may_be_0 = False

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in _MEASURES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("wants exactly one of " + ", ".join(_MEASURES))
        if given[0] != "at_once" and not self._may_be_0 and getattr(self, given[0]) == 0:
            raise ValueError("0 is no limit: at_once: 0, or leave it out")
        return self

    @property
    def limit(self) -> Limit:
        """The one that was given."""
        measure = next(name for name in _MEASURES if getattr(self, name) is not None)
        return Limit(getattr(self, measure), measure)


class _When(_Part):
    klass: tuple[Word, ...] = ()
    topic: tuple[Word, ...] = ()
    caller_kind: CallerKind | None = None
    is_complex: bool | None = None
    is_urgent: bool | None = None
    is_safety: bool | None = None
    has_topic: bool | None = None


class _Row(_Long):
    key: Word = ""
    when: _When = _When()
    start: StartRule | None = None
    source: str = Field(min_length=1)

    def row(self, what: What, start: StartRule, source: str) -> Row:
        """The row of a profile, its source behind the profile's."""
        rule = Rule(f"{what}.{self.key}" if self.key else what, self.limit, self.start or start, source + self.source)
        return Row(When(**self.when.model_dump()), rule)


class _Extension(_Long):
    grounds: tuple[Word, ...] = Field(min_length=1)
    approver: Literal["unit_head", "centre"]
    before_expiry: bool = True
    times: Annotated[int, Field(ge=1, le=5)] = 1
    tells: tuple[Word, ...] = ("centre", "caller")
    source: str = Field(min_length=1)


class _Copying(_Part):
    when: _When = _When()
    unit: Annotated[str, Field(pattern=UNIT_KEY)]
    source: str = Field(min_length=1)


class _Returning(_Part):
    needs: tuple[Literal["reason", "basis", "suggestion"], ...] = ("reason",)
    is_improper_counted: bool = False
    has_dispute_review: bool = True
    source: str = ""


class _FollowingUp(_Part):
    share: Share = "sample"
    by_class: dict[Word, Share] = {}
    ladder: tuple[Literal["sms", "person", "rework"], ...] = ()
    is_bad_reworked: bool = False
    source: str = ""


class _Keeping(_Part):
    audio_years: Annotated[int, Field(ge=1, le=100)] | None = None
    text_years: Annotated[int, Field(ge=1, le=100)] | None = None
    source: str = ""


class _Alert(_Long):
    key: Word
    kind: AlertKind
    limits: tuple[What, ...] = Field(min_length=1)
    of: Literal["days", "hours"] | None = None
    audience: tuple[Rung, ...] = Field(min_length=1)
    _may_be_0 = True

    @property
    def alert(self) -> Alert:
        """As the clockwork reads it."""
        return Alert(self.key, self.kind, self.limits, self.limit, self.audience, self.of)


class _Alerts(_Part):
    reminders: tuple[_Alert, ...] = ()
    escalation: tuple[_Alert, ...] = ()
    phone: object = None  # read by ladder_data.py
    waits: object = None


class _Edition(_Part):
    since: date = Field(alias="from")
    source: str = Field(min_length=1)
    start: StartRule = "next_day"
    limits: dict[What, tuple[_Row, ...]] = {}
    extension: _Extension | None = None
    returning: _Returning = _Returning()
    following_up: _FollowingUp = _FollowingUp()
    keeping: _Keeping = _Keeping()
    copies: tuple[_Copying, ...] = ()
    reminders: tuple[_Alert, ...] | None = None
    escalation: tuple[_Alert, ...] | None = None
    note: str = ""


class _File(_Part):
    name: str = Field(min_length=1, max_length=60)
    editions: tuple[_Edition, ...] = Field(min_length=1)


class _Lanes(_Part):
    dispatch: tuple[_Row, ...] = ()


def load_profiles(folder: Path | None = None, topics: Mapping[str, Topic] = NO_TOPICS) -> dict[str, Profile]:
    """Every edition of every profile by its id (KEY@YYYY-MM-DD); `topics` with a basis of their own have lanes of their own.

    A file `folder`/profiles/KEY.yaml (HOTLINE_HOME/tickets) adds editions to ours of that key, one of the same day in its place; a
    new KEY is a new profile. `folder`/alerts.yaml takes the place of our alerts. SettingsError names the file and the mistake.
    """
    of_topics = [
        _Row(key=key, when=_When(topic=(key,)), at_once=0, source=each.basis) for key, each in topics.items() if each.basis
    ]
    given = _checked(_Lanes, LANES).dispatch
    lanes = [*(row for row in given if not row.when.has_topic), *of_topics, *(row for row in given if row.when.has_topic)]
    own_alerts = folder / ALERTS.name if folder is not None else ALERTS
    alerts = _checked(_Alerts, own_alerts if own_alerts.is_file() else ALERTS)
    paths = sorted(GIVEN.glob("*.yaml"))
    if folder is not None:
        paths += sorted((folder / FOLDER).glob("*.yaml"))
    found: dict[str, Profile] = {}
    for path in paths:
        file = _checked(_File, path)
        for edition in file.editions:
            profile = _profile(path.stem, file.name, edition, lanes, alerts)
            found[profile.id] = profile
    return found


def _profile(key: str, name: str, edition: _Edition, lanes: Sequence[_Row], alerts: _Alerts) -> Profile:
    rows: dict[What, tuple[Row, ...]] = {}
    for what in WHATS:
        own = tuple(row.row(what, edition.start, edition.source) for row in edition.limits.get(what, ()))
        first = tuple(row.row(what, "next_day", "") for row in lanes) if what == "dispatch" else ()
        rows[what] = first + own
    extension = edition.extension
    return Profile(
        key=key,
        edition=edition.since,
        name=name,
        source=edition.source,
        rows=rows,
        extension=None
        if extension is None
        else ExtensionRule(
            amount=extension.limit.amount,
            measure=extension.limit.measure,
            source=edition.source + extension.source,
            **extension.model_dump(include={"grounds", "approver", "before_expiry", "times", "tells"}),
        ),
        returning=Returning(**edition.returning.model_dump()),
        following_up=FollowingUp(**edition.following_up.model_dump()),
        keeping=Keeping(**edition.keeping.model_dump()),
        reminders=tuple(each.alert for each in (alerts.reminders if edition.reminders is None else edition.reminders)),
        escalation=tuple(each.alert for each in (alerts.escalation if edition.escalation is None else edition.escalation)),
        copies=tuple(Copying(When(**each.when.model_dump()), each.unit, edition.source + each.source) for each in edition.copies),
        note=edition.note,
    )


def _checked(model: type[_Model], path: Path) -> _Model:
    data = read_yaml(path)
    try:
        return model.model_validate(data if isinstance(data, Mapping) else {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = [str(part) for part in first["loc"]]
        line = line_of(compose_yaml(path.read_text(encoding="utf-8")), where)
        what = f"{'.'.join(where) or 'the file'}: {first['msg'].removeprefix('Value error, ')}"
        raise SettingsError(file=str(path), line=line, what=what, cure=_CURE) from error
