"""From a bare Python to the checkout's .venv as its lock files say, then becomes that Python; standard library only.

Usage: python3 -I launcher/bootstrap.py LOCK[,LOCK...] [--system-packages] -- ARGUMENTS FOR THE VENV'S PYTHON
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

CHECKOUT = Path(__file__).resolve().parent.parent
APT_TIMEOUT_S = 1200
PIP_TIMEOUT_S = 1200
# What the tests need from Debian: package and, as a sign that it is there, a program on the PATH or a file.
TEST_PACKAGES = {
    "chromium": "chromium",
    "sip-tester": "sipp",
    "baresip-core": "baresip",
    "postgresql": "/usr/lib/postgresql/*/bin/postgres",
    "fail2ban": "fail2ban-server",
    "libatomic1": "/usr/lib/*/libatomic.so.1",  # the browser driver's own Node.js needs it
    "nftables": "nft",
    "iproute2": "ip",
    "systemd": "systemd-analyze",
    "logrotate": "logrotate",
    "mmdebstrap": "mmdebstrap",
    "systemd-container": "systemd-nspawn",
    "libfaketime": "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "fonts-noto-cjk": "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
}
TLS_TROUBLE = ("CERTIFICATE_VERIFY_FAILED", "CA certificate bundle", "ca-certificates", "invalid path: /etc/ssl")


class Refusal(Exception):
    """It cannot go on; `key` names the sentence in bootstrap.texts.json."""

    def __init__(self, key: str, **facts: object) -> None:
        self.key, self.facts = key, facts
        super().__init__(key)


def sentence(key: str, **facts: object) -> str:
    """The Chinese sentence for `key`."""
    texts: dict[str, str] = json.loads((CHECKOUT / "launcher/bootstrap.texts.json").read_text(encoding="utf-8"))
    return texts[key].format(**facts)


def tell(key: str, **facts: object) -> None:
    """A progress line; on standard error, so that `make -s token` prints the token alone."""
    print(sentence(key, **facts), file=sys.stderr, flush=True)


def stamp_of(lock: bytes, python: str) -> str:
    """What a venv's stamp must say to be up to date with `lock` under this Python."""
    return hashlib.sha256(python.encode() + b"\0" + lock).hexdigest()


