"""The ledger of returns that were judged improper (R52): entries of a period, the figure of each unit, and the same as a file."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.exporting import Kind, sent
from agent_desktop.gate import Caller
from agent_desktop.ticket_asked import Asked, Key
from agent_desktop.ticket_lists import veils_of
from agent_desktop.ticket_reading import names_of, policy_of
from tickets.store.returns import Entry, Period
from tickets.units import below

router = APIRouter(prefix="/api/returns/improper", tags=["tickets"])
Leader = Annotated[Caller, Depends(Needs("see_returns"))]
Moment = Annotated[float, Field(ge=0, le=1e11)]


class PeriodAsked(Asked):
    """Judged from `since` on and before `until`, epoch seconds; of a unit and those below it."""

    since: Moment | None = None
    until: Moment | None = None
    unit: Key = ""


class PageAsked(PeriodAsked):
    """One page of entries; `after` is the `next` of the page before."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str, Field(max_length=80, pattern=r"^[0-9.e+~-]*$")] = ""


@router.get("")
async def improper_returns(request: Request, caller: Leader, asked: Annotated[PageAsked, Query()]) -> Told:
    """Entries, the newest judgement first; `units`: how many of every unit stand in the period, and how many were withdrawn.

    `total` counts those that stand of the units asked for.
    """
    desk, names, period = desk_of(request), names_of(desk_of(request)), _period(desk_of(request), asked)

    def read() -> Told:
        page, after = desk.tickets.returns.page(period, asked.after or None, asked.limit)
        figures = desk.tickets.returns.by_unit(replace(period, units=()))
        return {
            "returns": [_told(desk, each, names) for each in _veiled(desk, caller, page)],
            "next": after,
            "units": [asdict(each) | {"name": _unit_name(desk, each.unit)} for each in figures],
            "total": sum(each.count for each in figures if not period.units or each.unit in period.units),
        }

    return await desk.tickets_threads.run(read)


@router.get("/export.csv", response_class=StreamingResponse)
async def as_csv(request: Request, caller: Leader, asked: Annotated[PeriodAsked, Query()]) -> StreamingResponse:
    """UTF-8 with its mark, the newest judgement first; a cell that a spreadsheet would compute begins with an apostrophe."""
    return await _exported(desk_of(request), caller, asked, "csv")


@router.get("/export.xlsx", response_class=StreamingResponse)
async def as_xlsx(request: Request, caller: Leader, asked: Annotated[PeriodAsked, Query()]) -> StreamingResponse:
    """A workbook, the newest judgement first, every cell text."""
    return await _exported(desk_of(request), caller, asked, "xlsx")


async def _exported(desk: Desk, caller: Caller, asked: PeriodAsked, kind: Kind) -> StreamingResponse:
    sheet = desk.tickets.returns.sheet(
        _period(desk, asked), desk.tickets.return_headings, policy_of(desk).units, names_of(desk),
        lambda page: _veiled(desk, caller, page),
    )  # fmt: skip
    told = {"filter": asked.model_dump_json(exclude_defaults=True)}
    file = await desk.exporting.make(kind, sheet, actor=caller.login, act="returns_exported", told=told)
    return sent(file, kind, "improper-returns", desk.now())


def _period(desk: Desk, asked: PeriodAsked) -> Period:
    units = (below(asked.unit, policy_of(desk).units) or {asked.unit}) if asked.unit else ()
    return Period(asked.since, asked.until, tuple(sorted(units)))


def _veiled(desk: Desk, caller: Caller, page: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries without what this reader may not know of the citizens; synchronous."""
    if desk.rights.may(caller.role, "see_full_numbers"):
        return page
    veils = {number: veil for number, (_, veil) in veils_of(desk, caller, sorted({each.number for each in page})).items()}
    return tuple(
        replace(each, title=veils[each.number].text(each.title), reason=veils[each.number].text(each.reason)) for each in page
    )


def _told(desk: Desk, entry: Entry, names: dict[str, str]) -> Told:
    by = {f"{name}_name": names.get(login, login) for name, login in _people(entry)}
    return asdict(entry) | by | {"unit_name": _unit_name(desk, entry.unit)}


def _people(entry: Entry) -> tuple[tuple[str, str], ...]:
    return ("judged_by", entry.judged_by), ("withdrawn_by", entry.withdrawn_by)


def _unit_name(desk: Desk, key: str) -> str:
    unit = policy_of(desk).units.get(key)
    return unit.name if unit is not None else key
