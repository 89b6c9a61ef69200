"""Real servers for tests: Redis and PostgreSQL on Unix sockets in temporary folders, never as a service."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import redis

from hotline_core.settings import load_settings
from launcher import fetch

START_S = 20.0
OWNER = "hotline"


def redis_argv() -> list[str]:
    """Redis as `make run` uses it, or the machine's own; AssertionError when there is none."""
    programs = fetch.fetched(load_settings().cache)
    if programs is not None:
        return programs.argv("redis-server")
    found = shutil.which("redis-server")
    assert found, "no redis-server: `make run` fetches it once"
    return [found]


def wait_until(is_true: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Look every few milliseconds; AssertionError tells `what` did not happen."""
    ends_at = time.monotonic() + timeout_s
    while time.monotonic() < ends_at:
        if is_true():
            return
        time.sleep(0.005)
    raise AssertionError(f"within {timeout_s} s: {what}")


class RedisServer:
    """One Redis with no memory on disk: killing it forgets everything, as in the worst case."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        """Start and wait until it answers."""
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        argv = [*redis_argv(), *options, "--dir", str(self._folder), "--logfile", str(self._folder / "redis.log")]
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, START_S, "Redis answers")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "Redis ended at its start"
        with suppress(redis.RedisError, OSError), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(5)

    def pause(self) -> None:
        """SIGSTOP: it is there and does not answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self.kill()


class PostgresServer:
    """One cluster on a Unix socket, run by a user that is not root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """initdb and start."""
        owner = self._owner()
        if owner is not None:
            os.chown(self._folder, owner, -1)
        data = self._folder / "data"
        make = [_postgres_program("initdb"), "-D", str(data), "-U", OWNER, "--auth=trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*make, "--no-sync"], check=True, capture_output=True, timeout=60, user=owner, cwd=self._folder)
        self._launch(data, owner)

    def _launch(self, data: Path, owner: int | None) -> None:
        options = ["-k", str(self._folder), "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [_postgres_program("postgres"), "-D", str(data), *options], stdout=log, stderr=log, user=owner, cwd=self._folder
            )
        wait_until(self._answers, START_S, "PostgreSQL answers")

    @staticmethod
    def _owner() -> int | None:
        return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        with suppress(psycopg.OperationalError):
            self._execute("SELECT 1")
            return True
        return False

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self._folder), user=OWNER, dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def kill_sessions(self) -> None:
        """End every other connection, as a restart of the server does."""
        self._execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def new_database(self) -> str:
        """URL of a fresh, empty database."""
        self._made += 1
        self._execute(f"CREATE DATABASE t{self._made}")
        return database_of(str(self._folder), f"t{self._made}")

    def hang(self) -> None:
        """Whoever asks waits in vain: no session is left, and who connects gets no answer."""
        assert self._process is not None
        self.kill_sessions()
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def restart(self, after_s: float = 0.0) -> None:
        """Stop at once, stay away, start again."""
        self.close()
        time.sleep(after_s)
        self._launch(self._folder / "data", self._owner())

    def close(self) -> None:
        """Immediate shutdown."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(10)


def database_of(host: str, name: str) -> str:
    """The URL of a database on the server with its socket in `host`."""
    return f"postgresql+psycopg://{OWNER}@/{name}?host={host}"


def _postgres_program(name: str) -> str:
    """Debian keeps them off the PATH."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    assert found, f"no {name}: install Debian's postgresql"
    return found


@contextmanager
def own_postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL in a folder of its own; both are gone when the block is left."""
    folder = Path(tempfile.mkdtemp(prefix="hl-pg-"))
    server = PostgresServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.go_on()  # a stopped one does not end
        server.close()
        shutil.rmtree(folder)
