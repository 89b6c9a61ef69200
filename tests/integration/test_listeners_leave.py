"""Players that go away, as browsers do at every seek: the desk lives on and gives everything back."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.domain.records import CallRow
from hotline_core.settings import Settings
from tests.integration.desk_kit import NOW, prepare, settings_of
from tests.integration.sound_leavers import CALL
from tests.running.kept import RATE_HZ, keep_sound

pytestmark = pytest.mark.integration
SECONDS = 30


@pytest.fixture
def settings(short_folder: Path) -> Settings:
    """One recording as the worker keeps it."""
    made = settings_of(short_folder)
    prepare(made)
    engine = make_engine(made.calls_url)
    with writing(engine) as connection:
        call = CallRow(CALL, "12328", "13800001234", "12328", "ended", NOW, agent="1001", outcome="answered")
        connection.execute(CALLS.insert(), asdict(call))
    engine.dispose()
    tone = (8000 * np.sin(np.arange(SECONDS * RATE_HZ) * 0.4)).astype(np.int16)
    keep_sound(made, CALL, np.stack([tone, tone], axis=1), NOW)
    return made


def leavers(settings: Settings, form: str, rounds: int, when: str) -> dict[str, Any]:
    """What the desk's process tells after so many leavers; it must end by itself."""
    command = [sys.executable, "-m", "tests.integration.sound_leavers", str(settings.home), form, str(rounds), when]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_desk_lives_when_players_leave_in_the_middle_of_a_sound(settings: Settings) -> None:
    """The decoder is not taken away under the thread that decodes; nothing stays open."""
    told = leavers(settings, "wav", 60, "midway")
    assert told["heard"] > 10, "they left too early to prove anything"
    assert told["left"] == 0


def test_nothing_stays_open_when_players_leave_before_the_sound_begins(settings: Settings) -> None:
    """An answer that never began gives its sound back too."""
    assert leavers(settings, "kept", 100, "early")["left"] == 0
