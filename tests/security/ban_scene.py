"""Owns one scene in a network namespace of its own: a PBX in service, fail2ban with the files of `make install`, and who comes.

A program: it prints what happened as JSON, and the test judges it.
"""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import yaml

from ami_bridge.protocol import encode
from asterisk_conf.render import render_pbx
from asterisk_conf.telephones import digest_of, load_telephones
from hotline_core.adapters.ports import Ports
from hotline_core.adapters.secrets import load_or_make
from hotline_core.city import City
from hotline_core.settings import DEFAULT_CITY, Settings
from launcher import fetch
from launcher.install import bans, firewall
from launcher.programs import Programs, ask_asterisk
from tests.security.strangers import Asker

HERE, TRUNK = "10.66.0.1", "10.66.0.2"
NETWORK, COLLEAGUE = "10.67.0.0/24", "10.67.0.9"
SCANNER, GUESSER, FORGER, VICTIM = "203.0.113.66", "203.0.113.88", "203.0.113.77", "198.51.100.9"
CROWD = "198.18.0.0/15"
SIP, WEB = 5060, 8443
SERVER = (HERE, SIP)
PASSWORD = "right-horse-battery"


def run(*argv: str, text: str | None = None) -> str:
    """A command that must succeed; what it prints."""
    done = subprocess.run(argv, input=text, check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"{argv}: {done.stdout} {done.stderr}"
    return done.stdout


def until(is_true: Callable[[], bool], timeout_s: float) -> bool:
    """Whether it becomes true in time."""
    ends_at = time.monotonic() + timeout_s
    while not is_true():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.1)
    return True


def lay_addresses() -> None:
    """Everybody lives on this namespace's loopback; nothing leaves it."""
    run("ip", "link", "set", "lo", "up")
    for address in (HERE, TRUNK, COLLEAGUE, SCANNER, GUESSER, FORGER, VICTIM):
        run("ip", "address", "add", f"{address}/32", "dev", "lo")
    run("ip", "route", "add", "local", CROWD, "dev", "lo")


def put_telephone(settings: Settings) -> None:
    """An agent's hardware telephone, as the bridge puts it into Asterisk."""
    telephone = load_telephones(False).telephone("1001", "hardware", digest_of("1001", PASSWORD))
    secret = load_or_make(settings.paths.secrets).ami
    with closing(socket.create_connection(("127.0.0.1", settings.ami_port), 5)) as ami:
        ami.sendall(encode("Login", [("Username", "bridge"), ("Secret", secret), ("Events", "off")]))
        for sort, words in telephone.objects.items():
            ami.sendall(encode("DBPut", [("Family", f"ps/{sort}"), ("Key", telephone.user), ("Val", words)]))
        ami.sendall(encode("Logoff", []))
        answers = b""
        while part := ami.recv(65_536):
            answers += part
    assert answers.count(b"Response: Success") == 1 + len(telephone.objects), answers


@contextmanager
def pbx(settings: Settings, city: City, programs: Programs) -> Iterator[None]:
    """The PBX as the installation starts it, alone: no bridge, so a caller hears the notice and waits."""
    render_pbx(settings, city, load_or_make(settings.paths.secrets), Ports(asterisk_http=8088, carrier_sip=0), programs)
    base = settings.paths.asterisk
    with (settings.home / "asterisk.out").open("wb") as out:
        argv = [*programs.argv("asterisk"), "-f", "-C", str(base / "etc/asterisk.conf")]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        assert until(lambda: "fully booted" in ask_asterisk(programs, base, "core waitfullybooted", 20).lower(), 30)
        put_telephone(settings)
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def fail2ban(settings: Settings, city: City, folder: Path) -> Iterator[Callable[..., str]]:
    """A server with Debian's own files and ours; gives its client. Its jail for sshd has no journal here and is left out."""
    etc = folder / "fail2ban"
    shutil.copytree("/etc/fail2ban", etc)
    for file in bans.ban_files(settings, city):
        if file.path.is_relative_to("/etc/fail2ban"):
            (etc / file.path.relative_to("/etc/fail2ban")).write_text(file.text, encoding="utf-8")
    for other in (etc / "jail.d").iterdir():
        if bans.NAME not in other.name:
            other.unlink()
    (etc / "fail2ban.local").write_text(f"[Definition]\ndbfile = {folder / 'f2b.sqlite'}\nlogtarget = {folder / 'f2b.log'}\n")
    common = ["-c", str(etc), "-s", str(folder / "f2b.sock"), "-p", str(folder / "f2b.pid")]
    run("fail2ban-client", *common, "-t")
    none = subprocess.DEVNULL
    process = subprocess.Popen(["fail2ban-server", *common, "-xf", "start"], stdin=none, stdout=none, stderr=none)

    def client(*words: str) -> str:
        return run("fail2ban-client", *common, *words)

    try:
        assert until(lambda: (folder / "f2b.sock").exists(), 20)
        assert until(lambda: bans.NAME in client("status"), 20)
        yield client
    finally:
        process.terminate()
        process.wait(20)


def forged(server: tuple[str, int]) -> list[str]:
    """Call-IDs that would be read as an event of the victim's address, by a filter that trusts what it finds."""
    tail = f'",LocalAddress="IPV4/UDP/{server[0]}/{server[1]}",RemoteAddress="IPV4/UDP/{VICTIM}/5060",Challenge="'
    # the last ones are cut by Asterisk's own line length, so that what it adds itself is missing
    lengths = (100, 7600, 7700, 7750, 7780, 7800, 7900, 8100)
    return ["x" + tail, "x" + tail + '"', *("x" + tail + "y" * length + '"' for length in lengths)]


