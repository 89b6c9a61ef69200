"""Owns the databases and accounts of the demo as its first start leaves them: made once in a test process, copied to each home.

Every hotline of a test starts as one that was up before, but one of tests/integration/test_launcher_run.py, those of services and
those whose clock a test sets, which begin with nothing. Making these anew took two thirds of a start's work.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from agent_desktop.accounts import make_demo
from agent_desktop.auth import Passwords
from agent_desktop.knowledge.demo import make_demo_articles
from agent_desktop.migrate import migrate_tickets
from agent_desktop.people import People
from hotline_core.adapters import clock
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.settings import Settings
from launcher.databases import SCHEMAS, stamp_of
from launcher.parts import CHECKOUT
from launcher.prepare import write_private


def furnish(settings: Settings) -> None:
    """Copy them into a home of the demo that has none yet."""
    for name, content in _made().items():
        path = settings.home / name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.touch(0o600)
        path.write_bytes(content)
    urls = {"calls_migration": settings.calls_url, "tickets_migration": settings.tickets_url}
    stamps = {name: stamp_of(CHECKOUT, sources, urls[name]) for name, (_, sources) in SCHEMAS.items()}
    write_private(settings.paths.databases / "migrated.json", json.dumps(stamps))


@cache
def _made() -> dict[str, bytes]:
    """Their content by path below a home."""
    with TemporaryDirectory() as folder:
        settings = Settings.model_validate({"home": Path(folder), "demo": True})
        migrate_calls(settings.calls_url)
        migrate_tickets(settings.tickets_url)
        engine = make_engine(settings.tickets_url, durable=True)
        make_demo(settings, People(engine), Passwords(), clock.now())
        make_demo_articles(engine, clock.now())
        engine.dispose()
        files = [path for path in settings.home.rglob("*") if path.is_file()]
        return {str(path.relative_to(settings.home)): path.read_bytes() for path in files}