def package_count(lock: str) -> int:
    """How many packages a lock file pins."""
    return sum(1 for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#")))


def last_line(output: str) -> str:
    """The line of a failed program's output that tells most: the last error, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "ERROR", "Error", "error"))]
    return (errors or lines or ["?"])[-1].rstrip(".。")[:300]


def outdated(checkout: Path, names: list[str]) -> list[str]:
    """The lock files whose packages .venv does not hold as they are now."""
    late = []
    for name in names:
        lock = (checkout / "requirements" / f"{name}.lock").read_bytes()
        stamp = checkout / ".venv" / f"stamp-{name}"
        if not stamp.is_file() or stamp.read_text(encoding="ascii") != stamp_of(lock, sys.version):
            late.append(name)
    return late


def run(argv: list[str], timeout_s: float, **more: str) -> tuple[int, str]:
    """Run a program to its end, or end it gently (a package manager must not be shot in the middle)."""
    environment = {**os.environ, **more}
    child = subprocess.Popen(
        argv, stdin=None, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    )
    try:
        output, _ = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return 124, f"no end after {timeout_s:.0f} s"
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
    return child.returncode, output


def as_root(argv: list[str]) -> list[str] | None:
    """The command with the right to install, or None where there is no way."""
    if os.geteuid() == 0:
        return argv
    if shutil.which("sudo") is None:
        return None
    can_ask = sys.stdin is not None and sys.stdin.isatty()
    if not can_ask and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode != 0:
        return None
    return ["sudo", *argv]


def install_system(packages: list[str]) -> None:
    """Install Debian packages; refreshes the package lists when there are none or they are stale."""
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise Refusal("no_apt", packages=names)
    # RUNLEVEL=1: no service is started in places without systemd (invoke-rc.d(8)).
    prefix = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120"]
    update = as_root([*prefix, "update"])
    install = as_root([*prefix, "install", "--no-install-recommends", *packages])
    if update is None or install is None:
        raise Refusal("no_root", packages=names)
    tell("installing_system", packages=names)
    started = time.monotonic()
    fresh = not any(Path("/var/lib/apt/lists").glob("*_Packages*"))
    if fresh:
        run(update, APT_TIMEOUT_S)
    code, output = run(install, APT_TIMEOUT_S)
    if code != 0 and not fresh:
        run(update, APT_TIMEOUT_S)
        code, output = run(install, APT_TIMEOUT_S)
    if code != 0:
        raise Refusal("apt_failed", packages=names, reason=last_line(output))
    tell("done", seconds=time.monotonic() - started)


def missing_test_packages() -> list[str]:
    """The Debian packages that the tests need and the machine lacks."""
    missing = []
    for package, sign in TEST_PACKAGES.items():
        there = any(Path("/").glob(sign[1:])) if sign.startswith("/") else shutil.which(sign) is not None
        if not there:
            missing.append(package)
    return missing


def make_venv(venv: Path) -> None:
    """Make the virtual environment where there is none that works."""
    python = venv / "bin" / "python"
    if python.exists() and run([str(python), "-m", "pip", "--version"], 60)[0] == 0:
        return
    if importlib.util.find_spec("ensurepip") is None:
        install_system(["python3-venv"])
    tell("making_venv")
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    code, output = run(command, 300)
    if code != 0 and "ensurepip" in output:
        install_system(["python3-venv"])
        code, output = run(command, 300)
    if code != 0:
        raise Refusal("venv_failed", reason=last_line(output))


def install_lock(venv: Path, name: str) -> None:
    """Install exactly what one lock file pins, checked by its hashes."""
    path = CHECKOUT / "requirements" / f"{name}.lock"
    lock = path.read_bytes()
    tell("installing_lock", lock=name, count=package_count(lock.decode()))
    started = time.monotonic()
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    command = [*pip, "--require-hashes", "--no-deps", "-r", str(path)]
    code, output = run(command, PIP_TIMEOUT_S)
    if code != 0 and any(sign in output for sign in TLS_TROUBLE) and not Path("/etc/ssl/certs/ca-certificates.crt").exists():
        install_system(["ca-certificates"])
        code, output = run(command, PIP_TIMEOUT_S)
    if code != 0:
        raise Refusal("pip_failed", lock=name, reason=last_line(output))
    if output.strip():
        print(output.rstrip(), file=sys.stderr)
    stamp = venv / f"stamp-{name}"
    draft = stamp.with_suffix(".new")
    draft.write_text(stamp_of(lock, sys.version), encoding="ascii")
    draft.replace(stamp)
    tell("done", seconds=time.monotonic() - started)


def prepare(locks: list[str], *, system_packages: bool) -> Path:
    """Bring .venv up to date, one process at a time; the path of its Python."""
    venv = CHECKOUT / ".venv"
    names = [name for name in locks if (CHECKOUT / "requirements" / f"{name}.lock").is_file()]
    if outdated(CHECKOUT, names) or (system_packages and missing_test_packages()):
        with Path(__file__).open("rb") as guard:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell("waiting")
                fcntl.flock(guard, fcntl.LOCK_EX)
            if system_packages and (missing := missing_test_packages()):
                install_system(missing)
            if late := outdated(CHECKOUT, names):
                make_venv(venv)
                late = outdated(CHECKOUT, names)  # a venv made anew has lost its stamps
                for name in late:
                    install_lock(venv, name)
    return venv / "bin" / "python"


def stop(number: int, _frame: FrameType | None) -> NoReturn:
    """A signal ends it, and with it the program it waits for."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main() -> int:
    """Prepare, then become the venv's Python."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    if sys.version_info < (3, 11):  # noqa: UP036 - the one place that meets an old Python
        tell("old_python", found=sys.version.split()[0])
        return 1
    split = sys.argv.index("--")
    own, rest = sys.argv[1:split], sys.argv[split + 1 :]
    os.chdir(CHECKOUT)
    try:
        python = prepare(own[0].split(","), system_packages="--system-packages" in own)
    except Refusal as refusal:
        tell(refusal.key, **refusal.facts)
        return 1
    except OSError as error:
        tell("not_writable", what=error.filename or CHECKOUT, reason=error.strerror)
        return 1
    return become(python, rest)


def become(python: Path, arguments: list[str]) -> NoReturn:
    """This process goes on as the venv's Python, so that signals reach it."""
    os.execv(python, [str(python), *arguments])  # noqa: S606 - no shell wanted


if __name__ == "__main__":
    sys.exit(main())
