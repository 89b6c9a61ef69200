"""Structured logs with no personal data in clear: a static sentence and keys, JSON on standard error."""

from __future__ import annotations

import hmac
import logging
import re
import sys
import threading
from hashlib import sha256
from types import TracebackType
from typing import Protocol, TextIO, cast

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
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, Patient(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    logger: Log = structlog.get_logger(part=part)
    return logger


class Patient:
    """Standard error whose disk may be full: a line that cannot be written is lost and counted, what was told goes on."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.lost = 0

    def write(self, text: str) -> int:
        """The length of the text, written or not."""
        try:
            return self._file.write(text)
        except OSError:
            self.lost += 1
            return len(text)

    def flush(self) -> None:
        """What cannot be flushed is lost."""
        try:
            self._file.flush()
        except OSError:
            self.lost += 1


class _Libraries(logging.Handler):
    """What libraries log, without what they quote: their sentence's first line with no digits, and where an error came from."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Never the arguments nor an error's own text: both may hold a number, a name or a key pressed."""
        lines = str(record.msg).splitlines()
        error = record.exc_info[1] if record.exc_info else None
        keys = {"kind": type(error).__name__, "where": where(error)} if error is not None else {}
        tell = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        tell("a library told", logger=record.name, says=re.sub(r"[0-9]", "#", lines[0] if lines else "")[:120], **keys)


def take_over(log: Log) -> None:
    """Lead all else that this process would print into `log`: what libraries log, and errors nobody caught."""
    logging.basicConfig(handlers=[_Libraries(log)], force=True)

    def unforeseen(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.error("ended by an error", kind=kind.__name__, where=where(error))

    sys.excepthook = unforeseen
    threading.excepthook = lambda thread: log.error(
        "a thread died", kind=thread.exc_type.__name__, where=where(thread.exc_value) if thread.exc_value else ""
    )


def where(error: BaseException) -> str:
    """Files and lines an error came through, the innermost last, without its text, which may quote a caller's number."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " ".join(places[-3:])


def veiled(number: str, key_hex: str) -> str:
    """A caller's number for a log: keyed hash and the last two digits, never the number (PIPL art. 51)."""
    digest = hmac.new(bytes.fromhex(key_hex), number.encode(), sha256).hexdigest()[:10]
    return f"{digest}..{number[-2:]}"


def masked(number: str) -> str:
    """A number for a person who may not see it whole: 138****1234; short numbers keep one digit."""
    if len(number) <= 6:
        return number[:1] + "*" * max(0, len(number) - 1)
    return number[:3] + "*" * (len(number) - 7 if len(number) > 7 else 3) + number[-4:]
