"""The doctor's verdicts over given facts: who is blamed, and how badly."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import yaml

import doctor
from backup.shelf import Backup
from doctor import texts
from doctor.checks import (
    backups,
    certificate,
    clocks,
    databases,
    dial_tests,
    disk,
    files,
    ledger,
    parts,
    ports,
    recordings,
    redis_server,
    telephony,
    tickets,
)
from doctor.checks.certificate import Certificate
from doctor.checks.ports import Listener, Wanted
from doctor.finding import Finding
from doctor.hearing import Heard
from doctor.switchboard import Seen
from hotline_core.adapters.ledger import Problem, VerifyResult
from hotline_core.city import City
from hotline_core.domain.dial_tests import FINDINGS, DialTest, DialTests
from tests.unit.ticket_kit import policy, put
from tickets import diagram
from tickets.calendar import Calendar

pytestmark = pytest.mark.unit

TEXTS = yaml.safe_load(Path(doctor.__file__).with_name("texts.yaml").read_text(encoding="utf-8"))
DAY_S = 86_400.0
NOW = 1_795_000_000.0
LOG = Path("log")


def codes(findings: list[Finding]) -> list[tuple[str, str]]:
    """What was found: how badly, and what."""
    return [(finding.level, finding.code) for finding in findings]


def city(**trunks: dict[str, object]) -> City:
    """A city with these trunks."""
    line = {"name": "x", "numbers": ["12345"], "notice": "n"}
    return City.model_validate({"name": "x", "lines": {"12345": line}, "trunks": trunks})


def test_a_part_that_nobody_can_tell_of_is_not_blamed() -> None:
    """With Redis away the worker's sign of life is unseen; with the bridge away so are ledger and watchdog."""
    up = {"redis": False, "asterisk": True, "bridge": True, "desk": True, "front": True}
    told = {"redis": "down", "worker": "trouble", "bridge": "up", "ledger": "up", "asterisk": "up"}
    assert [finding.facts["part"] for finding in parts.judge(up, told, log=LOG)] == ["redis"]
    told = {"redis": "up", "worker": "down", "bridge": "trouble", "ledger": "down", "watchdog": "trouble", "asterisk": "trouble"}
    assert [finding.facts["part"] for finding in parts.judge({**up, "redis": True}, told, log=LOG)] == ["worker", "bridge"]


def test_a_desk_that_takes_connections_and_says_nothing_is_down() -> None:
    """As a stopped process does."""
    assert [finding.facts["part"] for finding in parts.judge({"desk": True, "front": True}, None, log=LOG)] == ["desk"]


def test_before_a_start_a_port_must_be_free_and_afterwards_listen_on_the_right_address() -> None:
    """A private port on every address is exposed; a dead part's port is told by its part."""
    front = Wanted("front", "TCP", "127.0.0.1", 8328, "HOTLINE_HTTP_PORT", is_private=False)
    ami = Wanted("asterisk", "TCP", "127.0.0.1", 5038, "HOTLINE_AMI_PORT", is_private=True)
    limits = {"rtp": (21000, 21999), "ephemeral": (32768, 60999)}
    both = [Listener("TCP", "127.0.0.1", 8328), Listener("TCP", "0.0.0.0", 5038)]
    up = {"front": True, "asterisk": True}
    assert codes(ports.judge([front, ami], both, None, **limits)) == [("bad", "busy"), ("bad", "busy")]
    assert codes(ports.judge([front, ami], [], None, **limits)) == [("good", "free")]
    assert codes(ports.judge([front, ami], both, up, **limits)) == [("bad", "exposed")]
    assert codes(ports.judge([front, ami], both[:1], up, **limits)) == [("bad", "closed")]
    assert codes(ports.judge([front, ami], both[:1], {**up, "asterisk": False}, **limits)) == [("good", "fine")]
    assert codes(ports.judge([], [], up, rtp=(40000, 40999), ephemeral=(32768, 60999))) == [("note", "rtp_ephemeral")]


