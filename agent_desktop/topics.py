"""The topics as the desk changes them: each change with its audit row, and the clockwork that ends them in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from sqlalchemy import Engine

from agent_desktop.blocking import Blocking
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import writing
from hotline_core.errors import BadInput, Conflict, NotFound
from hotline_core.log import Log
from ivr.sound_file import SoundFault
from ivr.topics import Topic, Topics, UnknownRecording

LOOK_S = 1.0
CLOCKWORK = "hotline"  # the actor of an end that came by itself


class AuditedTopics:
    """Changes topics; synchronous but for `run`, call it off the event loop."""

    def __init__(self, topics: Topics, engine: Engine) -> None:
        self.topics = topics
        self._engine = engine

    def set(self, line: str, topic: Topic) -> None:
        """Switch a line's topic; NotFound, BadInput or Unavailable, and then callers hear what they heard before."""
        facts: Facts = {"recording": topic.recording, "on": topic.on, "until": topic.until}
        self._change(topic.by, "topic_set", line, topic.since, facts, lambda: self.topics.set(line, topic))

    def add(self, name: str, data: bytes, *, by: str, now: float) -> None:
        """Keep a recording; BadInput with what is wrong with it, Conflict when there is one of that name."""
        facts: Facts = {"bytes": len(data)}
        self._change(by, "topic_recording_added", name, now, facts, lambda: self.topics.add(name, data))

    def end(self, line: str, now: float) -> None:
        """End a topic: first for the callers, then for the trail."""
        ended = self.topics.end(line, now)
        with writing(self._engine) as connection:
            facts: Facts = {"recording": ended.recording}
            write_audit(connection, at=now, actor=CLOCKWORK, act="topic_ended", subject=line, facts=facts)

    def _change(self, by: str, act: str, subject: str, now: float, facts: Facts, change: Callable[[], object]) -> None:
        try:
            with writing(self._engine) as connection:
                write_audit(connection, at=now, actor=by, act=act, subject=subject, facts=facts)
                change()  # inside the transaction: without the change no row is kept
        except UnknownRecording as error:
            raise NotFound("unknown_recording") from error
        except SoundFault as fault:
            raise BadInput(fault.code.replace("-", "_"), about=fault.about) from fault
        except FileExistsError as error:
            raise Conflict("recording_exists") from error
        except OSError as error:
            raise Unavailable("topic_not_stored", reason=error.strerror or "") from error


async def end_topics(topics: AuditedTopics, threads: Blocking, now: Callable[[], float], log: Log) -> None:
    """End each topic within a second of its time; at the start make the files what was asked for."""
    try:
        gone = await threads.run(topics.topics.play_again)
        if gone:
            log.warning("recordings of topics are gone", lines=list(gone))
    except (Unavailable, OSError) as error:
        log.error("topics could not be laid out", kind=type(error).__name__)
    while True:
        for line in topics.topics.overdue(now()):
            try:
                await threads.run(partial(topics.end, line, now()))
            except Unavailable as error:
                log.error("the end of a topic is not in the audit trail", line=line, reason=str(error))
            except OSError as error:
                log.error("a topic could not be ended", line=line, kind=type(error).__name__)
        await asyncio.sleep(LOOK_S)
