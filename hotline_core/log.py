"""Structured logs with no personal data in clear: a static sentence and keys, JSON on standard error."""

from __future__ import annotations

import hmac
import logging
import sys
from hashlib import sha256
from typing import Protocol

import structlog


class Log(Protocol):
    """What the hotline asks of a logger."""

    def debug(self, event: str, **keys: object) -> None: ...
    def info(self, event: str, **keys: object) -> None: ...
    def warning(self, event: str, **keys: object) -> None: ...
    def error(self, event: str, **keys: object) -> None: ...


def open_log(part: str, level: str = "info") -> Log:
    """Configure logging for this process once and return the logger of `part`."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logger: Log = structlog.get_logger(part=part)
    return logger


def veiled(number: str, key_hex: str) -> str:
    """A caller's number for a log: keyed hash and the last two digits, never the number (PIPL art. 51)."""
    digest = hmac.new(bytes.fromhex(key_hex), number.encode(), sha256).hexdigest()[:10]
    return f"{digest}..{number[-2:]}"


def masked(number: str) -> str:
    """A number for a person who may not see it whole: 138****1234; short numbers keep one digit."""
    if len(number) <= 6:
        return number[:1] + "*" * max(0, len(number) - 1)
    return number[:3] + "*" * (len(number) - 7 if len(number) > 7 else 3) + number[-4:]
