"""Every recording and every number of the queue is understood by a listener; `make test` hears what no caller may miss."""

from __future__ import annotations

import pytest

from tests.integration.test_prompts_understood import KEYS, POSITIONS, WAITS, number_understood, understood
from tests.speech import Recogniser

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("key", KEYS)
def test_caller_understands_every_prompt(key: str, recogniser: Recogniser) -> None:
    """What the recogniser writes sounds like the prompt's text."""
    understood(key, recogniser)


@pytest.mark.parametrize("key", [*POSITIONS, *WAITS])
def test_caller_understands_every_number_in_what_the_queue_says(key: str, recogniser: Recogniser) -> None:
    """Place, average wait and thanks one after the other, as app_queue plays them: the number comes back exactly."""
    number_understood(key, recogniser)
