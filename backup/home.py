"""Owns what of HOTLINE_HOME and around it belongs into a backup: all but what is made anew, and what has its own way in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from backup.files import files_below
from hotline_core.adapters.trunk_secret import secret_path
from hotline_core.settings import Settings, load_city

STAGE = ".restore"
BESIDE = "restored"  # in the home: what lay outside, and the settings, for the operator to put in place
# Made anew at each start, or copied in a way of its own (ledger, databases), or named and not copied (recordings), or kept once
# and never among older backups (the recordings' keys), or left by a restore.
NOT_COPIED = ("run", "asterisk", "carrier", "log", "spool", "ledger", "db", "recordings", "keys", STAGE, BESIDE)
HOME, LEDGER, DATABASES, OUTSIDE = "home", "ledger", "databases", "outside"
SETTINGS = "settings.env"
RECORDINGS = "recordings.sha256"


def home_files(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Each file of the home that belongs into a backup, with its path there; the operator's own files are among them."""
    home = settings.home
    apart = {path for path in (settings.backup, settings.cache) if path is not None}
    for top in sorted(home.iterdir()):
        if top.name in NOT_COPIED or top in apart:
            continue
        for path in files_below(top) if top.is_dir() else [top] if top.is_file() else []:
            if not any(one in path.parents for one in apart):
                yield path, f"{HOME}/{path.relative_to(home)}"


def outside_files(settings: Settings) -> Iterator[tuple[Path, str]]:
    """What the settings name elsewhere: certificate and key, the city's file, the secrets of trunks."""
    named = [settings.tls_cert, settings.tls_key, settings.config, settings.recording_masters]
    city = load_city(settings.city_file)
    named += [secret_path(settings.home, trunk.login.secret_file) for trunk in city.trunks.values() if trunk.login is not None]
    paths = dict.fromkeys(path.expanduser().absolute() for path in named if path is not None)
    for number, path in enumerate(paths):
        if settings.home not in path.parents:
            yield path, f"{OUTSIDE}/{number}-{path.name}"


def settings_text(environment: Mapping[str, str]) -> str:
    """All HOTLINE_* variables as an environment file that systemd and shells read; it may hold a database's password."""
    lines = [f"{name}={_quoted(value)}" for name, value in sorted(environment.items()) if name.startswith("HOTLINE_")]
    return "".join(f"{line}\n" for line in lines)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
