"""The lock-out: slow for a guesser, never a weapon against an agent."""

from __future__ import annotations

import pytest

from agent_desktop.lockout import FIRST_LOCK_S, LONGEST_LOCK_S, Failures, locked_until

pytestmark = pytest.mark.unit


def test_four_mistakes_do_not_lock() -> None:
    """An agent in a hurry may mistype."""
    assert locked_until(Failures(pair=[1, 2, 3, 4]), is_known_here=False, now=5) is None


def test_the_fifth_mistake_locks_for_five_minutes() -> None:
    """Counted from the fifth mistake."""
    failures = Failures(pair=[1, 2, 3, 4, 5])
    assert locked_until(failures, is_known_here=True, now=6) == 5 + FIRST_LOCK_S
    assert locked_until(failures, is_known_here=True, now=5 + FIRST_LOCK_S) is None


def test_the_lock_doubles_with_every_five_more_mistakes_up_to_four_hours() -> None:
    """A patient guesser gets slower and slower."""
    ten = Failures(pair=[float(at) for at in range(10)])
    many = Failures(pair=[float(at) for at in range(500)])
    assert locked_until(ten, is_known_here=False, now=10) == 9 + 2 * FIRST_LOCK_S
    assert locked_until(many, is_known_here=False, now=500) == 499 + LONGEST_LOCK_S


def test_an_attacker_elsewhere_cannot_lock_an_agent_out_of_the_own_desk() -> None:
    """A thousand failures of this name at other addresses mean nothing where the agent signs in daily."""
    failures = Failures(name_elsewhere=[float(at) for at in range(1000)])
    assert locked_until(failures, is_known_here=True, now=1000) is None
    assert locked_until(failures, is_known_here=False, now=1000) is not None


def test_a_guesser_of_many_names_at_one_address_is_locked_but_not_the_colleagues_there() -> None:
    """Spraying one password over all names."""
    failures = Failures(address=[float(at) for at in range(40)])
    assert locked_until(failures, is_known_here=False, now=40) is not None
    assert locked_until(failures, is_known_here=True, now=40) is None
