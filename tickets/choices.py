"""Owns which profile was, is and will be in force for which line: choices with the day from which each holds; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hotline_core.errors import BadInput, Conflict

AHEAD: Final = timedelta(days=2 * 366)  # who chooses for a later day has most likely mistyped the year


@dataclass(frozen=True, slots=True)
class Choice:
    """From the first moment of that day in Shanghai new tickets of the line ("other": of what has none) get this profile."""

    line: str
    begins: date
    profile: str  # its key


def chosen_on(day: date, line: str, choices: Iterable[Choice]) -> str:
    """The key of the profile that was chosen for that day; "" where nobody chose: then the city's file says it."""
    begun = [each for each in choices if each.line == line and each.begins <= day]
    return max(begun, key=lambda each: each.begins).profile if begun else ""


def check(choice: Choice, *, lines: Collection[str], profiles: Collection[str], today: date) -> None:
    """BadInput `unknown_line`, `no_such_profile`, `day_over` or `day_too_far`: what has been in force is never rewritten."""
    if choice.line not in lines:
        raise BadInput("unknown_line", field="line")
    if choice.profile not in profiles:
        raise BadInput("no_such_profile", field="profile")
    if choice.begins < today:
        raise BadInput("day_over", field="begins")
    if choice.begins > today + AHEAD:
        raise BadInput("day_too_far", field="begins")


def check_withdrawal(begins: date, *, today: date) -> None:
    """Conflict `choice_in_force`: a choice that has begun is followed by another one, not taken back."""
    if begins <= today:
        raise Conflict("choice_in_force")
