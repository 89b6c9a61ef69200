"""One page's websocket: live view out, intents in, each click acknowledged with a sentence."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from agent_desktop.acting import act_upon
from agent_desktop.asking import cookie_caller, desk_of, is_from_own_page
from agent_desktop.clicks import Intent, read_intent
from agent_desktop.desk import NOT_SIGNED_IN, Desk
from agent_desktop.gate import Caller
from agent_desktop.hub import TOO_SLOW, Client
from agent_desktop.intents import Reply
from agent_desktop.leading import lead
from agent_desktop.telling import Message, text_of
from agent_desktop.view import Viewer
from hotline_core.adapters.tasks import Tasks

router = APIRouter()
FORBIDDEN = 4403
SEND_S = 5.0
TICK_S = 8.0  # a page gives up a link that says nothing for 25 s (static/js/silence.js)
OPEN_INTENTS = 8


def viewer_of(desk: Desk, caller: Caller) -> Viewer:
    """Whose eyes the caller has."""
    may = desk.rights.may
    role = caller.role
    return Viewer(caller.extension, may(role, "see_full_numbers"), may(role, "see_day"), may(role, "lead_floor"))


@router.websocket("/ws")
async def live_socket(websocket: WebSocket) -> None:
    """Serve one page until it leaves, its session ends or it is too slow."""
    desk = desk_of(websocket)
    if not is_from_own_page(websocket):
        await websocket.close(1008)  # before accept: the browser sees a refused handshake
        return
    caller = cookie_caller(websocket)
    await websocket.accept()
    if caller is None or not desk.rights.may(caller.role, "see_live"):
        await websocket.close(NOT_SIGNED_IN if caller is None else FORBIDDEN)
        return
    client = desk.hub.attach(caller, viewer_of(desk, caller))
    tasks = Tasks(lambda name, error: desk.log.warning("a page's task ended", task=name, kind=type(error).__name__))
    sender = tasks.spawn("page sender", _send(websocket, client, caller.expires - desk.now()))
    receiver = tasks.spawn("page receiver", _receive(websocket, desk, client, tasks))
    try:
        await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        desk.hub.detach(client)
        await tasks.close(timeout_s=1.0)


async def _send(websocket: WebSocket, client: Client, session_s: float) -> None:
    try:
        code = await _send_until(websocket, client, session_s)
        client.close(code)  # from here on nothing that the page sends counts, however long it takes to leave
        async with asyncio.timeout(SEND_S):
            await websocket.close(code)
    except (WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
        return  # the page left while we wrote; the receiver sees it too


async def _send_until(websocket: WebSocket, client: Client, session_s: float) -> int:
    """Send what the client has until it is closed, too slow or its session is over; the close code."""
    end = asyncio.get_running_loop().call_later(session_s, client.close, NOT_SIGNED_IN)
    try:
        while (message := await next_or_tick(client, TICK_S)) is not None:
            async with asyncio.timeout(SEND_S):
                await websocket.send_text(text_of(message))
    except TimeoutError:
        return TOO_SLOW
    finally:
        end.cancel()
    return client.closed or 1000


async def next_or_tick(client: Client, silence_s: float) -> Message | None:
    """The client's next message, a tick when there is none for `silence_s` seconds, None when it is closed.

    A network that vanished ends no websocket, and a page is not told of the protocol's own pings: what comes to it is how it knows.
    """
    try:
        async with asyncio.timeout(silence_s):
            return await client.next()
    except TimeoutError:
        return {"type": "tick"}


async def _receive(websocket: WebSocket, desk: Desk, client: Client, tasks: Tasks) -> None:
    open_intents: set[str] = set()
    while True:
        frame = await websocket.receive()
        if frame["type"] == "websocket.disconnect":
            return
        if client.closed is not None:
            continue  # it was told to leave and has not left yet: whose session is over clicks in vain
        intent = read_intent(frame.get("text") or "")
        match intent:
            case None:
                continue
            case str():
                client.acknowledge(_ack(desk, intent, Reply(ok=False, code="bad_input")))
            case Intent() if len(open_intents) >= OPEN_INTENTS or intent.id in open_intents:
                code = "repeated_intent" if intent.id in open_intents else "too_many"
                client.acknowledge(_ack(desk, intent.id, Reply(ok=False, code=code)))
            case Intent():
                open_intents.add(intent.id)
                tasks.spawn("intent", _pass_on(desk, client, intent, open_intents))


async def _pass_on(desk: Desk, client: Client, intent: Intent, open_intents: set[str]) -> None:
    caller = client.caller
    try:
        if intent.act is not None:
            reply = await act_upon(desk, caller, intent.act, intent.id)
        elif intent.target:
            reply = await lead(desk, caller, intent.op, intent.target, intent.id)
        elif not desk.rights.may(caller.role, "use_phone"):
            reply = Reply(ok=False, code="forbidden")
        elif not caller.extension:
            reply = Reply(ok=False, code="no_extension")
        else:
            queues = desk.gate.person(caller).queues  # none: as they are, at first the city's first
            more = {"queues": list(queues)} if intent.op == "ready" and queues else None
            reply = await desk.bridge.ask(
                intent.op, agent=caller.extension, call_id=intent.call_id, reason=intent.reason, more=more, intent_id=intent.id
            )
    finally:
        open_intents.discard(intent.id)
    client.acknowledge(_ack(desk, intent.id, reply))


def _ack(desk: Desk, asked: str, reply: Reply) -> Message:
    code = "asked" if reply.ok else reply.code
    message = desk.wording.sentence(code, reply.facts)
    return {"type": "ack", "id": asked, "ok": reply.ok, "code": "ok" if reply.ok else code, "message": message}
