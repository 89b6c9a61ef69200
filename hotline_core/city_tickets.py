"""Owns what a city decides about tickets: which policy profile holds for which line."""

from __future__ import annotations

from pydantic import Field, model_validator

from hotline_core.city_parts import Number, Part, Word

_GIVEN = {"12328": "ah-suzhou-2023", "12345": "js-suqian-2020", "other": "ah-suzhou-2023"}


class Tickets(Part):
    """Profiles by line; `other` for whatever has none of its own. A line that is not named keeps the profile given here."""

    profiles: dict[Number | Word, Word] = Field(default=_GIVEN)

    @model_validator(mode="before")
    @classmethod
    def _others_stay(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("profiles"), dict):
            return {**data, "profiles": _GIVEN | data["profiles"]}
        return data
