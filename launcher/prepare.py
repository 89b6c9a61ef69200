"""All that must be done before the parts can start, the same for `make run`, for systemd and for containers."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from hotline_core.adapters import clock
from hotline_core.adapters import ports as ports_file
from hotline_core.adapters.ports import Ports
from hotline_core.adapters.secrets import load_or_make
from hotline_core.city import City
from hotline_core.errors import SettingsError, SetupError
from hotline_core.settings import Paths, Settings, load_city, load_settings
from launcher import certificate, checks, databases, fetch, front, lock, parts, places
from launcher.programs import Programs
from launcher.texts import complain, say, sentence

OPEN_FILES = 65536
AGAIN_S = 5.0


def prepare_alone() -> None:
    """`python -m launcher prepare`: for parts that others start; also while they run, whose ports and sockets then stay."""
    os.umask(parts.UMASK)
    settings, city = check()
    with lock.open_lock(settings.paths) as held:
        is_first = lock.take_for_preparing(held, settings.paths)
        prepare(settings, city, is_first=is_first)
    say("prepared", home=settings.home)


def prepare_patiently() -> None:
    """The same until it works: after a power cut the network or a database may be back later than we, and nobody is there.

    Each new reason is told once; a mistake in a file is looked at again as well, for whoever corrects it.
    """
    told: tuple[str, dict[str, object]] | None = None
    while True:
        try:
            return prepare_alone()
        except (SettingsError, SetupError) as error:
            # the free port that is proposed is another one each time
            if told != (reason := (error.code, {name: fact for name, fact in error.facts.items() if name != "free"})):
                complain(error)
                told = reason
        time.sleep(AGAIN_S)


def check() -> tuple[Settings, City]:
    """Settings and city that can be used, and their HOTLINE_HOME made; SetupError or SettingsError for the first mistake."""
    settings = load_settings()
    city = load_city(settings.city_file)
    checks.check_folder(settings.home, "odd_folder", "HOTLINE_HOME")
    checks.check_folder(settings.cache, "odd_folder", "HOTLINE_CACHE")
    checks.check_folder(parts.CHECKOUT, "odd_checkout", "")
    checks.make_home(settings)
    return settings, city


def prepare(settings: Settings, city: City, *, is_first: bool) -> Programs:
    """Fetch, render, migrate; the programs that were found. `is_first`: nothing of this HOTLINE_HOME runs yet.

    SetupError tells what stands in the way.
    """
    paths = settings.paths
    if is_first:
        checks.check_ports(settings)
    from asterisk_conf.render import module_names, render_carrier, render_pbx

    programs = fetch.obtain(settings.cache, module_names())
    secrets = load_or_make(paths.secrets)
    ports = _choose_ports(settings, is_first=is_first)
    for refused in render_pbx(settings, city, secrets, ports, programs):
        what = sentence("mistakes", refused.code, about=refused.about)
        say("prompt_refused", file=refused.path, what=what)
    if settings.demo:
        render_carrier(settings, city, secrets, ports, programs)
    front.make_folders(settings)
    if certificate.ensure(settings, clock.now()):
        say("certificate_made", names="、".join(settings.certificate_names), file=settings.paths.tls / "certificate.pem")
    write_private(paths.run / "redis.conf", parts.redis_conf(paths))
    nginx = front.nginx_conf(settings, open_files=allow_open_files(), user=front.worker_user())
    write_private(paths.run / "nginx.conf", nginx)
    databases.prepare(settings)
    places.ensure(settings.cache)
    if is_first:
        _remove_left_sockets(paths)
    return programs


def allow_open_files() -> int:
    """Raise the limit of open files for us and for what we start; the limit in force."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_files = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft < open_files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, hard))
    return open_files


def write_private(path: Path, text: str) -> None:
    """A file for the owner's eyes only."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


def _choose_ports(settings: Settings, *, is_first: bool) -> Ports:
    try:
        earlier: Ports | None = ports_file.read(settings.paths)
    except SetupError:
        earlier = None
    if earlier is not None and not is_first:
        return earlier  # our own Asterisk holds them
    ports = checks.choose_ports(settings, earlier)
    ports_file.write(settings.paths, ports)
    return ports


def _remove_left_sockets(paths: Paths) -> None:
    """Those of a start that was killed."""
    for left in [*paths.run.glob("*.sock"), *paths.run.glob("*.sock.*")]:
        left.unlink(missing_ok=True)
