"""Decides how another system is told: what is signed, how long to wait after a failure, when to give up; pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 3600.0
GIVEN_UP_S = 3 * 86_400.0  # after so long a step is told no more; the other side reads the steps instead
# Answers that another try may change; any other refusal is about this one message.
_PASSING = frozenset({408, 425, 429})
Verdict = Literal["taken", "refused", "away"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: an HTTP status, or 0 and why there is none ("timeout", "ConnectionRefusedError", ...)."""

    status: int
    reason: str = ""

    @property
    def told(self) -> str:
        """For the list of webhooks and the log: at most 60 characters, nothing the other side wrote."""
        return f"HTTP {self.status}" if self.status else self.reason[:60]


def headers(secret: str, delivery: str, body: bytes, now: float) -> dict[str, str]:
    """What goes with a message: its id, the same at each try, the moment and the signature over both and the body.

    Signature: hex HMAC-SHA256 with the webhook's secret over "TIMESTAMP.DELIVERY." and the body; the timestamp is whole epoch
    seconds, so that the other side refuses what is old.
    """
    at = str(int(now))
    signed = hmac.new(secret.encode(), f"{at}.{delivery}.".encode() + body, sha256).hexdigest()
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "hotline-webhook/1",
        "X-Hotline-Delivery": delivery,
        "X-Hotline-Timestamp": at,
        "X-Hotline-Signature": f"sha256={signed}",
    }


def verdict(answer: Answer) -> Verdict:
    """Whether the other side has it, does not want this one, or cannot be reached now (then nothing else is tried there)."""
    if 200 <= answer.status < 300:
        return "taken"
    is_passing = answer.status < 300 or answer.status >= 500 or answer.status in _PASSING
    return "away" if is_passing else "refused"


def wait_s(failures: int) -> float:
    """How long to wait after so many failures in a row (at least 1): 5 s, doubled each time, an hour at most."""
    return float(min(FIRST_WAIT_S * 2 ** min(failures - 1, 20), LONGEST_WAIT_S))


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of one webhook: failures in a row, and until when nothing is tried there (epoch seconds)."""

    failures: int = 0
    held_until: float = 0.0


def step(reach: Reach, found: Verdict, now: float) -> tuple[Reach, float]:
    """After one try: what is known now, and how long this message waits (seconds; 0: it was taken).

    One that is refused keeps nobody else waiting; one that could not be delivered holds the whole webhook.
    """
    if found == "taken":
        return Reach(), 0.0
    if found == "refused":
        return Reach(), LONGEST_WAIT_S
    failures = reach.failures + 1
    return Reach(failures, now + wait_s(failures)), wait_s(failures)


def is_held(reach: Reach | None, now: float) -> bool:
    """Whether nothing is to be tried there now; a clock that was set back holds nobody for longer than the longest wait."""
    return reach is not None and now < reach.held_until <= now + LONGEST_WAIT_S


def is_given_up(made_at: float, now: float) -> bool:
    """Whether a message is too old to be told."""
    return now - made_at > GIVEN_UP_S
