"""Owns asking the bridge to call somebody for an agent: the same questions and refusals wherever the number came from."""

from __future__ import annotations

from agent_desktop.call_view import Told
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.intents import UNSURE
from agent_desktop.refusals import Unavailable
from hotline_core.errors import Forbidden, IntentRefused


def check_telephone(desk: Desk, caller: Caller) -> None:
    """Forbidden for who has no telephone to be rung at."""
    if not desk.rights.may(caller.role, "use_phone"):
        raise Forbidden(act="use_phone")
    if not caller.extension:
        raise Forbidden("no_extension")


async def dial(desk: Desk, caller: Caller, number: str, line: str, about: str) -> Told:
    """Ring the caller's telephone and then the number, in national form, under the line; `about` is the call it answers, or empty.

    The bridge decides (allow list, one call an agent, nobody called twice): IntentRefused (its code); Unavailable: a part is away.
    """
    reply = await desk.bridge.ask("dial", agent=caller.extension, number=number, line=line, about=about)
    if not reply.ok:
        if reply.code in UNSURE:
            raise Unavailable(reply.code)
        raise IntentRefused(reply.code, **reply.facts)
    return {"code": "asked", "message": desk.wording.sentence("asked"), "about": about}
