"""Owns which tickets a query means, and how a page of them is told: titles without the citizen for who may not know them."""

from __future__ import annotations

from collections.abc import Collection

from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.ticket_asked import Sought
from agent_desktop.ticket_reading import policy_of, reader_of, visible_to
from agent_desktop.ticket_view import told_row
from tickets.masking import Veil, sight_of, veil_for
from tickets.store.listing import Filter, Page, Row
from tickets.ticket import Content
from tickets.units import below


def filter_of(desk: Desk, caller: Caller, sought: Sought) -> Filter:
    """The store's filter, never wider than what the caller may see; a unit stands for those below it too."""
    units = (below(sought.unit, policy_of(desk).units) or {sought.unit}) if sought.unit else ()
    return Filter(
        stages=tuple(sought.stage),
        is_open=True if sought.open else None,
        lines=tuple(sought.line),
        sources=tuple(sought.source),
        classes=tuple(sought.klass),
        fields=tuple(sought.field),
        areas=tuple(sought.area),
        topics=tuple(sought.topic),
        units=tuple(sorted(units)),
        left=(sought.left,) if sought.left else (),
        is_urgent=sought.urgent,
        is_safety=sought.safety,
        made_by=caller.login if sought.mine else "",
        call_id=sought.call_id,
        since=sought.since,
        until=sought.until,
        visible=visible_to(desk, caller),
    )


async def told_page(desk: Desk, caller: Caller, page: Page) -> Told:
    """A page of rows and the key of the next one."""
    return {"tickets": await told_rows(desk, caller, page.rows), "next": page.next}


async def told_rows(desk: Desk, caller: Caller, rows: tuple[Row, ...]) -> list[Told]:
    """Rows as this caller may read them: a title may name somebody."""
    now = desk.now()
    if desk.rights.may(caller.role, "see_full_numbers"):
        return [told_row(row, now) for row in rows]
    veils = await _veils(desk, caller, [row.number for row in rows])
    told = []
    for row in rows:
        veil = veils[row.number][1]
        hidden = {"call_id": None} if veil.sight == "nobody" else {}
        told.append(told_row(row, now, veil.text(row.title)) | hidden)
    return told


async def titles_for(desk: Desk, caller: Caller, numbers: Collection[str]) -> dict[str, str]:
    """The titles of tickets as this caller may read them."""
    veils = await _veils(desk, caller, sorted(numbers)) if numbers else {}
    return {number: veil.text(content.title) for number, (content, veil) in veils.items()}


async def _veils(desk: Desk, caller: Caller, numbers: list[str]) -> dict[str, tuple[Content, Veil]]:
    return await desk.tickets_threads.run(lambda: veils_of(desk, caller, numbers))


def veils_of(desk: Desk, caller: Caller, numbers: list[str]) -> dict[str, tuple[Content, Veil]]:
    """What each ticket says, and what is taken out of it for this caller, also a name as it was spelt once; synchronous."""
    orders, units, reader = desk.tickets.orders, policy_of(desk).units, reader_of(desk, caller)
    contents = orders.contents(numbers)
    sights = {number: sight_of(content, reader, units) for number, content in contents.items()}
    veiled = [number for number, sight in sights.items() if sight != "whole"]
    history = orders.corrections(veiled) if veiled else {}
    return {
        number: (content, veil_for(sights[number], content, history.get(number, ()))) for number, content in contents.items()
    }
