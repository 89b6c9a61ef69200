"""What a monitoring system reads: the hotline's figures as Prometheus metrics, no citizen's data among them; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent_desktop.health import Sight
from agent_desktop.metrics_dial import dial_tests
from agent_desktop.view import Live, LiveState
from hotline_core.domain import agents, call

INDICATORS = ("connect_rate", "service_level", "average_wait_s")
DAY_COUNTS = (
    "arrived", "in_menu", "left_menu", "asked", "waiting", "answered", "duty", "party", "abandoned", "callback", "lost",
)  # fmt: skip
BRIDGE_GAUGES = {
    "inbox_depth": ("hotline_bridge_inbox_depth", "items that wait in the bridge's inbox"),
    "ledger_record": ("hotline_ledger_record", "number of the last ledger record"),
    "ledger_backlog": ("hotline_ledger_backlog_records", "ledger records that wait in memory for the disk"),
    "ledger_unsynced_s": ("hotline_ledger_unsynced_seconds", "how long ledger records are not yet on the disk for sure"),
}
BRIDGE_COUNTERS = {
    "shed": ("hotline_bridge_shed", "items the full inbox shed since the bridge started"),
    "events": ("hotline_bridge_events", "items the bridge handled since it started"),
    "ami_links": ("hotline_bridge_ami_links", "AMI connections opened since the bridge started; each one above 1 is a reconnect"),
    "resyncs": ("hotline_bridge_resyncs", "times the bridge read the whole state from Asterisk since it started"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """All the desk knows at one moment; what nobody can tell now is None or empty and has no metric then."""

    now: float
    lines: tuple[str, ...]
    queues: tuple[str, ...]
    parts: Mapping[str, Mapping[str, object]]
    live: LiveState | None
    day: Mapping[str, object] | None
    ended: Mapping[tuple[str, str], int]
    sight: Sight
    pages: int
    slow_snapshots: int
    dial_tests: Mapping[str, object] | None = None


class Figures(Collector):
    """`Seen` as metric families; made for one scrape."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        """Every family of docs/operations.md; those without a source now have no samples."""
        yield from _parts(self._seen)
        yield from _live(self._seen)
        yield from _day(self._seen)
        yield from _inside(self._seen)
        yield from dial_tests(self._seen.dial_tests)


def _parts(seen: Seen) -> Iterator[Metric]:
    up = GaugeMetricFamily("hotline_part_up", "1 while the part is up, 0 when it is down or in trouble", labels=["part"])
    since = GaugeMetricFamily("hotline_part_since_seconds", "epoch time since which the part has its state", labels=["part"])
    for name, part in seen.parts.items():
        up.add_metric([name], float(part.get("state") == "up"))
        since.add_metric([name], _number(part.get("since")))
    yield up
    yield since


def _live(seen: Seen) -> Iterator[Metric]:
    calls = GaugeMetricFamily("hotline_calls", "running calls", labels=["line", "phase"])
    waiting = GaugeMetricFamily("hotline_queue_waiting", "callers who wait for an agent, ringing ones too", labels=["queue"])
    longest = GaugeMetricFamily(
        "hotline_queue_longest_wait_seconds", "how long the first of them waits, from the first prompt; else 0", labels=["queue"]
    )
    ready = GaugeMetricFamily("hotline_queue_ready_agents", "agents who can be rung", labels=["queue"])
    by_state = GaugeMetricFamily("hotline_agents", "agents known since the bridge started", labels=["state"])
    if seen.live is not None:
        running = Counter((str(one.get("line") or ""), str(one.get("phase") or "")) for one in seen.live.calls.values())
        for key in _all(running, seen.lines, call.PHASES):
            calls.add_metric(list(key), running[key])
        for name in dict.fromkeys((*seen.queues, *seen.live.queues)):
            queue: Live = seen.live.queues.get(name, {})
            began = queue.get("longest_since")
            waiting.add_metric([name], _number(queue.get("waiting")))
            longest.add_metric([name], max(0.0, seen.now - _number(began)) if began else 0.0)
            ready.add_metric([name], _number(queue.get("ready")))
        states = Counter(str(one.get("state") or "") for one in seen.live.agents.values())
        for state in dict.fromkeys((*agents.STATES, *states)):
            by_state.add_metric([state], states[state])
    yield from (calls, waiting, longest, ready, by_state)


def _all(running: Counter[tuple[str, str]], lines: Iterable[str], phases: Iterable[str]) -> list[tuple[str, str]]:
    """Every line in every phase, so that a series does not vanish at 0, and what else there is."""
    return list(dict.fromkeys([*((line, phase) for line in lines for phase in phases), *sorted(running)]))


def _day(seen: Seen) -> Iterator[Metric]:
    counts = GaugeMetricFamily("hotline_day_calls", "today's calls, from midnight in Shanghai", labels=["line", "count"])
    shares = GaugeMetricFamily(
        "hotline_day_indicator", "numerator and denominator of today's indicators", labels=["line", "indicator", "part"]
    )
    longest = GaugeMetricFamily("hotline_day_longest_wait_seconds", "today's longest wait that is over", labels=["line"])
    lines = seen.day.get("lines") if seen.day is not None and seen.day.get("sure") else None
    for told in lines if isinstance(lines, list) else []:
        line = str(told["line"])
        for name in DAY_COUNTS:
            counts.add_metric([line, name], _number(told[name]))
        for name in INDICATORS:
            for part in ("numerator", "denominator"):
                shares.add_metric([line, name, part], _number(told[name][part]))
        longest.add_metric([line], _number(told["longest_wait_s"]))
    ended = CounterMetricFamily("hotline_calls_ended", "calls that ended since the desk started", labels=["line", "outcome"])
    for (line, outcome), count in sorted(seen.ended.items()):
        ended.add_metric([line, outcome], count)
    yield from (counts, shares, longest, ended)


def _inside(seen: Seen) -> Iterator[Metric]:
    told = seen.sight.bridge
    for name, (metric, text) in BRIDGE_GAUGES.items():
        yield _one(GaugeMetricFamily(metric, text), told.get(name))
    for name, (metric, text) in BRIDGE_COUNTERS.items():
        yield _one(CounterMetricFamily(metric, text), told.get(name))
    applied, written = seen.sight.worker_record, told.get("ledger_record")
    lag = max(0, int(written) - applied) if applied is not None and isinstance(written, int | float) else None
    yield _one(GaugeMetricFamily("hotline_live_publisher_up", "1 while the bridge reaches Redis"), seen.sight.is_publishing)
    yield _one(GaugeMetricFamily("hotline_worker_record", "last ledger record that the calls database holds"), applied)
    yield _one(GaugeMetricFamily("hotline_worker_lag_records", "ledger records that the calls database does not hold yet"), lag)
    late = GaugeMetricFamily("hotline_reminders_late_seconds", "how long due reminders of tickets wait to be fired; else about 0")
    yield _one(late, seen.sight.reminders_late_s)
    yield _one(GaugeMetricFamily("hotline_desk_pages", "pages with a websocket to the desk"), seen.pages)
    slow = CounterMetricFamily("hotline_desk_slow_snapshots", "times a slow page got a snapshot instead of what it had missed")
    yield _one(slow, seen.slow_snapshots)
    yield _one(GaugeMetricFamily("hotline_relay_pages", "telephones of pages connected to the relay"), seen.sight.relay_pages)
    yield _one(GaugeMetricFamily("hotline_spool_free_bytes", "free space where running calls are recorded"), seen.sight.spool_free)


def _one(family: GaugeMetricFamily | CounterMetricFamily, value: object) -> Metric:
    if isinstance(value, int | float):
        family.add_metric([], float(value))
    return family


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
