"""The worker process: each kind of work and the heartbeat in its own thread; a dead thread ends the process."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable

from hotline_core.adapters.clock import now, steady
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.ledger import LedgerReader
from hotline_core.errors import SettingsError
from hotline_core.log import Log, open_log, take_over, where
from hotline_core.settings import Settings, load_city, load_settings
from recordings.cabinet import open_cabinet
from tickets.laws import TicketLaws
from tickets.store.deliveries import Deliveries
from tickets.store.marks import Marks
from tickets.store.policy_keeper import PolicyKeeper
from tickets.store.recounting import Recounting
from worker.clockwork import Clockwork
from worker.finaliser import Finaliser
from worker.flusher import Flusher
from worker.heartbeat import Watched, run_heartbeat
from worker.keeper import Keeper, keeping_acts
from worker.keeping_rules import KeepingRules
from worker.messenger import Messenger
from worker.projector import Projector

LOOK_S = 0.5
END_S = 1.0  # everything here survives being cut off, so the end never waits longer


def main() -> int:
    """Run until SIGTERM or SIGINT; 1 if a thread died, so that the supervisor starts us again."""
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log = open_log("worker", settings.log_level)
    take_over(log)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    threads = _threads(settings, log, stop)
    for thread in threads:
        thread.start()
    log.info("worker started")
    died = ""
    while not stop.wait(LOOK_S) and not died:
        died = next((thread.name for thread in threads if not thread.is_alive()), "")
    stop.set()
    ends_at = steady() + END_S
    for thread in threads:
        thread.join(max(0.0, ends_at - steady()))
    log.info("worker ended", died=died)
    return 1 if died else 0


def _threads(settings: Settings, log: Log, stop: threading.Event) -> list[threading.Thread]:
    engine = make_engine(settings.calls_url)  # what a power cut takes of the projector's rows the ledger tells again
    sounds = make_engine(settings.calls_url, durable=True)  # but plain sound and keys go once these rows say so
    tickets = make_engine(settings.tickets_url, durable=True)  # one that is away stops neither calls nor recordings
    paths = settings.paths
    projector = Projector(engine, LedgerReader(paths.ledger), now=now, log=log)
    keeper = PolicyKeeper(tickets, settings.home, lambda: load_city(settings.city_file), log)
    rules = KeepingRules(paths.retention, lambda: keeper.policy, log)
    cabinet = open_cabinet(settings, sounds)
    clockwork = Clockwork(keeper, Marks(tickets, TicketLaws()), Recounting(tickets), now, log)
    messenger = Messenger(Deliveries(tickets), now, log)
    keeping = Keeper(sounds, keeping_acts(settings, sounds, tickets, cabinet, rules, stop), now, steady, log)
    finaliser = Finaliser(sounds, paths.spool, cabinet, rules, now, log, steady)
    flusher = Flusher(paths.spool, steady, log)
    watched = Watched(projector, clockwork, messenger, keeping, flusher, finaliser)
    work: dict[str, Callable[[], None]] = {
        "projector": lambda: projector.run(stop),
        "clockwork": lambda: clockwork.run(stop),
        "messenger": lambda: messenger.run(stop),
        "flusher": lambda: flusher.run(stop),
        "heartbeat": lambda: run_heartbeat(settings.redis, watched, now, log, stop),
        "finaliser": lambda: finaliser.run(stop),
        "keeper": lambda: keeping.run(stop),
    }
    return [threading.Thread(target=_told(log, name, run), name=name, daemon=True) for name, run in work.items()]


def _told(log: Log, name: str, run: Callable[[], None]) -> Callable[[], None]:
    def outermost() -> None:
        try:
            run()
        except Exception as error:  # noqa: BLE001 - the outermost loop of a thread: the process ends and starts anew
            log.error("thread died", thread=name, reason=type(error).__name__, where=where(error))

    return outermost


if __name__ == "__main__":
    sys.exit(main())
