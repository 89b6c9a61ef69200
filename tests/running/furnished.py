"""Owns the databases and accounts of the demo as its first start leaves them: made once in a test process, copied to each home.

Every hotline of a test starts as one that was up before, but one of tests/integration/test_launcher_run.py, those of services and
those whose clock a test sets, which begin with nothing. Making these anew took two thirds of a start's work.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from agent_desktop.accounts import make_whole_demo
from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters import clock
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.settings import Settings
from launcher.databases import STAMPS, stamps_of
from launcher.prepare import write_private


def furnish(settings: Settings) -> None:
    """Copy them into a home of the demo that has none yet."""
    for name, content in _made().items():
        path = settings.home / name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.touch(0o600)
        path.write_bytes(content)
    write_private(settings.paths.databases / STAMPS, json.dumps(stamps_of(settings)))


@cache
def _made() -> dict[str, bytes]:
    """Their content by path below a home."""
    with TemporaryDirectory() as folder:
        settings = Settings.model_validate({"home": Path(folder), "demo": True})
        migrate_calls(settings.calls_url)
        migrate_tickets(settings.tickets_url)
        engine = make_engine(settings.tickets_url, durable=True)
        make_whole_demo(settings, engine, clock.now())
        engine.dispose()
        files = [path for path in settings.home.rglob("*") if path.is_file()]
        return {str(path.relative_to(settings.home)): path.read_bytes() for path in files}
