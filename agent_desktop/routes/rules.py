"""What is in force: each line's profile with its limits, what is chosen for later, the calendar, and who may do what."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.gate import Caller
from agent_desktop.rights import ROLES
from agent_desktop.ticket_asked import Asked
from agent_desktop.ticket_reading import policy_of
from tickets.choices import Choice
from tickets.limits import DAYS, WHATS
from tickets.policy import OTHER, Policy
from tickets.profile import Profile, Row
from tickets.reckoning import day_of

router = APIRouter(prefix="/api/rules", tags=["rules"])
Manager = Annotated[Caller, Depends(Needs("manage_rules"))]
Line = Annotated[str, Path(max_length=20, pattern=r"^[0-9a-z]+$")]


class ChoiceAsked(Asked):
    """The key of the profile that is to hold."""

    profile: str = Field(max_length=60)


@router.get("")
async def rules(request: Request, caller: Annotated[Caller, Depends(Needs("see_units"))]) -> Told:
    """As a ticket made now would have it; files that cannot be used are told in `trouble`, and what was in force before stays.

    503 `policy_broken` when the files could not be read even once.
    """
    desk = desk_of(request)
    policy, now = policy_of(desk), desk.now()
    lines = [(line, policy.profile_of(line, now)) for line in (*desk.city.lines, OTHER)]
    holding = {profile.id for _, profile in lines}
    return {
        "lines": [{"line": "" if line == OTHER else line, "profile": _told(profile, policy)} for line, profile in lines],
        "editions": [
            {"id": each.id, "name": each.name, "from": each.edition.isoformat(), "holds": each.id in holding}
            for each in sorted(policy.profiles.values(), key=lambda each: (each.name, each.edition))
        ],
        "profiles": _names(policy),
        "choices": _choices(policy, day_of(now)),
        "today": day_of(now).isoformat(),
        "classes": {line: dict(classes) for line, classes in policy.catalogue.classes.items()},
        "topics": dict(policy.catalogue.topics),
        "published_years": sorted(policy.calendar.years),
        "trouble": desk.policy.trouble,
        "rights": {role: sorted(desk.rights.acts_of(role)) for role in ROLES},
    }


@router.put("/choices/{line}/{begins}", status_code=204)
async def choose(line: Line, begins: date, asked: ChoiceAsked, request: Request, caller: Manager) -> None:
    """From the first moment of that day in Shanghai new tickets of the line ("other": of all that have none) get this profile.

    Whatever was made before keeps its own. Today or later, at most two years ahead; a choice for the same day is replaced.
    """
    desk = desk_of(request)
    choice, policy, now = Choice(line, begins, asked.profile), policy_of(desk), desk.now()
    lines, profiles = (*desk.city.lines, OTHER), _names(policy)
    await desk.tickets_threads.run(lambda: desk.tickets.choices.choose(choice, lines, profiles, actor=caller.login, now=now))
    await desk.policy_changed()


@router.delete("/choices/{line}/{begins}", status_code=204)
async def withdraw(line: Line, begins: date, request: Request, caller: Manager) -> None:
    """Take a choice back before its day; 409 `choice_in_force` from that day on."""
    desk = desk_of(request)
    await desk.tickets_threads.run(lambda: desk.tickets.choices.withdraw(line, begins, actor=caller.login, now=desk.now()))
    await desk.policy_changed()


def _names(policy: Policy) -> dict[str, str]:
    """Every profile's name by its key, that of the newest edition."""
    return {each.key: each.name for each in sorted(policy.profiles.values(), key=lambda each: (each.name, each.edition))}


def _choices(policy: Policy, today: date) -> list[Told]:
    """What was chosen at the desk, by line, the newest day first; of those that have begun the first one holds."""
    names, holding = _names(policy), set[str]()
    found: list[Told] = []
    for each in sorted(policy.choices, key=lambda each: each.begins, reverse=True):
        state = "comes" if each.begins > today else "over" if each.line in holding else "holds"
        holding |= {each.line} if state == "holds" else set()
        line, begins = "" if each.line == OTHER else each.line, each.begins.isoformat()
        found.append({"line": line, "begins": begins, "profile": each.profile, "name": names[each.profile], "state": state})
    return sorted(found, key=lambda told: str(told["line"]) or "~")


def _told(profile: Profile, policy: Policy) -> Told:
    return {
        "id": profile.id, "name": profile.name, "from": profile.edition.isoformat(), "source": profile.source, "note": profile.note,
        "limits": [
            {"what": what, "rows": [_row(each, policy) for each in profile.rows[what]]} for what in WHATS if what in profile.rows
        ],
        "extension": None if profile.extension is None else asdict(profile.extension),
        "returning": asdict(profile.returning), "following_up": asdict(profile.following_up), "keeping": asdict(profile.keeping),
    }  # fmt: skip


def _row(row: Row, policy: Policy) -> Told:
    told: Told = {"when": {name: value for name, value in asdict(row.when).items() if value not in (None, ())}}
    if row.rule is None:
        return told | {"limit": None}
    start = row.rule.start if row.rule.limit.measure in DAYS else None
    return told | {"limit": policy.wording.limit(row.rule.limit), "start": start, "source": row.rule.source}
