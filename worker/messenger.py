"""Telling other systems what happened to tickets: each webhook has a lane of its own, so that a slow one delays no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from hotline_core.log import Log
from tickets.store.deliveries import Deliveries, Delivery
from worker.backoff import Backoff
from worker.courier import GIVEN_UP_S, LONGEST_WAIT_S, Answer, Reach, headers, is_held, step, verdict
from worker.posting import WHOLE_S, post

POLL_S = 0.5
BATCH = 50
MOST_LANES = 8
LEASE_S = 3 * WHOLE_S  # a message that a killed worker had taken on is told again after so long
SWEEP_S = 600.0

Post = Callable[[str, bytes, dict[str, str]], Answer]


@dataclass(slots=True)
class _Lane:
    """One webhook being told; `thread` ends by itself, at the latest when its batch is through."""

    thread: threading.Thread = field(init=False)
    is_done: bool = False
    error: SQLAlchemyError | None = None


@dataclass(slots=True)
class Messenger:
    """One thread's work; at least once and in order for each ticket, calls never wait for it."""

    deliveries: Deliveries
    now: Callable[[], float]
    log: Log
    post: Post = post
    database: Backoff = field(init=False)
    ticked_at: float = field(init=False)
    _lanes: dict[str, _Lane] = field(default_factory=dict)
    _reaches: dict[str, Reach] = field(default_factory=dict)
    _swept_at: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.database = Backoff(self.log, self.now, "tickets database, webhooks")
        self.ticked_at = self.now()

    def run(self, stop: threading.Event) -> None:
        """Until stopped: look what is due, and start a lane for whom nobody is telling now."""
        self._stop = stop
        while not stop.is_set():
            self.ticked_at = self.now()
            try:
                self.look()
            except SQLAlchemyError as error:
                stop.wait(self.database.failed(error))
                continue
            self.database.worked()
            stop.wait(POLL_S)

    def look(self) -> None:
        """Start what can be started; SQLAlchemyError also for what a lane met."""
        self._gather()
        self._sweep()
        now = self.now()
        for webhook in self.deliveries.webhooks():
            if len(self._lanes) >= MOST_LANES:
                return
            if webhook in self._lanes or is_held(self._reaches.get(webhook), now):
                continue
            if due := self.deliveries.due(webhook, now, BATCH, LONGEST_WAIT_S):
                self._start(webhook, due)

    def settle(self, timeout_s: float) -> None:
        """Wait for the lanes that are under way, each at most `timeout_s`."""
        for lane in self._lanes.values():
            lane.thread.join(timeout_s)
        self._gather()

    def _start(self, webhook: str, due: list[Delivery]) -> None:
        lane = self._lanes[webhook] = _Lane()
        lane.thread = threading.Thread(target=self._tell, args=(lane, webhook, due), name=f"webhook {webhook}", daemon=True)
        lane.thread.start()

    def _gather(self) -> None:
        """Forget the lanes that ended; a lane that died of something unforeseen ends this thread, and with it the process."""
        for webhook, lane in list(self._lanes.items()):
            if lane.thread.is_alive():
                continue
            del self._lanes[webhook]
            if lane.error is not None:
                raise lane.error
            if not lane.is_done:
                raise RuntimeError("a lane died")  # threading's hook has told of what

    def _tell(self, lane: _Lane, webhook: str, due: list[Delivery]) -> None:
        """The lane's thread: one message after the other, until one cannot be delivered."""
        try:
            for delivery in due:
                if self._stop.is_set() or not self._tell_one(webhook, delivery):
                    break
        except SQLAlchemyError as error:
            lane.error = error
        lane.is_done = True

    def _tell_one(self, webhook: str, delivery: Delivery) -> bool:
        """Whether the next one may be tried after this one."""
        at = self.now()
        if not self.deliveries.claim(delivery, at + LEASE_S):
            return True
        body = delivery.body.encode()
        answer = self.post(delivery.url, body, headers(delivery.secret, str(delivery.id), body, at))
        before = self._reaches.get(webhook, Reach())
        found = verdict(answer)
        after, wait_s = step(before, found, self.now())
        self._reaches[webhook] = after
        if found == "taken":
            self.deliveries.taken(delivery)
        else:
            self.deliveries.failed(delivery, answer.told, self.now() + wait_s)
        if found == "away" and not before.failures:
            self.log.warning("webhook does not answer", webhook=webhook, reason=answer.told)
        elif found == "refused":
            self.log.warning("webhook refused a message", webhook=webhook, ticket=delivery.number, reason=answer.told)
        elif found == "taken" and before.failures:
            self.log.info("webhook is back", webhook=webhook, failures=before.failures)
        return found != "away"

    def _sweep(self) -> None:
        """Every ten minutes: what is too old is told no more."""
        now = self.now()
        if self._swept_at is not None and 0 <= now - self._swept_at < SWEEP_S:
            return
        self._swept_at = now
        for webhook, count in self.deliveries.give_up(now - GIVEN_UP_S, now=now).items():
            self.log.error("messages to a webhook were given up", webhook=webhook, messages=count)
