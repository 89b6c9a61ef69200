"""What the desk keeps tickets with: the stores, opened once, and the words people read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from hotline_core.settings import Settings
from tickets.laws import TicketLaws
from tickets.names import Names, load_names
from tickets.store.attachments import Attachments
from tickets.store.filters import SavedFilters
from tickets.store.listing import Listing
from tickets.store.notices import Notices
from tickets.store.orders import Orders
from tickets.store.outbox import Webhooks
from tickets.store.search import Search
from tickets.store.units import UnitStore


@dataclass(frozen=True, slots=True)
class TicketParts:
    """All stores of tickets; synchronous, call them off the event loop."""

    orders: Orders
    listing: Listing
    search: Search
    attachments: Attachments
    filters: SavedFilters
    notices: Notices
    units: UnitStore
    webhooks: Webhooks
    names: Names


def open_tickets(engine: Engine, settings: Settings) -> TicketParts:
    """Every store on the tickets database."""
    return TicketParts(
        orders=Orders(engine, TicketLaws()),
        listing=Listing(engine),
        search=Search(engine),
        attachments=Attachments(engine, settings.paths.attachments),
        filters=SavedFilters(engine),
        notices=Notices(engine),
        units=UnitStore(engine),
        webhooks=Webhooks(engine),
        names=load_names(),
    )
