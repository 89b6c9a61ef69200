"""What the desk keeps tickets with: the stores, opened once, and the words people read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from agent_desktop.ticket_reads import TicketReads
from hotline_core.settings import Settings
from tickets.laws import TicketLaws
from tickets.names import Names, load_names
from tickets.store.attachments import Attachments
from tickets.store.choices import ProfileChoices
from tickets.store.export import COLUMNS
from tickets.store.filters import SavedFilters
from tickets.store.history import History
from tickets.store.listing import Listing
from tickets.store.notices import Notices
from tickets.store.orders import Orders
from tickets.store.outbox import Webhooks
from tickets.store.returns import COLUMNS as RETURN_COLUMNS
from tickets.store.returns import Returns
from tickets.store.search import Search
from tickets.store.sheets import Headings, load_headings
from tickets.store.units import UnitStore


@dataclass(frozen=True, slots=True)
class TicketParts:
    """All stores of tickets; synchronous, call them off the event loop."""

    orders: Orders
    listing: Listing
    search: Search
    history: History
    attachments: Attachments
    filters: SavedFilters
    notices: Notices
    units: UnitStore
    choices: ProfileChoices
    webhooks: Webhooks
    names: Names
    reads: TicketReads
    returns: Returns
    headings: Headings  # of tickets as a file
    return_headings: Headings


def open_tickets(engine: Engine, settings: Settings) -> TicketParts:
    """Every store on the tickets database."""
    orders, search = Orders(engine, TicketLaws()), Search(engine)
    return TicketParts(
        orders=orders,
        listing=Listing(engine),
        search=search,
        history=History(engine, orders, search),
        attachments=Attachments(engine, settings.paths.attachments),
        filters=SavedFilters(engine),
        notices=Notices(engine),
        units=UnitStore(engine),
        choices=ProfileChoices(engine),
        webhooks=Webhooks(engine),
        names=load_names(),
        reads=TicketReads(engine),
        returns=Returns(engine),
        headings=load_headings(COLUMNS),
        return_headings=load_headings(RETURN_COLUMNS),
    )
