"""Reads the ladders of what waits without a limit from alerts.yaml, the city's own parts over ours; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hotline_core.errors import SettingsError
from tickets.ladders import Ladders, Step, Wait, WaitAudience
from tickets.limits import LONGEST, Limit
from tickets.yaml_file import read_yaml

GIVEN: Final = Path(__file__).with_name("alerts.yaml")
_CURE: Final = "see docs/city.md, alerts.yaml"
_LONGEST_MINUTES: Final = 24 * 60

_Amount = Annotated[int, Field(ge=1, le=LONGEST)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Step(_Part):
    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,19}$")]
    kind: Literal["remind", "overdue", "escalate"]
    audience: WaitAudience
    minutes: Annotated[int, Field(ge=1, le=_LONGEST_MINUTES)] | None = None
    hours: _Amount | None = None
    working_days: _Amount | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.minutes, self.hours, self.working_days)) != 1:
            raise ValueError("wants exactly one of minutes, hours, working_days")
        return self

    @property
    def step(self) -> Step:
        """As the clockwork reads it."""
        if self.minutes is not None:
            return Step(self.key, self.kind, self.audience, self.minutes)
        offset = Limit(self.hours, "hours") if self.hours is not None else Limit(self.working_days or 0, "working_days")
        return Step(self.key, self.kind, self.audience, offset=offset)


class _File(BaseModel):
    """What else stands in the file is read elsewhere (profile_data.py)."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    phone: tuple[_Step, ...] | None = None
    waits: dict[Wait, tuple[_Step, ...]] = {}

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for steps in (self.phone or (), *self.waits.values()):
            if len({each.key for each in steps}) != len(steps):
                raise ValueError("two steps of one ladder have the same key")
        return self


def load_ladders(folder: Path | None = None) -> Ladders:
    """Ours, and over it what `folder`/alerts.yaml (HOTLINE_HOME/tickets) has of `phone` and of each of `waits`; SettingsError."""
    given = _read(GIVEN)
    own_path = folder / GIVEN.name if folder is not None else GIVEN
    own = _read(own_path) if own_path.is_file() else given
    phone = (given.phone or ()) if own.phone is None else own.phone
    waits = {name: tuple(each.step for each in steps) for name, steps in {**given.waits, **own.waits}.items()}
    return Ladders(tuple(each.step for each in phone), waits)


def _read(path: Path) -> _File:
    data = read_yaml(path)
    try:
        return _File.model_validate(data if isinstance(data, Mapping) else {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        what = f"{'.'.join(str(part) for part in first['loc']) or 'the file'}: {first['msg'].removeprefix('Value error, ')}"
        raise SettingsError(file=str(path), line=0, what=what, cure=_CURE) from error
