"""Looks every few seconds which telephones still send sound: ends the legs of those that vanished, cures those nobody hears."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ami_bridge.connection import Connection
from ami_bridge.silence import Heard, Leg, answered, step
from ami_bridge.unheard import FRESH, unheard
from hotline_core.errors import AmiError
from hotline_core.log import Log

EVERY_S = 2.5
ASKED = ("rtp,hold", "rtcp,remote_ssrc", "rtcp,rxcount", "rtcp,txcount", "rtcp,rxploss")
VANISHED = "44"  # the cause by which the dialplan knows a telephone that vanished from one that hung up


class SilenceWatch:
    """One for the bridge; without a bridge nobody looks, and who hears nothing hangs up."""

    def __init__(self, link: Connection, patience_s: Mapping[str, float], log: Log) -> None:
        self._link = link
        self._patience_s = patience_s
        self._log = log
        self._heard: dict[str, Heard] = {}
        self._legs: dict[str, Leg] = {}

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
        legs = [leg for channel, bridge in channels.items() if (leg := await self._leg(channel, bridge)) is not None]
        self._heard, gone = step(self._heard, legs, self._patience_s, asyncio.get_running_loop().time())
        for channel in gone:
            self._log.warning("a telephone vanished, its leg is ended", channel=channel)
            self._link.post("Hangup", [("Channel", channel), ("Cause", VANISHED)])
        for channel in unheard(self._legs, legs):
            self._log.warning("a telephone's sound reached nobody, its translators are made anew", channel=channel)
            self._link.post("Setvar", [("Channel", channel), ("Variable", FRESH[0]), ("Value", FRESH[1])])
        self._legs = {leg.channel: leg for leg in legs}

    async def _leg(self, channel: str, bridge: str) -> Leg | None:
        """None if the channel has gone meanwhile, or has no sound of its own."""
        told = ":".join(f"${{CHANNEL({what})}}" for what in ASKED)
        try:
            answer = await self._link.ask("Getvar", [("Channel", channel), ("Variable", f"EVAL({told})")])
        except AmiError as error:
            if error.code != "refused":
                raise
            return None
        is_held, source, *counts = answer.text("Value").split(":")
        if not all(counts):
            return None
        received, sent, lost = map(int, counts)
        return Leg(channel, received, is_held == "1", sent, lost, source, bridge)
