"""Other systems are told of each step of a ticket: once taken never again, in order, whatever their server does."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import Engine, func, select

from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.log import open_log
from tests.integration.servers import wait_until
from tickets.store.deliveries import Deliveries
from tickets.store.schema import outbox, webhooks
from worker.courier import GIVEN_UP_S, headers
from worker.messenger import LEASE_S, Messenger
from worker.posting import post

pytestmark = pytest.mark.integration
SECRET = "a-secret-of-the-test"


class Receiver:
    """Another system's server on 127.0.0.1; `script` gives the status of each message, or sleeps."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []  # of the next messages; then 204
        self.delay_s = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(receiver.delay_s)
                status = receiver.statuses.pop(0) if receiver.statuses else 204
                receiver.got.append((dict(self.headers.items()), body))
                self.send_response(status)
                if status in (301, 302):
                    self.send_header("Location", receiver.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?for=hotline"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def versions(self, number: str) -> list[int]:
        """What came of one ticket, in order."""
        told = [json.loads(body) for _, body in self.got]
        return [message["version"] for message in told if message["number"] == number]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Clock:
    """The worker's time, set by the test."""

    at = 1_795_300_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def messenger(engine: Engine, clock: Clock) -> Messenger:
    return Messenger(Deliveries(engine), clock, open_log("test", "critical"))


def hook(engine: Engine, key: str, url: str) -> None:
    with writing(engine) as connection:
        connection.execute(webhooks.insert().values(key=key, url=url, secret=SECRET, acts="", made_at=1.0))


def tell(engine: Engine, at: float, *steps: tuple[str, str, int]) -> None:
    """Put (webhook, ticket, version) into the outbox."""
    with writing(engine) as connection:
        for webhook, number, version in steps:
            body = json.dumps({"number": number, "version": version})
            row = {"webhook": webhook, "number": number, "version": version, "body": body, "tries": 0, "next_at": at, "made_at": at}
            connection.execute(outbox.insert().values(row))


def waiting(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(outbox)) or 0


def round_(messenger: Messenger) -> None:
    """One look, and all it started."""
    messenger.look()
    messenger.settle(15.0)


def test_every_step_arrives_once_in_order_and_signed(
    engine: Engine, messenger: Messenger, receiver: Receiver, clock: Clock
) -> None:
    """Two webhooks, two tickets; then nothing is left to tell."""
    for key in ("province", "petition"):
        hook(engine, key, receiver.url)
    tell(engine, clock.at, *((key, number, version) for version in range(3) for key in ("province", "petition") for number in "ab"))
    for _ in range(3):  # of each ticket one step a round
        round_(messenger)
    assert waiting(engine) == 0
    assert sorted(receiver.versions("a")) == [0, 0, 1, 1, 2, 2]
    sent, body = receiver.got[0]
    expected = headers(SECRET, sent["X-Hotline-Delivery"], body, clock.at)
    assert {name: sent[name] for name in expected} == expected
    assert len({sent["X-Hotline-Delivery"] for sent, _ in receiver.got}) == 12


def test_a_step_never_overtakes_an_earlier_one_of_its_ticket(
    engine: Engine, messenger: Messenger, receiver: Receiver, clock: Clock
) -> None:
    """The first is refused and waits an hour: the second waits behind it, another ticket's goes on."""
    hook(engine, "province", receiver.url)
    tell(engine, clock.at, ("province", "a", 1), ("province", "a", 2), ("province", "b", 1))
    receiver.statuses = [422]
    for _ in range(3):
        round_(messenger)
        clock.at += 60
    assert (receiver.versions("a"), receiver.versions("b")) == ([1], [1])
    clock.at += 3600
    for _ in range(2):
        round_(messenger)
    assert receiver.versions("a") == [1, 1, 2]


@pytest.mark.parametrize("trouble", [500, 302, 429])
def test_a_failed_message_comes_again_later_and_is_the_same(
    engine: Engine, messenger: Messenger, receiver: Receiver, clock: Clock, trouble: int
) -> None:
    """The same id and body; a redirect is not followed."""
    hook(engine, "province", receiver.url)
    tell(engine, clock.at, ("province", "a", 1))
    receiver.statuses = [trouble]
    round_(messenger)
    round_(messenger)
    assert len(receiver.got) == 1
    clock.at += 3601
    round_(messenger)
    first, second = receiver.got
    assert (first[0]["X-Hotline-Delivery"], first[1]) == (second[0]["X-Hotline-Delivery"], second[1])
    assert waiting(engine) == 0


def test_a_system_that_is_away_is_left_alone_for_longer_and_longer(
    engine: Engine, messenger: Messenger, receiver: Receiver, clock: Clock
) -> None:
    """Nobody listens there: one message of the backlog is tried at a time; the other system does not notice."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        hook(engine, "away", f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        hook(engine, "province", receiver.url)
        tell(engine, clock.at, *((key, f"t{number}", 1) for number in range(20) for key in ("away", "province")))
        for _ in range(6):
            round_(messenger)
            clock.at += 1
    assert len(receiver.got) == 20
    with reading(engine) as connection:
        rows = connection.execute(select(outbox.c.tries, outbox.c.last_error).where(outbox.c.tries > 0)).all()
    assert [(row.tries, row.last_error) for row in rows] == [(1, "ConnectionRefusedError")] * 2  # at 0 s and again at 5 s


def test_a_server_that_answers_a_byte_at_a_time_holds_nobody(receiver: Receiver) -> None:
    """The whole post is bounded, not only each read."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                for byte in b"HTTP/1.1 200 OK" * 20:
                    try:
                        connection.sendall(bytes([byte]))
                    except OSError:
                        return
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, connect_s=0.5, whole_s=0.6)
    assert (answer.status, answer.reason) == (0, "timeout")
    assert time.monotonic() - began < 1.5
    assert post("ftp://127.0.0.1/", b"", {}).reason == "bad_url"
    assert post("http://127.0.0.1:99999/", b"", {}).reason == "ValueError"