def test_the_kernels_table_of_sockets_is_read_for_both_families() -> None:
    """Listeners only: 0A for TCP, 07 for a bound UDP socket; a talking connection is none."""
    head = "  sl  local_address rem_address   st\n"
    four = head + "   0: 0100007F:13AE 00000000:0000 0A 0\n   1: 0100007F:13AE 0100007F:C000 01 0\n"
    assert ports.listeners_of("TCP", four) == [Listener("TCP", "127.0.0.1", 5038)]
    six = head + "   0: 00000000000000000000000001000000:2088 00000000000000000000000000000000:0000 07 0\n"
    assert ports.listeners_of("UDP", six) == [Listener("UDP", "::1", 8328)]


@pytest.mark.parametrize(
    ("days", "has_key", "served", "code"),
    [(100, True, "d", "fine"), (20, True, "d", "soon"), (-1, True, "d", "expired"), (100, False, "d", "other_key"),
     (100, True, "e", "not_served"), (100, True, None, "fine"), (-500, True, None, "expired")],
)  # fmt: skip
def test_of_a_certificate_the_worst_is_told(days: int, has_key: bool, served: str | None, code: str) -> None:
    """Over, soon over, another's key, not the one the front has."""
    certified = Certificate(NOW - 900 * DAY_S, NOW + days * DAY_S + 1, "CN=x", False, has_key, "d")
    assert certificate.judge(certified, served, NOW, file=LOG).code == code


def test_a_heart_that_stands_is_the_bridges_and_a_watchdog_that_goes_by_it_is_right() -> None:
    """Gone, stuck, and a watchdog that is wrong about it."""
    seen = Seen("22", "h1", 1.0, has_heartbeat=False, has_watchdog=True, is_bridge_up=False)
    assert codes(telephony.judge_pulse(seen, {"bridge": False})) == [("bad", "no_bridge"), ("good", "took_over")]
    assert codes(telephony.judge_pulse(seen, {"bridge": True})) == [("bad", "still"), ("good", "took_over")]
    wrong = Seen("22", "h1", 1.0, has_heartbeat=False, has_watchdog=True, is_bridge_up=True)
    assert codes(telephony.judge_pulse(wrong, {"bridge": True})) == [("bad", "still"), ("bad", "wrong")]
    dead = Seen("22", "h1", 1.0, has_heartbeat=True, has_watchdog=False, is_bridge_up=False)
    assert codes(telephony.judge_pulse(dead, {"bridge": True})) == [("good", "fine"), ("bad", "still")]


def test_another_pbx_at_the_port_is_told_and_a_slow_one_too() -> None:
    """Two hotlines on one machine."""
    assert telephony.judge_ami(Seen("22", "h2", 1.0, True, True, True), "h1").code == "another"
    assert telephony.judge_ami(Seen("22", "h1", 1500.0, True, True, True), "h1").code == "slow"


@pytest.mark.parametrize(
    ("trunk", "registrations", "contacts", "code"),
    [({}, {}, {}, "by_address"), ({"qualify_s": 5}, {}, {"trunk-a": "Reachable"}, "answers"),
     ({"qualify_s": 5}, {}, {"trunk-a": "Unreachable"}, "unreachable"), ({"qualify_s": 5}, {}, {"trunk-a": ""}, "not_loaded"),
     ({"registration": {"user": "1234"}}, {"trunk-a": "Registered"}, {}, "registered"),
     ({"registration": {"user": "1234"}}, {"trunk-a": "Rejected"}, {}, "rejected"),
     ({"registration": {"user": "1234"}}, {"trunk-a": "Unregistered"}, {}, "unregistered"),
     ({"registration": {"user": "1234"}}, {}, {}, "not_loaded")],
)  # fmt: skip
def test_a_trunk_is_told_by_what_can_be_known_of_it(
    trunk: dict[str, object], registrations: dict[str, str], contacts: dict[str, str], code: str
) -> None:
    """One by address alone cannot be known from here."""
    found = telephony.judge_trunks(city(a={"host": "192.0.2.1", **trunk}), registrations, contacts, is_demo=False)
    assert [finding.code for finding in found] == [code]


