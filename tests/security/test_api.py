"""Every operation of the API under made-up and injected requests: no error of ours, a sentence for each refusal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI

from hotline_core.settings import Settings
from tests.integration.desk_kit import ScriptedBridge, application, make_token, prepare, settings_of
from tests.security.api import Outcome, injected, made_up, operations

pytestmark = pytest.mark.integration
EXAMPLES = 3  # of each kind, for each operation; the campaign has hundreds
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@pytest.fixture
def settings(short_folder: Path) -> Settings:
    made = settings_of(short_folder)
    prepare(made)
    return made


@pytest_asyncio.fixture
async def bridge(settings: Settings) -> AsyncIterator[ScriptedBridge]:
    scripted = await ScriptedBridge(settings.paths.bridge_socket).start()
    yield scripted
    await scripted.stop()


def gathered(outcomes: list[Outcome]) -> Outcome:
    """All of them as one."""
    whole = Outcome()
    for outcome in outcomes:
        whole.asked += outcome.asked
        whole.statuses += outcome.statuses
        whole.faults += outcome.faults
    return whole


@pytest.mark.parametrize("role", ["administrator", "supervisor"])
async def test_made_up_requests_to_every_operation_are_answered_or_refused_in_words(
    settings: Settings, bridge: ScriptedBridge, role: str, seed: int
) -> None:
    """From the description of the API itself: what fits it, and what does not."""
    token = make_token(settings, role)
    app: FastAPI = application(settings)
    whole = gathered(await asyncio.to_thread(lambda: [made_up(each, token, seed, EXAMPLES) for each in operations(app)]))
    assert whole.faults == []
    assert whole.asked > EXAMPLES * 40
    assert whole.statuses[200] > 10
    assert whole.statuses[422] > 10


async def test_no_words_of_a_request_reach_the_bridge_as_more_than_words(settings: Settings, bridge: ScriptedBridge) -> None:
    """Line breaks, quotes of other languages, channel names, paths: refused, or passed on as plain text without a line's end."""
    app = application(settings)
    tokens = [make_token(settings, role) for role in ("administrator", "supervisor")]
    whole = gathered(await asyncio.to_thread(lambda: [injected(each, token) for each in operations(app) for token in tokens]))
    assert whole.faults == []
    assert whole.asked > 1000
    told = [*_texts(bridge.asked), *_texts(bridge.telephones), *_texts(bridge.parties)]
    assert [text for text in told if CONTROL.search(text)] == []


def _texts(data: Any) -> list[str]:
    """Every text in what the bridge was told."""
    if isinstance(data, str):
        return [data]
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [text for each in inner for text in _texts(each)]
