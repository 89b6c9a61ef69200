"""Owns whom a ticket is copied to: units that read it, are told of it and do nothing, as its profile says; pure (R45)."""

from __future__ import annotations

from collections.abc import Iterable

from tickets.doing import Doing, Lane, Notify, unit_audience
from tickets.ticket import Content


def copies_of(doing: Doing) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The units a matter is copied to when it is dispatched, and those the city does not have (any more), by the profile's keys."""
    return _copies(doing, doing.content)


def late_copies(doing: Doing, content: Content) -> tuple[str, ...]:
    """The units that have to have a copy once the matter is corrected to `content`, and have none yet."""
    known, _ = _copies(doing, content)
    return tuple(key for key in known if key not in doing.life.copies)


def copy_notices(copies: Iterable[str], lane: Lane, unit: str) -> list[Notify]:
    """What they are told: that it went to `unit`."""
    return [Notify(unit_audience(key), "copied", {"lane": lane, "unit": unit}) for key in copies]


def kept_copies(copies: tuple[str, ...], missing: tuple[str, ...] = ()) -> dict[str, object]:
    """What the step keeps of it."""
    kept: dict[str, object] = {"copies": list(copies)} if copies else {}
    return kept | ({"not_copied": list(missing)} if missing else {})


def _copies(doing: Doing, content: Content) -> tuple[tuple[str, ...], tuple[str, ...]]:
    wanted = tuple(dict.fromkeys(each.unit for each in doing.profile.copies if each.when.fits(content)))
    units = doing.policy.units
    known = tuple(key for key in wanted if key in units and units[key].is_active)
    return known, tuple(key for key in wanted if key not in known)
