"""Hearing a recording as a page does: a reason first, then the sound."""

from __future__ import annotations

import httpx

OWN_PAGE = {"X-Hotline": "1"}


def sound_of(api: httpx.Client, call_id: str, leg: int = 0, *, reason: str = "quality") -> httpx.Response:
    """The recording of a call, or of the third on a leg of it, as WAV; the refusal where there is one."""
    asked = api.post(f"/api/calls/{call_id}/listening", json={"reason": reason, "leg": leg}, headers=OWN_PAGE)
    if asked.status_code != 200:
        return asked
    return api.get(f"{asked.json()['url']}&as=wav")