def test_a_slow_system_delays_no_other(engine: Engine, messenger: Messenger, receiver: Receiver, clock: Clock) -> None:
    """Each has a lane of its own."""
    slow = Receiver()
    slow.delay_s = 1.5
    for key, url in (("a-slow", slow.url), ("province", receiver.url)):
        hook(engine, key, url)
    tell(engine, clock.at, ("a-slow", "a", 1), ("province", "a", 1), ("province", "b", 1))
    messenger.look()
    wait_until(lambda: len(receiver.got) == 2, 1.4, "the other one is told meanwhile")
    assert slow.got == []
    messenger.settle(5.0)
    assert len(slow.got) == 1
    slow.close()


def test_what_a_killed_worker_had_taken_on_is_told_again(
    engine: Engine, messenger: Messenger, receiver: Receiver, clock: Clock
) -> None:
    """After its lease, or at once when the clock was set back by a day."""
    hook(engine, "province", receiver.url)
    tell(engine, clock.at, ("province", "a", 1))
    [delivery] = messenger.deliveries.due("province", clock.at, 10, 3600.0)
    assert messenger.deliveries.claim(delivery, clock.at + LEASE_S)
    assert not messenger.deliveries.claim(delivery, clock.at + LEASE_S)  # another worker comes too late
    round_(messenger)
    assert receiver.got == []
    clock.at -= 86_400
    round_(messenger)
    assert receiver.versions("a") == [1]


def test_after_three_days_a_message_is_given_up_and_the_trail_tells(engine: Engine, messenger: Messenger, clock: Clock) -> None:
    """One row for all of a webhook."""
    hook(engine, "away", "http://127.0.0.1:9/")
    tell(engine, clock.at, ("away", "a", 1), ("away", "a", 2))
    clock.at += GIVEN_UP_S - 1
    tell(engine, clock.at, ("away", "a", 3))
    round_(messenger)
    assert waiting(engine) == 3
    clock.at += 601
    round_(messenger)
    assert waiting(engine) == 1
    with reading(engine) as connection:
        [row] = [row for row in read_audit(connection) if row.act == "webhook_given_up"]
    assert (row.subject, json.loads(row.facts)) == ("away", {"messages": 2})