def call_gets_through() -> bool:
    """A citizen of the trunk is answered; a carrier sends from one port."""
    citizen = Asker(TRUNK, SERVER, "13855717001", port=SIP)
    invite = citizen.invite("12345")  # sent again like any request over UDP (RFC 3261, 17.1.1.2)
    return "200" in citizen.ask(3, lambda: invite, gap_s=1.0, wait_s=1.0)


def web_answers(address: str) -> bool:
    """Whether a connection from there to the pages' port is taken."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as tcp:
        tcp.bind((address, 0))
        tcp.settimeout(2.0)
        return tcp.connect_ex((HERE, WEB)) == 0


def crowd_of(count: int, ends_at: float) -> int:
    """Requests from `count` addresses by turns until that time; how many."""
    sockets = []
    for number in range(count):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((f"198.18.{number // 250}.{number % 250 + 1}", 0))
        sockets.append(udp)
    sent, asker = 0, Asker("198.18.0.1", SERVER)
    while time.monotonic() < ends_at:
        for udp in sockets:
            udp.sendto(asker.request(), SERVER)
            sent += 1
        time.sleep(0.02)  # some ten thousand a second; the machine has other tests to run
    for udp in sockets:
        udp.close()
    return sent


def flood(settings: Settings, city: City, seconds: float) -> dict[str, object]:
    """Strangers' requests from many forged addresses at once behind the firewall of a city that knows its carrier by name only.

    A call in the middle of it comes from where we asked the carrier whether it is there.
    """
    by_name = city.model_copy(update={"trunks": {"one": city.trunks["one"].model_copy(update={"host": "carrier.example"})}})
    # all live on this loopback: what we send to others must not count as coming in
    run("nft", "-f", "-", text=firewall.nft_table(settings, by_name).replace('iif "lo" accept', f"ip saddr {HERE} accept"))
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asked:
        asked.bind((TRUNK, SIP))
        asked.settimeout(10)
        asked.recv(65_535)  # the firewall has seen our OPTIONS
    assert settings.security_log is not None
    before, got = settings.security_log.read_text().count("\n"), []
    thread = threading.Thread(target=lambda: got.append(crowd_of(500, time.monotonic() + seconds)))
    thread.start()
    time.sleep(seconds / 3)
    is_through = call_gets_through()
    thread.join()
    time.sleep(0.5)
    logged = settings.security_log.read_text().count("\n") - before
    return {"sent": got[0], "logged": logged, "call": is_through, "seconds": seconds}


def scene(folder: Path) -> dict[str, object]:
    """Everybody comes; who is banned, who is still answered."""
    lay_addresses()
    trunks = {"trunks": {"one": {"host": TRUNK, "qualify_s": 1}}}
    city = City.model_validate(yaml.safe_load(DEFAULT_CITY.read_text(encoding="utf-8")) | trunks)
    home = folder / "home"
    settings = Settings(
        home=home, demo=False, bind=HERE, sip_port=SIP, http_port=WEB, tls_cert=folder / "c", tls_key=folder / "k",
        security_log=folder / "security.log", local_networks=NETWORK,
    )  # fmt: skip
    programs = fetch.fetched(settings.cache)
    assert programs is not None
    facts: dict[str, object] = {}
    web = socket.create_server((HERE, WEB))
    with closing(web), pbx(settings, city, programs), fail2ban(settings, city, folder) as client:

        def banned() -> list[str]:
            return client("get", bans.NAME, "banip").split()

        def asked(address: str, count: int, user: str = "100") -> list[str]:
            asker = Asker(address, SERVER, user)
            return asker.ask(count, asker.request)

        forger, call_ids = Asker(FORGER, SERVER), itertools.cycle(forged(SERVER))
        facts["forger"] = forger.ask(3 * len(forged(SERVER)), lambda: forger.request(call_id=next(call_ids)))
        facts["trunk_wrong"] = Asker(TRUNK, SERVER, "agent-1001").register_wrongly(40)
        facts["loopback"] = asked("127.0.0.66", 40)
        facts["colleague"] = [*Asker(COLLEAGUE, SERVER, "agent-1001").register_wrongly(40), *asked(COLLEAGUE, 40)]
        facts["guesser_first"] = Asker(GUESSER, SERVER, "agent-1001").register_wrongly(20)
        facts["scanner_first"] = asked(SCANNER, 20, "13855709999")
        facts["scanner_banned"] = until(lambda: {SCANNER, GUESSER} <= set(banned()), 20)
        facts["scanner_after"] = asked(SCANNER, 20)
        facts["guesser_after"] = asked(GUESSER, 20)
        facts["scanner_web"] = web_answers(SCANNER)
        facts["others_after"] = {each: asked(each, 3) for each in (TRUNK, COLLEAGUE, "127.0.0.66")}
        facts["banned"] = sorted(banned())
        facts["rules"] = run("nft", "list", "table", "inet", "f2b-table")
        facts["call"] = call_gets_through()
        facts["flood"] = flood(settings, city, 6.0)
        assert settings.security_log is not None
        facts["log"] = settings.security_log.read_text(encoding="utf-8", errors="replace")
        facts["asterisk"] = (home / "asterisk.out").read_text(encoding="utf-8", errors="replace")
    return facts


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hlb", dir="/tmp") as name:
        json.dump(scene(Path(name)), sys.stdout)
