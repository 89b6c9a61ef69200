"""The guard of routes to recordings: as any guard, and who has no right to hear at all is refused in the audit trail too."""

from __future__ import annotations

from fastapi import Request

from agent_desktop.asking import Needs, desk_of, who_asks
from agent_desktop.gate import Caller
from hotline_core.errors import Forbidden


class NeedsEar(Needs):
    """The caller, if they may hear recordings: one's own, or all."""

    async def __call__(self, request: Request) -> Caller:
        try:
            return await super().__call__(request)
        except Forbidden as error:
            caller = await who_asks(request)
            subject = str(request.path_params.get("call_id") or request.path_params.get("rest") or "-")
            desk_of(request).refused_listening.add(caller, subject, error.code)
            raise
