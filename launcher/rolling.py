"""`make restart`: our parts restarted one after the other while calls run, each awaited; Asterisk and Redis are not touched."""

from __future__ import annotations

import fcntl
import http.client
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from hotline_core.adapters import clock
from hotline_core.errors import SetupError
from hotline_core.settings import Settings, load_settings
from launcher import fetch, managers, readiness
from launcher.managers import Manager
from launcher.parts import parts_of
from launcher.programs import Programs, ask_asterisk
from launcher.texts import say, sentence

# Whom nobody hears first; the pages' connections last, so that a page comes back to parts that are all new.
ORDER = ("probe", "worker", "bridge", "desk", "relay", "front")
BACK_S = 45.0
STEADY_S = 3.0  # healthy for so long without a break: longer than the health of any part may be old
LOOK_S = 0.2
QUIET_S = 20.0
MENUS_END_S = 20.0  # a silent caller leaves the menu 8 s after the answer, one who presses wrong keys a little later
LEAVES_S = 60  # a restart that dies half-way keeps callers from the menu no longer
PAGES_S = 15.0
ASK_S = 3.0


def restart(chosen: Sequence[str]) -> None:
    """Restart these parts (all of ours if none is named) in their order; SetupError stops before the next part is touched."""
    paths = load_settings().paths
    manager = managers.find(paths)
    with _alone(paths.run):
        _as_the_parts(manager.pid("desk"))
        settings = load_settings()
        programs = _programs(settings)
        there = [part.name for part in parts_of(settings, programs)]
        wanted = [name for name in ORDER if name in there and (not chosen or name in chosen)]
        if unknown := sorted(set(chosen) - set(wanted)):
            raise SetupError("unknown_part", name=unknown[0], known="、".join(name for name in ORDER if name in there))
        begun = time.monotonic()
        _await_health(settings, "not_well", lambda: True)
        before = _fingerprint(settings.paths.asterisk / "etc")
        manager.prepare()
        if _fingerprint(settings.paths.asterisk / "etc") != before:
            say("asterisk_later")
        one_by_one(settings, programs, manager, wanted)
        say("all_restarted", seconds=time.monotonic() - begun)


def one_by_one(settings: Settings, programs: Programs, manager: Manager, names: Sequence[str]) -> None:
    """These parts in this order, the next one when all is well again; SetupError part_not_back leaves the rest as it runs."""
    for name in names:
        _restart_one(settings, programs, manager, name)


def _restart_one(settings: Settings, programs: Programs, manager: Manager, name: str) -> None:
    begun = time.monotonic()
    old, pages = manager.pid(name), _pages(settings)
    if name == "bridge":
        with _menus_closed(programs, settings.paths.asterisk):
            manager.restart(name)
            _await_back(settings, programs, manager, name, old)
    else:
        manager.restart(name)
        _await_back(settings, programs, manager, name, old)
    _await_pages(settings, pages)
    say("restarted", part=sentence("parts", name), seconds=time.monotonic() - begun)


def _await_back(settings: Settings, programs: Programs, manager: Manager, name: str, old: int) -> None:
    """A new process that stays, takes connections, and with which everything is healthy."""
    new = manager.pid(name)
    if new in (0, old):
        raise SetupError("part_not_back", part=sentence("parts", name), log=settings.paths.log / f"{name}.log")
    probe = readiness.probes(settings, programs).get(name, lambda: True)
    _await_health(settings, "part_not_back", lambda: probe() and Path(f"/proc/{new}").exists(), name)
    if manager.pid(name) != new:  # it died, and another one was started meanwhile
        raise SetupError("part_not_back", part=sentence("parts", name), log=settings.paths.log / f"{name}.log")


