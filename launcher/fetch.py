"""Obtains Asterisk, Redis and nginx without root: Debian's packages by a private apt state, unpacked into the cache."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline_core.errors import SetupError
from launcher import mirrors
from launcher.lifeline import dying_with_us
from launcher.programs import Programs, asterisk_version, of_this_machine, shortcoming
from launcher.texts import say

SUITE = "forky"  # the first Debian with Asterisk 22
PACKAGES = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en-gsm", "redis-server", "nginx", "asterisk-moh-opsound-wav")
LAYOUT = 1  # raise it when what lies in the folder changes
APT = Path("/etc/apt")
KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp")
NEEDED_MB = 900
TIMEOUT_S = 900


def fetched(cache: Path) -> Programs | None:
    """What an earlier start has unpacked; None when there is nothing whole."""
    folder = cache / f"pbx-{_key()}"
    return Programs(folder / "rootfs") if (folder / "complete.json").is_file() else None


def find(cache: Path, modules: list[str]) -> Programs | None:
    """The machine's own programs or what is in the cache, without any download."""
    return of_this_machine(modules) or fetched(cache)


def obtain(cache: Path, modules: list[str]) -> Programs:
    """The programs, downloaded if need be; SetupError tells what stands in the way."""
    if there := find(cache, modules):
        return there
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache):
        return fetched(cache) or _fetch(cache, modules)


def _key() -> str:
    told = json.dumps([LAYOUT, SUITE, PACKAGES, platform.machine()])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """One process at a time fills the cache."""
    with (cache / "pbx.lock").open("w") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("fetch_wait")
            fcntl.flock(guard, fcntl.LOCK_EX)
        for left in cache.glob("part-*"):  # of a start that was ended in the middle
            shutil.rmtree(left, ignore_errors=True)
        yield


def _fetch(cache: Path, modules: list[str]) -> Programs:
    for program in ("apt-get", "dpkg"):
        if shutil.which(program) is None:
            raise SetupError("no_apt", program=program)
    free_mb = shutil.disk_usage(cache).free // 2**20
    if free_mb < NEEDED_MB:
        raise SetupError("disk_full", folder=cache, free_mb=free_mb, needed_mb=NEEDED_MB, variable="HOTLINE_CACHE")
    started = time.monotonic()
    part = Path(tempfile.mkdtemp(prefix="part-", dir=cache))
    try:
        apt = part / "apt"
        _update(apt)
        say("fetch_download")
        _apt(apt, "install", "--download-only", *PACKAGES)
        packages = sorted((apt / "cache/archives").glob("*.deb"))
        say("fetch_unpack", count=len(packages), folder=cache)
        rootfs = part / "rootfs"
        rootfs.mkdir()
        for package in packages:
            _unpack(package, rootfs)
        shutil.rmtree(apt)
        programs = Programs(rootfs)
        if why := shortcoming(programs, modules):
            raise SetupError("unsuitable", reason=why, folder=part)
        version = asterisk_version(programs)
        (part / "complete.json").write_text(json.dumps({"asterisk": version, "packages": [path.name for path in packages]}))
        os.chmod(part, 0o755)  # noqa: S103 - programs, no secrets; mkdtemp gives 0700
        target = cache / f"pbx-{_key()}"
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    except OSError as error:
        raise SetupError("not_writable", folder=cache, reason=error.strerror or str(error), variable="HOTLINE_CACHE") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    say("fetch_done", seconds=time.monotonic() - started, version=version.removeprefix("Asterisk "))
    return Programs(target / "rootfs")


def private_apt(folder: Path, mirror: str, architecture: str, keyring: str, inherited: str) -> str:
    """The text of an apt.conf whose state, lists and cache all lie in `folder`; makes the folders and the source line."""
    for name in ("state/lists/partial", "cache/archives/partial", "etc/preferences.d", "etc/sources.list.d", "etc/apt.conf.d"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "state/status").write_text("")  # nothing is installed: apt names the whole closure
    signed = f"[signed-by={keyring}] " if keyring else ""
    (folder / "etc/sources.list").write_text(f"deb {signed}{mirror} {SUITE} main\n")
    options = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "state/status",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": folder / "etc/sources.list",
        "Dir::Etc::sourceparts": folder / "etc/sources.list.d",
        "Dir::Etc::preferences": folder / "etc/preferences",
        "Dir::Etc::preferencesparts": folder / "etc/preferences.d",
        "Dir::Etc::parts": folder / "etc/apt.conf.d",  # the machine's hooks are not for us
        "Dir::Etc::main": folder / "etc/none",
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Acquire::http::Timeout": "30",
        "Acquire::https::Timeout": "30",
        # A frozen mirror serves testing past its date; signatures are checked all the same.
        "Acquire::Check-Valid-Until": "false",
        "Debug::NoLocking": "true",
    }
    return inherited + "".join(f'{name} "{value}";\n' for name, value in options.items())


def _update(apt: Path) -> None:
    """Read the index of the first mirror of this machine that has the suite."""
    codename = mirrors.codename_of(Path("/etc/os-release").read_text(encoding="utf-8"))
    candidates = mirrors.choose(mirrors.of_this_machine(APT), codename)
    if not candidates:
        raise SetupError("no_mirror", folder=APT)
    architecture = _output(["dpkg", "--print-architecture"])
    # Proxies and the like, which the machine needs to reach its mirror.
    lines = _output(["apt-config", "dump", "--format", '%F "%v";%n', "Acquire"]).splitlines()
    inherited = "".join(f"{line}\n" for line in lines if line.startswith(("Acquire::http", "Acquire::ftp")))
    keyring = next((path for path in KEYRINGS if Path(path).is_file()), "")
    say("fetch_index", suite=SUITE)
    trouble: SetupError | None = None
    for mirror in candidates[:3]:
        shutil.rmtree(apt, ignore_errors=True)
        apt.mkdir()
        (apt / "apt.conf").write_text(private_apt(apt, mirror, architecture, keyring, inherited))
        try:
            _apt(apt, "update", "-o", "APT::Update::Error-Mode=any")
        except SetupError as error:
            trouble = error
        else:
            return
    if trouble is not None:
        raise trouble


def _apt(apt: Path, *arguments: str) -> None:
    environment = {**os.environ, "APT_CONFIG": str(apt / "apt.conf"), "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    code, output = _run(["apt-get", "-q", "-y", *arguments], environment)
    if code != 0:
        errors = [line[2:].strip() for line in output.splitlines() if line.startswith("E:")]
        raise SetupError("fetch_failed", reason=(errors or output.splitlines() or ["?"])[0][:300])


def _unpack(package: Path, rootfs: Path) -> None:
    code, output = _run(["dpkg", "-x", str(package), str(rootfs)], {**os.environ, "LC_ALL": "C.UTF-8"})
    if code != 0:
        reason = (output.strip().splitlines() or ["?"])[-1]
        raise SetupError("unpack_failed", package=package.name, reason=reason, folder=rootfs)


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False).stdout.strip()


def _run(argv: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run to the end; whatever ends us ends it too."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env=environment, timeout=TIMEOUT_S, check=False, preexec_fn=dying_with_us(),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 124, f"E: no end after {TIMEOUT_S} s"
    return done.returncode, done.stdout
