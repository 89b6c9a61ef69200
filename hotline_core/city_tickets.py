"""Owns what a city decides about tickets: which policy profile holds for which line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import Field, model_validator

from hotline_core.city_parts import Number, Part, Word

_OTHER: Final = "ah-suzhou-2023"  # also for whatever line has no place of its own
_GIVEN: Final[Mapping[str, str]] = MappingProxyType({"12328": _OTHER, "12345": "js-suqian-2020", "other": _OTHER})


class Tickets(Part):
    """Profiles by line; `other` for whatever has none of its own. A line that is not named keeps the profile given here."""

    profiles: dict[Number | Word, Word] = Field(default_factory=lambda: dict(_GIVEN))

    @model_validator(mode="before")
    @classmethod
    def _others_stay(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("profiles"), dict):
            return {**data, "profiles": dict(_GIVEN) | data["profiles"]}
        return data
