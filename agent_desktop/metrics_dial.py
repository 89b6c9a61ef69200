"""The last dial-tests as Prometheus metrics; pure. Old results are no figures: then only their time is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric

FIGURES = {
    "answer_s": ("hotline_dial_test_answer_seconds", "from the INVITE to the answer"),
    "queue_s": ("hotline_dial_test_queue_seconds", "from the answer to the queue"),
    "level_db": ("hotline_dial_test_level_decibels", "loudness of the greeting against its recording"),
}


def dial_tests(told: Mapping[str, object] | None) -> Iterator[Metric]:
    """Every family; `told` as the desk's pages are told, None where there is no probe."""
    well = GaugeMetricFamily("hotline_dial_test_ok", "1 unless the last dial-test found the number in trouble", labels=["number"])
    found = GaugeMetricFamily("hotline_dial_test_finding", "1 for what the last dial-test found", labels=["number", "finding"])
    figures = {name: GaugeMetricFamily(metric, text, labels=["number"]) for name, (metric, text) in FIGURES.items()}
    last = GaugeMetricFamily("hotline_dial_test_round_seconds", "epoch time at which the last round ended")
    if told is not None and isinstance(at := told.get("at"), int | float):
        last.add_metric([], float(at))
    tests = told.get("tests") if told is not None and told.get("state") == "known" else None
    for test in tests if isinstance(tests, list) else []:
        number = str(test["number"])
        well.add_metric([number], float(not test["failed"]))
        found.add_metric([number, str(test["finding"])], 1.0)
        for name, family in figures.items():
            if isinstance(value := test[name], int | float):
                family.add_metric([number], float(value))
    yield from (well, found, *figures.values(), last)
