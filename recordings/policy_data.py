"""Owns reading the rules of keeping: ours, or the city's own in their place."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hotline_core.errors import SettingsError
from hotline_core.yaml_lines import compose_yaml, line_of, load_yaml
from recordings.retention import CLASSES, Edition, Klass, Period, Rule

OURS: Final = "retention.yaml"
LONGEST_YEARS: Final = 100


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Period(_Part):
    years: Annotated[int, Field(ge=0, le=LONGEST_YEARS)] = 0
    months: Annotated[int, Field(ge=0, le=11)] = 0

    def told(self) -> Period:
        return Period(self.years, self.months)


class _Rule(_Part):
    least: _Period
    most: _Period
    source: Annotated[str, Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _ordered(self) -> _Rule:
        if not 0 < self.least.told().total <= self.most.told().total:
            raise ValueError("least must be at least a month, and most no shorter than least")
        return self


class _Edition(_Part):
    since: Annotated[date, Field(alias="from")]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    classes: dict[Klass, _Rule]

    @model_validator(mode="after")
    def _whole(self) -> _Edition:
        missing = [klass for klass in CLASSES if klass not in self.classes]
        if missing:
            raise ValueError(f"no rule for {', '.join(missing)}")
        return self


class _File(_Part):
    editions: Annotated[list[_Edition], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_day_once(self) -> _File:
        days = [edition.since for edition in self.editions]
        if len(set(days)) != len(days):
            raise ValueError("two editions begin on the same day")
        return self


def load_editions(own: Path) -> tuple[Edition, ...]:
    """The rules in `own` if there is such a file, else ours, oldest first; SettingsError with file, line and cure."""
    from_city = own.is_file()
    path = own if from_city else _ours()
    try:
        text = path.read_text(encoding="utf-8")
        node, data = compose_yaml(text), load_yaml(text)
    except (OSError, UnicodeDecodeError) as error:
        what = str(getattr(error, "strerror", None) or "not UTF-8")
        raise SettingsError(file=str(path), line=0, what=what, cure="make the file readable, in UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SettingsError(file=str(path), line=line, what=error.problem or "not YAML", cure="mend the YAML") from error
    try:
        read = _File.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = [str(part) for part in first["loc"]]
        what = f"{'.'.join(where) or 'the file'}: {first['msg']}"
        cure = "correct this line; recordings/retention.yaml shows every key"
        raise SettingsError(file=str(path), line=line_of(node, where), what=what, cure=cure) from error
    made = (_edition(each) for each in read.editions)
    return tuple(sorted(made, key=lambda edition: edition.since))


def _edition(read: _Edition) -> Edition:
    rules = {klass: Rule(klass, rule.least.told(), rule.most.told(), rule.source) for klass, rule in read.classes.items()}
    return Edition(read.since, read.name, rules)


def _ours() -> Path:
    return Path(__file__).with_name(OURS)
