"""Looks every few seconds which telephones still send sound, and ends the legs of those that have vanished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ami_bridge.connection import Connection
from ami_bridge.silence import Heard, Leg, answered, step
from hotline_core.errors import AmiError
from hotline_core.log import Log

EVERY_S = 5.0
VANISHED = "44"  # the cause by which the dialplan knows a telephone that vanished from one that hung up


class SilenceWatch:
    """One for the bridge; without a bridge nobody looks, and who hears nothing hangs up."""

    def __init__(self, link: Connection, patience_s: Mapping[str, float], log: Log) -> None:
        self._link = link
        self._patience_s = patience_s
        self._log = log
        self._heard: dict[str, Heard] = {}

    async def run(self) -> None:
        """Look until cancelled; what could not be asked is asked again."""
        while True:
            await asyncio.sleep(EVERY_S)
            if not self._link.is_up:
                continue
            try:
                await self._look()
            except AmiError as error:
                self._log.warning("silent telephones could not be looked for", why=str(error))

    async def _look(self) -> None:
        channels = answered(await self._link.ask_list("CoreShowChannels"))
        legs = [leg for channel in channels if (leg := await self._leg(channel)) is not None]
        self._heard, gone = step(self._heard, legs, self._patience_s, asyncio.get_running_loop().time())
        for channel in gone:
            self._log.warning("a telephone vanished, its leg is ended", channel=channel)
            self._link.post("Hangup", [("Channel", channel), ("Cause", VANISHED)])

    async def _leg(self, channel: str) -> Leg | None:
        """None if the channel has gone meanwhile, or has no sound of its own."""
        try:
            received = await self._value(channel, "rtcp,rxcount")
            is_held = await self._value(channel, "rtp,hold")
        except AmiError as error:
            if error.code != "refused":
                raise
            return None
        return Leg(channel, int(received), is_held == "1") if received.isdecimal() else None

    async def _value(self, channel: str, what: str) -> str:
        answer = await self._link.ask("Getvar", [("Channel", channel), ("Variable", f"CHANNEL({what})")])
        return answer.text("Value")
