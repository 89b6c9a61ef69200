"""Files of a ticket: added with their kind told by content, shown to who may see the ticket, taken away without being forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from agent_desktop.asking import Needs, desk_of
from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.refusals import Unavailable
from agent_desktop.ticket_asked import Number
from agent_desktop.ticket_reading import check_works, files_for, may_remove, names_of, note_reading, seen_ticket, veil_of
from agent_desktop.ticket_view import told_attachment
from hotline_core.errors import Forbidden, NotFound
from tickets.file_kinds import BY_MIME, LARGEST_BYTES, MOST, clean_name, kind_of
from tickets.store.attachments import Attachment
from tickets.store.orders import Step

router = APIRouter(prefix="/api/tickets/{number}/attachments", tags=["tickets"])
Reader = Annotated[Caller, Depends(Needs("see_tickets", "see_unit_tickets"))]
Adder = Annotated[Caller, Depends(Needs("write_ticket", "note_ticket"))]
FileId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get("")
async def attachments(request: Request, number: Number, caller: Reader) -> Told:
    """The files of a ticket, oldest first."""
    desk = desk_of(request)
    names = names_of(desk)
    found = await _files(desk, caller, number)
    return {"attachments": [told_attachment(each, names, may_remove=may_remove(desk, caller, each)) for each in found]}


@router.post("", status_code=201)
async def add(
    request: Request, number: Number, caller: Adder, name: Annotated[str, Query(max_length=400)] = ""
) -> Told:
    """Keep the body as a file called `name`; 413 beyond 20 MB, 422 for a kind that is not taken, 409 beyond thirty."""
    desk = desk_of(request)
    check_works(desk, caller, await seen_ticket(desk, caller, number))
    kept_name = clean_name(name)
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LARGEST_BYTES:
            raise HTTPException(413)

    def keep() -> Attachment:
        whole = bytes(data)
        kind = kind_of(kept_name, whole)
        return desk.tickets.attachments.add(number, kept_name, kind.mime, whole, by=caller.login, now=desk.now(), most=MOST)

    try:
        kept = await desk.tickets_threads.run(keep)
    except OSError as error:  # the disk is full, or the folder cannot be written
        raise Unavailable("file_not_stored", reason=type(error).__name__) from error
    return told_attachment(kept, names_of(desk), may_remove=True)


@router.get("/{file_id}", response_class=FileResponse)
async def attachment(request: Request, number: Number, file_id: FileId, caller: Reader) -> FileResponse:
    """The bytes of a file; pictures and PDF are shown, all else is saved."""
    desk = desk_of(request)
    found = next((each for each in await _files(desk, caller, number) if each.id == file_id), None)
    path = desk.tickets.attachments.path(found) if found is not None else None
    if found is None or path is None or not path.is_file():
        raise NotFound("unknown_attachment")
    disposition = "inline" if BY_MIME[found.kind].is_shown else "attachment"
    return FileResponse(path, media_type=found.kind, filename=found.name, content_disposition_type=disposition)


@router.delete("/{file_id}", status_code=204)
async def remove(request: Request, number: Number, file_id: FileId, caller: Adder) -> None:
    """Take a file away: one's own, or any for who decides on tickets; the bytes and the trail stay."""
    desk = desk_of(request)
    found = next((each for each in await _files(desk, caller, number) if each.id == file_id), None)
    if found is None:
        raise NotFound("unknown_attachment")
    if not may_remove(desk, caller, found):
        raise Forbidden("not_your_file")
    await desk.tickets_threads.run(
        lambda: desk.tickets.attachments.remove(number, file_id, by=caller.login, now=desk.now())
    )


async def _files(desk: Desk, caller: Caller, number: str) -> tuple[Attachment, ...]:
    ticket = await seen_ticket(desk, caller, number)
    store = desk.tickets

    def read() -> tuple[tuple[Step, ...], tuple[Attachment, ...]]:
        steps = store.orders.steps(number)
        note_reading(desk, caller, ticket, steps)
        return steps, store.attachments.of(number)

    steps, found = await desk.tickets_threads.run(read)
    return files_for(desk, caller, veil_of(desk, caller, ticket, steps), found)