def test_a_city_in_service_without_a_trunk_hears_that_nobody_can_call() -> None:
    """In the demo the carrier is a part."""
    assert codes(telephony.judge_trunks(city(), {}, {}, is_demo=False)) == [("bad", "none")]
    assert codes(telephony.judge_trunks(city(), {}, {}, is_demo=True)) == [("good", "demo")]


def test_a_recording_must_be_as_long_and_as_loud_as_what_was_played() -> None:
    """No file, silence, half of it; a prompt that is itself silent proves nothing."""
    played = Heard(1.2, -20.0)
    assert telephony.judge_sound(Heard(1.18, -20.4), played).level == "good"
    assert telephony.judge_sound(Heard(1.2, -120.0), played).code == "not_heard"
    assert telephony.judge_sound(Heard(0.5, -20.0), played).code == "not_heard"
    assert telephony.judge_sound(None, played).code == "no_file"
    assert telephony.judge_sound(Heard(1.2, -120.0), Heard(1.2, -120.0)).level == "skipped"


def test_a_disk_is_full_before_it_has_no_byte_left() -> None:
    """Read-only, full, out of files, soon full; folders of one file system are told once."""
    volumes = [
        disk.Volume((LOG,), 9999, 9999, True), disk.Volume((LOG,), 499, None, False), disk.Volume((LOG,), 9999, 5, False),
        disk.Volume((LOG,), 5000, 9999, False), disk.Volume((LOG,), 9999, None, False),
    ]  # fmt: skip
    assert codes(disk.judge(volumes)) == [("bad", "read_only"), ("bad", "full"), ("bad", "no_files"), ("note", "soon")]
    assert codes(disk.judge(volumes[-1:])) == [("good", "fine")]


def test_citizens_sound_on_a_plain_disk_is_told_and_invented_callers_need_no_encryption() -> None:
    """What cannot be seen from here is said so."""
    spool = Path("spool")
    assert disk.judge_encryption({spool: "encrypted", LOG: "memory"}, is_demo=False).level == "good"
    assert disk.judge_encryption({spool: "plain", LOG: "encrypted"}, is_demo=False).code == "plain"
    assert disk.judge_encryption({spool: "unknown", LOG: "encrypted"}, is_demo=False).code == "unknown"
    assert disk.judge_encryption({spool: "plain"}, is_demo=True).level == "good"


def test_clocks_that_differ_or_ran_back_are_bad_and_one_that_nobody_keeps_is_told_in_service() -> None:
    """2 s between machines, 5 s behind the ledger."""
    assert codes(clocks.judge(True, {"calls": 1.9, "tickets": -2.1}, 0.0, is_demo=False)) == [("bad", "apart")]
    assert codes(clocks.judge(True, {}, 60.0, is_demo=False)) == [("bad", "ran_back")]
    assert codes(clocks.judge(False, {}, -9.0, is_demo=False)) == [("note", "not_kept")]
    assert codes(clocks.judge(False, {}, -9.0, is_demo=True)) == [("good", "demo")]


@pytest.mark.parametrize(
    ("revision", "damage", "took_s", "code"),
    [("2", "", 0.1, "fine"), ("1", "", 0.1, "behind"), ("3", "", 0.1, "newer"), (None, "", 0.1, "empty"),
     ("2", "row 1 missing", 0.1, "damaged"), ("2", "", 1.5, "slow")],
)  # fmt: skip
def test_a_databases_form_is_that_of_the_program(revision: str | None, damage: str, took_s: float, code: str) -> None:
    """Older, newer, empty, damaged, slow."""
    seen = databases.Seen(revision, "2", frozenset({"1", "2"}), damage, took_s)
    assert databases.judge("calls", "sqlite", seen).code == code


