"""Brings both databases to the schema of this checkout and makes the demo accounts; does nothing when nothing changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from hotline_core.errors import SetupError
from hotline_core.settings import Settings
from launcher.lifeline import dying_with_us
from launcher.parts import CHECKOUT, environment_of_parts
from launcher.texts import say, sentence

TIMEOUT_S = 600
STAMPS = "migrated.json"
# What a schema is made of: module that migrates, files whose change asks for it.
SCHEMAS = {
    "calls_migration": ("hotline_core.adapters.migrate", ("hotline_core/adapters/migrations", "hotline_core/adapters/migrate.py")),
    "tickets_migration": ("agent_desktop.migrate", ("agent_desktop/migrations", "agent_desktop/migrate.py")),
}


def stamp_of(checkout: Path, sources: tuple[str, ...], url: str) -> str:
    """A digest of the migrations and of the database they were run on (its address may hold a password)."""
    digest = hashlib.sha256(url.encode())
    for source in sources:
        path = checkout / source
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(str(file.relative_to(checkout)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def stamps_of(settings: Settings) -> dict[str, str]:
    """The digest of each schema of this checkout on its database of these settings."""
    urls = _urls(settings)
    return {name: stamp_of(CHECKOUT, sources, urls[name]) for name, (_, sources) in SCHEMAS.items()}


def _urls(settings: Settings) -> dict[str, str]:
    return {"calls_migration": settings.calls_url, "tickets_migration": settings.tickets_url}


def prepare(settings: Settings) -> None:
    """Migrate what is not up to date, then make the demo accounts if there are none; SetupError names the step."""
    paths = settings.paths
    stamps = paths.databases / STAMPS
    done = _read(stamps)
    wanted = stamps_of(settings)
    for name, url in _urls(settings).items():
        if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
            done.pop(name, None)
    late = [name for name in SCHEMAS if done.get(name) != wanted[name]]
    if late:
        say("migrate")
        for name in late:
            _step(settings, name, [SCHEMAS[name][0]])
    if settings.demo and ("tickets_migration" in late or not paths.accounts.is_file()):
        say("accounts")
        _step(settings, "accounts", ["agent_desktop.accounts", "demo"])
    if late:
        draft = stamps.with_suffix(".new")
        draft.write_text(json.dumps(wanted), encoding="ascii")
        draft.replace(stamps)


def _read(stamps: Path) -> dict[str, str]:
    try:
        loaded = json.loads(stamps.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(stamp) for name, stamp in loaded.items()} if isinstance(loaded, dict) else {}


def _step(settings: Settings, name: str, arguments: list[str]) -> None:
    log = settings.paths.log / f"{name}.log"
    with log.open("wb") as out:
        try:
            done = subprocess.run(
                [sys.executable, "-m", *arguments], cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=environment_of_parts(os.environ), timeout=TIMEOUT_S, check=False, preexec_fn=dying_with_us(),
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise SetupError("step_failed", step=sentence("steps", name), reason=f"{TIMEOUT_S} s", log=log) from error
    if done.returncode != 0:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise SetupError("step_failed", step=sentence("steps", name), reason=(lines or ["?"])[-1][:300], log=log)