def _await_health(settings: Settings, code: str, is_true: Callable[[], bool], name: str = "") -> None:
    """All parts healthy, and what is asked true, for STEADY_S without a break; SetupError `code` if not within BACK_S."""
    ends_at = time.monotonic() + BACK_S
    since: float | None = None
    down: list[str] = []
    while (now := time.monotonic()) < ends_at:
        health = readiness.health(settings)
        if health is not None and health.ready and is_true():
            since = now if since is None else since
            if now - since >= STEADY_S:
                return
        else:
            since = None
            down = [part for part, state in (health.parts if health else {"desk": "down"}).items() if state != "up"] or down
        time.sleep(LOOK_S)
    part = sentence("parts", name) if name else "、".join(sentence("parts", one) for one in down)
    raise SetupError(code, part=part, log=settings.paths.log / (f"{name}.log" if name else ""))


@contextmanager
def _menus_closed(programs: Programs, asterisk: Path) -> Iterator[None]:
    """No caller is in the bridge's hands, and whoever arrives meanwhile goes the way without a bridge: notice, then the queue.

    First a moment is awaited in which nobody is in a menu; where callers never cease, new ones go that way until the last is out.
    """

    def ask(command: str) -> str:
        try:
            return ask_asterisk(programs, asterisk, command, ASK_S)
        except subprocess.TimeoutExpired:
            return ""

    def in_menus() -> bool:
        return "/ivr/" in ask("database show ivr")

    def close_for(seconds: int) -> None:
        ask(f"dialplan set global BRIDGE_LEAVES {int(clock.now()) + seconds if seconds else 0}")

    try:
        ends_at = time.monotonic() + QUIET_S
        while in_menus() and time.monotonic() < ends_at:
            time.sleep(LOOK_S)
        close_for(LEAVES_S)
        ends_at = time.monotonic() + MENUS_END_S
        while in_menus() and time.monotonic() < ends_at:
            time.sleep(LOOK_S)
        yield
    finally:
        close_for(0)


def _await_pages(settings: Settings, before: tuple[int, int]) -> None:
    """As many pages and telephones as before are connected again; some may have been closed by people, so this is bounded."""
    ends_at = time.monotonic() + PAGES_S
    while time.monotonic() < ends_at:
        if all(now >= earlier for now, earlier in zip(_pages(settings), before, strict=True)):
            return
        time.sleep(LOOK_S)
    say("pages_missing", seconds=PAGES_S)


def _pages(settings: Settings) -> tuple[int, int]:
    """Pages at the desk and telephones at the relay, as the desk's figures tell them; 0 while it tells nothing."""
    with closing(_DeskConnection(settings.paths.desk_socket)) as connection:
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read(2**20).decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, 0
    found = [re.search(rf"^hotline_{name}_pages ([0-9.]+)", text, re.MULTILINE) for name in ("desk", "relay")]
    desk, relay = (int(float(one[1])) if one else 0 for one in found)
    return desk, relay


class _DeskConnection(http.client.HTTPConnection):
    """HTTP on the desk's own socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ASK_S)
        self._path = path

    def connect(self) -> None:
        """See http.client."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(ASK_S)
        self.sock.connect(str(self._path))


def _programs(settings: Settings) -> Programs:
    from asterisk_conf.render import module_names

    if (programs := fetch.find(settings.cache, module_names())) is None:
        raise SetupError("not_prepared", home=settings.home)
    return programs


def _as_the_parts(pid: int) -> None:
    """Take over the HOTLINE_* of a running part: whoever types `make restart` may have others, or none."""
    try:
        told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if pid else []
    except OSError as error:
        raise SetupError("system", reason=error.strerror or "", what=f"/proc/{pid}/environ") from error
    if not told:
        raise SetupError("not_started")
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        del os.environ[name]
    for name, _, value in (os.fsdecode(one).partition("=") for one in told):
        if name.startswith("HOTLINE_"):
            os.environ[name] = value


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    # the folder is the service's, we may be root: no link is followed
    lock = os.open(run / "restart.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise SetupError("restart_runs") from None
    finally:
        os.close(lock)


def _fingerprint(folder: Path) -> str:
    """Of all that Asterisk reads at its start."""
    made = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            made.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return made.hexdigest()