def test_an_altered_ledger_is_bad_and_a_worker_far_behind_is_told() -> None:
    """With the place of the first fault."""
    broken = VerifyResult(9, 9, "h", 0, (Problem(3, 7, "x"),))
    whole = VerifyResult(9, 5000, "h", 0, ())
    [found] = ledger.judge(broken, 9, is_written=True)
    assert (found.code, found.facts["segment"], found.facts["line"]) == ("altered", "00000003", 7)
    assert codes(ledger.judge(whole, 9, is_written=False)) == [("bad", "not_written"), ("note", "behind")]
    assert codes(ledger.judge(whole, None, is_written=True)) == [("good", "fine")]


def test_a_redis_that_forgets_is_bad() -> None:
    """The live view has no other place."""
    assert redis_server.judge("noeviction", 90, 100, is_own=True).code == "full"
    assert redis_server.judge("volatile-lru", 0, 0, is_own=False).level == "bad"
    assert redis_server.judge("noeviction", 0, 0, is_own=False).code == "given"


def test_a_backup_must_be_young_proven_and_elsewhere() -> None:
    """26 hours; in the demo it may lie beside."""
    def judged(backup: Backup | None, *, is_beside: bool = False, is_demo: bool = False) -> str:
        return backups.judge(backup, NOW, folder=LOG, is_beside=is_beside, is_demo=is_demo).code

    assert judged(None) == "none"
    assert judged(Backup(LOG, NOW - 27 * 3600, True)) == "old"
    assert judged(Backup(LOG, NOW - 3600, False)) == "unproven"
    assert judged(Backup(LOG, NOW - 3600, True), is_beside=True) == "same_disk"
    assert judged(Backup(LOG, NOW - 3600, True), is_beside=True, is_demo=True) == "fine"


def test_files_of_the_hotline_are_closed_to_others_and_the_cure_says_how() -> None:
    """chmod with the bits that remain."""
    [found] = files.judge([files.Guarded(Path("spool"), 0o755, 0o077), files.Guarded(Path("home"), 0o750, 0o007)])
    assert texts.words_of(found).cure == "chmod 700 spool"


def test_a_recording_that_is_gone_or_changed_is_named_by_its_call() -> None:
    """Never by a number."""
    kept = [recordings.Kept("h1-1", False, False), recordings.Kept("h1-2", True, False), recordings.Kept("h1-3", True, True, False)]
    found = recordings.judge(kept, recordings.Keeping(failures=3), is_demo=False)
    assert [(one.code, one.facts.get("call_id")) for one in found] == [
        ("gone", "h1-1"), ("changed", "h1-2"), ("closed", "h1-3"), ("failed", None),
    ]  # fmt: skip


def test_what_keeps_all_recordings_is_judged_too_and_each_verdict_has_its_cure() -> None:
    """Master keys, archive, lost files, late deletions, the heads outside; a demo needs no heads."""
    keeping = recordings.Keeping(0, 2, 3, "bad_masters", "/archive", "/outside", has_heads=False, lost=4, gone=2, spoilt="x")
    keeping = replace(keeping, altered=1, unrecorded=2, unknown=3, waiting=4)
    found = recordings.judge([], keeping, is_demo=False)
    assert [one.code for one in found] == [
        "masters", "keys_spoilt", "keys_lost", "keys_gone", "archive_away", "missing", "altered", "unrecorded", "unknown",
        "overdue", "waiting", "heads_away", "no_heads",
    ]  # fmt: skip
    assert all(texts.words_of(one).cure for one in found)
    assert codes(recordings.judge([], recordings.Keeping(has_heads=False), is_demo=True)) == [("good", "none")]


