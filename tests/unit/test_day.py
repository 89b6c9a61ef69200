"""The indicators of a day: formulas with numerator and denominator, midnight in Shanghai, lines added up."""

from __future__ import annotations

import pytest

from hotline_core.domain.day import LineDay, Rate, average_wait, connect_rate, day_start, service_level, total

pytestmark = pytest.mark.unit
# 2026-11-22 00:00:00 in Asia/Shanghai
MIDNIGHT = 1_795_276_800.0
DAY = LineDay(
    "12328", arrived=30, in_menu=1, left_menu=2, asked=25, waiting=3, answered=14, duty=1, party=3, abandoned=5, callback=1, lost=0,
    within=12, abandoned_within=2, waited_s=300.0, longest_s=95.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "start"),
    [(MIDNIGHT, MIDNIGHT), (MIDNIGHT - 0.001, MIDNIGHT - 86_400), (MIDNIGHT + 86_399.9, MIDNIGHT), (MIDNIGHT + 8 * 3600, MIDNIGHT)],
)
def test_a_day_begins_at_midnight_in_shanghai(now: float, start: float) -> None:
    """16:00 UTC of the day before."""
    assert day_start(now) == start


def test_the_connect_rate_counts_agents_and_duty_telephones_and_judges_nobody_who_still_waits() -> None:
    """15 of the 22 whose wait is over."""
    assert connect_rate(DAY) == Rate(15, 22)


@pytest.mark.parametrize(
    ("formula", "rate"),
    [
        ("strict", Rate(12, 20)),
        ("early_abandoned_count", Rate(14, 20)),
        ("answered_only", Rate(12, 15)),
        ("late_abandoned_only", Rate(12, 18)),
    ],
)
def test_each_of_the_four_formulas_of_the_service_level_tells_what_it_is_made_of(formula: str, rate: Rate) -> None:
    """Requirements, section 3: the strict one is the default."""
    assert service_level(DAY, formula) == rate  # type: ignore[arg-type]
    assert service_level(DAY) == Rate(12, 20)


def test_a_day_without_calls_has_no_rates_rather_than_wrong_ones() -> None:
    """Nothing is divided by zero and nobody is blamed."""
    assert [rate(LineDay("12328")).value for rate in (connect_rate, service_level, average_wait)] == [None, None, None]
    assert total([]) == LineDay("")


def test_lines_add_up_and_the_longest_wait_is_the_longest_of_all() -> None:
    """The total's rates come from summed counts, not from averaged rates."""
    both = total([DAY, LineDay("12345", arrived=2, asked=2, answered=2, within=2, waited_s=10.0, longest_s=120.0)])
    assert (both.arrived, both.longest_s, connect_rate(both), average_wait(both)) == (32, 120.0, Rate(17, 24), Rate(310.0, 17))
