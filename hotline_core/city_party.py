"""An outside party as data, in the city's file and wherever else one is written: names, numbers, hours, who may use it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from hotline_core.city_parts import Name, Number, Part

PartyKind = Literal["emergency", "hotline", "unit", "expert", "utility", "higher_hotline"]
PartyRole = Literal["agent", "supervisor", "administrator"]  # whom a telephone can be given to
MOST_NUMBERS = 8
MOST_HOURS = 14
LONGEST_TELL = 200

_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _printable(text: str) -> str:
    if text and not text.isprintable():
        raise PydanticCustomError("not_printable", "only visible characters in one line")
    return text


class OpenHours(Part):
    """When somebody is there, in Asia/Shanghai; days 1 (Monday) to 7, as "1-5" or "1-5,7"; `to` not after `from`: next day."""

    days: Annotated[str, Field(pattern=r"^[1-7](-[1-7])?(,[1-7](-[1-7])?)*$")]
    opens: Annotated[str, Field(alias="from", pattern=_TIME)]
    closes: Annotated[str, Field(alias="to", pattern=rf"{_TIME}|^24:00$")]


class Party(Part):
    """An outside party that can be brought onto the line (R24 to R31); `numbers` in the order of trial.

    `hours` empty: always. `menu`: callers may be connected from the menu. `tell`: what the agent may tell the caller.
    `roles`: who may call it, empty for everybody with a telephone; an emergency party is for everybody.
    """

    name: Name
    numbers: tuple[Number, ...] = Field(min_length=1, max_length=MOST_NUMBERS)
    kind: PartyKind
    hours: tuple[OpenHours, ...] = Field(default=(), max_length=MOST_HOURS)
    menu: bool = True
    tell: Annotated[str, Field(max_length=LONGEST_TELL), AfterValidator(_printable)] = ""
    roles: tuple[PartyRole, ...] = ()

    @model_validator(mode="after")
    def _in_need_for_everybody(self) -> Party:
        if self.kind == "emergency" and self.roles:
            raise PydanticCustomError("emergency_for_all", "an emergency party is for everybody: leave roles out")
        return self
