"""Owns the turn of a bridge: one at a time works for a hotline; a second one stands by and takes over when the first has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from hotline_core.adapters.ledger import LEDGER_TAKEN, LedgerWriter
from hotline_core.errors import SetupError
from hotline_core.log import Log

LOOK_S = 0.2  # the watchdog waits 2 s for a heartbeat: callers in a menu are taken over before the dialplan must


async def ledger_in_turn(take: Callable[[], LedgerWriter], stop: asyncio.Event, log: Log) -> LedgerWriter | None:
    """The ledger once it is this bridge's turn, None when `stop` is set before; SetupError if it cannot be written at all.

    The lock on the ledger's folder is the turn: the kernel gives it free when its holder ends, however it ends. Nothing of
    a bridge is done before its turn, so that two of them never both talk to Asterisk, and what it reads is fresh.
    """
    is_told = False
    while not stop.is_set():
        try:
            ledger = take()
        except SetupError as error:
            if error.code != LEDGER_TAKEN:
                raise
            if not is_told:
                log.warning("another bridge is at work, standing by")
                is_told = True
        else:
            if is_told:
                log.warning("the other bridge has ended, taking over")
            return ledger
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await stop.wait()
    return None
