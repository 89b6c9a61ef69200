"""The metrics: exactly those of the document, true to what the desk knows, silent on what nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agent_desktop.dial_tests import told as told_of
from agent_desktop.health import Sight
from agent_desktop.metrics import Figures, Seen
from agent_desktop.routes.metrics import is_this_machine
from agent_desktop.view import LiveState
from hotline_core.domain.dial_tests import DialTest, DialTests
from tests.unit.test_docs import rows

pytestmark = pytest.mark.unit
NUMBER = "13855712345"
CALL = {"id": "h1-1.1", "line": "12328", "phase": "waiting", "caller": NUMBER, "arrived_at": 990.0}
RATE = {"numerator": 3, "denominator": 4, "value": 0.75}
LINE = {
    **dict.fromkeys(
        ("arrived", "in_menu", "left_menu", "asked", "waiting", "answered", "duty", "party", "abandoned", "callback", "lost"), 2
    ),
    "line": "12328", "longest_wait_s": 61.5, "connect_rate": RATE, "service_level": RATE, "average_wait_s": RATE,
}  # fmt: skip
TEST = DialTest("12328", "12328", "ok", 890.0, 10.0, failed=False, answer_s=0.5, queue_s=7.75, level_db=-1.25)
SEEN = Seen(
    now=1000.0,
    lines=("12328", "12345"),
    queues=("hotline", "second"),
    parts={"bridge": {"state": "up", "since": 5.0}, "relay": {"state": "trouble", "since": 6.0}},
    live=LiveState(
        epoch="e", seq=1, calls={"h1-1.1": CALL}, agents={"1001": {"id": "1001", "state": "paused"}},
        queues={"hotline": {"name": "hotline", "waiting": 1, "longest_since": 990.0, "ready": 0}},
    ),
    day={"sure": True, "lines": [LINE]},
    ended={("12328", "answered"): 7},
    sight=Sight(
        bridge={"inbox_depth": 0, "shed": 1, "events": 9, "ami_links": 2, "resyncs": 2, "ledger_record": 40, "ledger_backlog": 0,
                "ledger_unsynced_s": 0.01},
        is_publishing=True, worker_record=38, reminders_late_s=0.4, relay_pages=3, spool_free=10**9,
    ),
    pages=4,
    slow_snapshots=0,
    dial_tests=told_of(DialTests(900.0, 1800.0, (
        TEST, DialTest("12345", "12345", "not_answered", 895.0, 20.0, failed=True),
    )), 1000.0),
)  # fmt: skip


def scraped(seen: Seen) -> dict[str, float]:
    """Every sample by its name with labels, as a scraper reads the text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(seen))
    text = generate_latest(registry).decode()
    assert NUMBER not in text
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_document_and_the_metrics_name_the_same() -> None:
    """docs/operations.md: each name with its labels, no stale one."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(SEEN))
    found = {
        sample.name: ", ".join(sample.labels)
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }
    assert found == {cells[0].strip("`"): cells[1] for cells in rows("operations.md", heading="监控指标", columns=3)}


def test_the_metrics_tell_what_the_desk_knows() -> None:
    """One of each kind."""
    told = scraped(SEEN)
    assert (told["hotline_part_up bridge"], told["hotline_part_up relay"]) == (1.0, 0.0)
    assert (told["hotline_calls 12328 waiting"], told["hotline_calls 12345 talking"]) == (1.0, 0.0)
    assert (told["hotline_queue_waiting hotline"], told["hotline_queue_longest_wait_seconds hotline"]) == (1.0, 10.0)
    assert (told["hotline_queue_waiting second"], told["hotline_agents paused"], told["hotline_agents ready"]) == (0.0, 1.0, 0.0)
    assert (told["hotline_day_calls abandoned 12328"], told["hotline_day_indicator connect_rate 12328 denominator"]) == (2.0, 4.0)
    assert (told["hotline_calls_ended_total 12328 answered"], told["hotline_worker_lag_records"]) == (7.0, 2.0)


def test_what_nobody_can_tell_now_is_left_out_rather_than_told_wrong() -> None:
    """No bridge, no Redis, no calls database, no relay."""
    told = scraped(replace(SEEN, live=None, day={"sure": False, "lines": [LINE]}, sight=Sight(), ended={}, dial_tests=None))
    assert {name.partition(" ")[0] for name in told} == {
        "hotline_part_up", "hotline_part_since_seconds", "hotline_desk_pages", "hotline_desk_slow_snapshots_total",
    }  # fmt: skip


def test_a_dial_test_is_told_by_number_until_it_is_old() -> None:
    """What was not measured has no figure; when the probe is gone only the time of its last round is left, to be alarmed by."""
    told = {name.removeprefix("hotline_dial_test_"): value for name, value in scraped(SEEN).items() if "dial_test" in name}
    assert told == {
        "ok 12328": 1.0, "ok 12345": 0.0, "finding ok 12328": 1.0, "finding not_answered 12345": 1.0, "answer_seconds 12328": 0.5,
        "queue_seconds 12328": 7.75, "level_decibels 12328": -1.25, "round_seconds": 900.0,
    }  # fmt: skip
    old = scraped(replace(SEEN, dial_tests=told_of(DialTests(900.0, 1800.0, (TEST,)), 900.0 + 2 * 1800 + 601)))
    assert {name: value for name, value in old.items() if "dial_test" in name} == {"hotline_dial_test_round_seconds": 900.0}


@pytest.mark.parametrize(
    ("address", "is_here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("local", True), ("10.0.0.1", False), ("", False), ("host", False)],
)
def test_only_this_machine_needs_no_token(address: str, is_here: bool) -> None:
    """The address is the one our own front wrote."""
    assert is_this_machine(address) is is_here
