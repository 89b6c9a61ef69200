"""Fires the reminders and escalations of tickets when they are due, and counts anew what was counted without a year's holidays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from hotline_core.errors import SetupError
from hotline_core.log import Log
from tickets.policy import Policy
from tickets.store.marks import Marks
from tickets.store.policy_keeper import PolicyKeeper
from tickets.store.recounting import Counted, Recounting
from worker.backoff import Backoff

POLL_S = 1.0
LOOK_S = 5.0  # how often the files and the units' table are looked at
COUNTING_S = 0.2  # between batches of counting anew, which is in no hurry
BATCH = 100


@dataclass(slots=True)
class Clockwork:
    """One thread's work; all times are epoch seconds.

    `caught_up_at` is when nothing that was due was left: how late reminders are is told from it.
    """

    keeper: PolicyKeeper
    marks: Marks
    recounting: Recounting
    now: Callable[[], float]
    log: Log
    database: Backoff = field(init=False)
    rules: Backoff = field(init=False)
    ticked_at: float = field(init=False)
    caught_up_at: float = field(init=False)
    _looked_at: float | None = None
    _policy: Policy | None = None
    _walks: list[Callable[..., Counted]] = field(default_factory=list)  # under way and to come
    _after: str = ""

    def __post_init__(self) -> None:
        self.database = Backoff(self.log, self.now, "tickets database, clockwork")
        self.rules = Backoff(self.log, self.now, "rules of tickets")
        self.ticked_at = self.caught_up_at = self.now()

    def run(self, stop: threading.Event) -> None:
        """Until stopped: do what is due, wait a little."""
        while not stop.is_set():
            self.ticked_at = self.now()
            try:
                pause_s = self.step()
            except SQLAlchemyError as error:
                stop.wait(self.database.failed(error))
                continue
            except SetupError as error:  # tickets wait until somebody has mended the files
                stop.wait(self.rules.failed(error))
                continue
            stop.wait(pause_s)

    def step(self) -> float:
        """One batch of each; how long to wait before the next (seconds). SQLAlchemyError, SetupError `policy_broken`."""
        self._look()
        policy = self.keeper.policy
        self.rules.worked()
        is_counted = self._recount()
        now = self.now()
        fired = self.marks.fire(now, policy, BATCH)
        self.database.worked()
        if fired.marks:
            self.log.info("reminders fired", tickets=fired.looked, marks=fired.marks)
        for number, code in fired.troubles:  # the store looks at it again later
            self.log.error("a ticket's reminders cannot be told", ticket=number, code=code)
        if fired.looked == BATCH:
            return 0.0
        self.caught_up_at = now
        return POLL_S if is_counted else COUNTING_S

    def _look(self) -> None:
        now = self.now()
        if self._looked_at is not None and 0 <= now - self._looked_at < LOOK_S:
            return
        if self.keeper.refresh():
            self.log.info("rules of tickets were read")
        self._looked_at = now

    def _recount(self) -> bool:
        """One batch of what changed rules ask for; at a start too: nobody tells what changed before. True when none is left."""
        policy = self.keeper.policy
        if policy is not self._policy:
            before, self._policy = self._policy, policy
            if before is None or (before.calendar, before.profiles) != (policy.calendar, policy.profiles):
                self._walks, self._after = [self.recounting.provisional, self.recounting.marks], ""
        if not self._walks:
            return True
        counted = self._walks[0](policy, self._after, BATCH, now=self.now())
        self._after = counted.after
        if counted.changed:
            self.log.info("counted anew", tickets=counted.changed, what=self._walks[0].__name__)
        for number, code in counted.troubles:
            self.log.error("a ticket's limits cannot be counted", ticket=number, code=code)
        if not counted.after:
            self._walks.pop(0)
        return not self._walks
