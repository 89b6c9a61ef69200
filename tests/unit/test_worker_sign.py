"""What the worker's sign of life says of the threads of tickets."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.ledger import LedgerReader
from hotline_core.log import open_log
from hotline_core.settings import DEFAULT_CITY, Settings, load_city
from recordings.cabinet import Cabinet
from recordings.keyring import Keyring
from recordings.masters import load_or_make_masters
from recordings.reading import Reader
from recordings.store.stores import Stores
from tickets.laws import TicketLaws
from tickets.store.deliveries import Deliveries
from tickets.store.marks import Marks
from tickets.store.policy_keeper import PolicyKeeper
from tickets.store.recounting import Recounting
from worker.clockwork import Clockwork
from worker.finaliser import Finaliser
from worker.flusher import Flusher
from worker.heartbeat import Watched, sign
from worker.keeper import Keeper, keeping_acts
from worker.keeping_rules import KeepingRules
from worker.messenger import Messenger
from worker.projector import Projector

pytestmark = pytest.mark.unit
NOW = 1_795_300_000.0


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """All threads' work as it is at the start, on databases that nobody opens."""
    engine, log = make_engine(f"sqlite:///{tmp_path / 'nobody.sqlite'}"), open_log("test", "critical")
    keeper = PolicyKeeper(engine, tmp_path, lambda: load_city(DEFAULT_CITY), log)
    clockwork = Clockwork(keeper, Marks(engine, TicketLaws()), Recounting(engine), lambda: NOW, log)
    projector = Projector(engine, LedgerReader(tmp_path / "ledger"), now=lambda: NOW, log=log)
    stores = Stores(tmp_path / "recordings")
    keyring = Keyring(tmp_path / "keys.sqlite", load_or_make_masters(tmp_path / "masters.json"))
    rules = KeepingRules(tmp_path / "retention.yaml", lambda: keeper.policy, log)
    cabinet = Cabinet(stores, keyring, Reader(stores, keyring))
    acts = keeping_acts(Settings(home=tmp_path), engine, engine, cabinet, rules, threading.Event())
    sounds = Keeper(engine, acts, lambda: NOW, lambda: 0.0, log)
    flusher = Flusher(tmp_path / "spool", lambda: 0.0, log)
    finaliser = Finaliser(engine, tmp_path / "spool", cabinet, rules, lambda: NOW, log, lambda: 0.0)
    return Watched(projector, clockwork, Messenger(Deliveries(engine), lambda: NOW, log), sounds, flusher, finaliser)


def behind(watched: Watched, after_s: float) -> object:
    return sign(watched, NOW, NOW + after_s)["behind"]


def test_all_is_well_while_reminders_are_at_most_two_minutes_late(watched: Watched) -> None:
    watched.clockwork.ticked_at = watched.messenger.ticked_at = NOW + 110.0
    assert behind(watched, 110.0) == []
    assert sign(watched, NOW, NOW + 110.0)["reminders_late_s"] == 110.0


def test_reminders_that_come_late_though_the_database_answers_are_a_fault(watched: Watched) -> None:
    """Its rules are broken, or it has more to do than it can."""
    watched.clockwork.ticked_at = watched.messenger.ticked_at = NOW + 130.0
    assert behind(watched, 130.0) == ["clockwork"]


def test_a_thread_that_does_not_move_is_named(watched: Watched) -> None:
    """Sooner than its reminders are late."""
    assert behind(watched, 61.0) == ["clockwork", "messenger"]


def test_a_database_that_is_away_is_told_as_such_and_not_as_the_clockwork_s_fault(watched: Watched) -> None:
    watched.clockwork.database.failed(OSError())
    watched.clockwork.ticked_at = watched.messenger.ticked_at = NOW + 500.0
    told = sign(watched, NOW, NOW + 500.0)
    assert (told["behind"], told["tickets_database"]) == ([], {"state": "down", "since": NOW})


def test_a_clock_that_was_set_back_is_no_fault(watched: Watched) -> None:
    """A negative delay is none."""
    assert (behind(watched, -3600.0), sign(watched, NOW, NOW - 3600.0)["reminders_late_s"]) == ([], 0.0)


def test_what_is_wrong_with_recordings_is_named_and_a_keeper_that_stands_still_too(watched: Watched) -> None:
    """The desk shows it as an alarm; without master keys nothing is made, and that is told as well."""
    assert sign(watched, NOW, NOW)["recordings"] == []
    watched.keeper.troubles.missing, watched.keeper.troubles.low_disk = 2, True
    assert sign(watched, NOW, NOW)["recordings"] == ["missing", "low_disk"]
    watched.flusher._is_failing = True
    assert sign(watched, NOW, NOW)["recordings"] == ["missing", "low_disk", "unsynced"]
    watched.flusher._is_failing, watched.flusher.is_short = False, True
    assert sign(watched, NOW, NOW)["recordings"] == ["missing", "low_disk", "no_room"]
    watched.flusher.is_short = False
    watched.clockwork.ticked_at = watched.messenger.ticked_at = NOW + 1801.0
    watched.clockwork.caught_up_at = NOW + 1801.0
    assert behind(watched, 1801.0) == ["keeper"]
    watched.keeper.troubles.keys = True
    assert sign(watched, NOW, NOW)["recordings"] == ["missing", "low_disk", "keys"]


def test_a_finaliser_that_does_not_move_for_five_minutes_is_an_alarm(watched: Watched) -> None:
    """Recordings wait in the spool meanwhile, and nothing else would say so; one that encodes a long call moves."""
    watched.finaliser.steady = lambda: 300.0
    assert sign(watched, NOW, NOW)["recordings"] == []
    watched.finaliser.steady = lambda: 301.0
    assert sign(watched, NOW, NOW)["recordings"] == ["finaliser"]
    watched.finaliser._goes_on()
    assert sign(watched, NOW, NOW)["recordings"] == []