def test_a_number_that_cannot_be_rung_from_outside_is_told_with_what_was_found() -> None:
    """A failure, a probe that could not ring, a probe that rings no more; before the first round nothing is known."""
    def judged(last: DialTests | None, now: float = NOW, *, is_wanted: bool = True) -> list[tuple[str, str]]:
        return codes(dial_tests.judge(last, now, is_wanted=is_wanted, is_running=True, is_demo=False))

    well = DialTest("12345", "12345", "ok", NOW, NOW, failed=False)
    silent = DialTest("12328", "12328", "silent", NOW, NOW, failed=True)
    unknown = DialTest("055712345", "12345", "no_account", NOW, NOW, failed=False)
    assert judged(DialTests(NOW, 1800.0, (well,))) == [("good", "fine")]
    assert judged(DialTests(NOW, 1800.0, (well, silent, unknown))) == [("bad", "failed"), ("note", "untold")]
    assert judged(DialTests(NOW, 1800.0, (well,)), NOW + 7200) == [("bad", "stale")]
    assert judged(None) == [("skipped", "not_yet")]
    assert judged(None, is_wanted=False) == [("note", "none")]
    [found] = dial_tests.judge(DialTests(NOW, 1800.0, (silent,)), NOW, is_wanted=True, is_running=True, is_demo=False)
    assert texts.words_of(found).says == "从外面拨 12328：接通了却没有声音"


def test_a_year_without_holidays_is_told_before_it_begins_and_blamed_once_it_has() -> None:
    """From December on; what the database cannot tell is left to its own check."""
    def judged(day: str, stored: tickets.Stored | None = None, **more: bool) -> list[tuple[str, str]]:
        now = datetime.fromisoformat(f"{day}T08:00:00+08:00").timestamp()
        calendar = Calendar(frozenset({2025, 2026}))
        return codes(tickets.judge(calendar, stored, now, is_running=more.get("is_running", True), is_own=more.get("is_own", True)))

    assert judged("2026-11-30") == []
    assert judged("2026-12-01") == [("note", "next_holidays")]
    assert judged("2027-01-01") == [("bad", "no_holidays")]
    assert judged("2026-11-30", is_own=False) == [("note", "example_units")]


def test_a_unit_that_complaints_are_copied_to_and_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Missing in the city's own file, or switched off on the page; added on the page is there."""
    put(tmp_path, "units.yaml", {"transport": {"name": "交通局"}})
    rules = policy(tmp_path)
    assert codes(tickets.uncopied(rules, None)) == [("note", "no_copy_unit")]
    assert tickets.uncopied(rules, tickets.Stored(changed_units={"province-12328": True})) == []
    assert tickets.uncopied(diagram.policy_of("ah-suzhou-2023"), None) == []
    off = tickets.Stored(changed_units={"province-12328": False})
    assert codes(tickets.uncopied(diagram.policy_of("ah-suzhou-2023"), off)) == [("note", "no_copy_unit")]
    assert tickets.uncopied(diagram.policy_of("mot-2014"), off) == []


def test_reminders_and_webhooks_that_hang_are_told_while_the_hotline_runs() -> None:
    """Five minutes for a reminder, an hour for another system."""
    calendar = Calendar(frozenset(range(2020, 2040)))
    late = tickets.Stored(NOW - 400.0, {"petition": NOW - 4000.0, "province": NOW - 3000.0})
    for is_running, expected in ((True, [("bad", "late"), ("note", "webhook")]), (False, [])):
        assert codes(tickets.judge(calendar, late, NOW, is_running=is_running, is_own=True)) == expected
    on_time = tickets.Stored(NOW + 5.0, {})
    assert tickets.judge(calendar, on_time, NOW, is_running=True, is_own=True) == []


def test_every_finding_of_the_probe_that_is_an_alarm_has_words_here_too() -> None:
    """Also one that is an alarm only where agents are expected."""
    assert {code for code, fault in FINDINGS.items() if fault in ("line", "remark")} == set(TEXTS["values"]["finding"])
