"""Which SIP of a page passes to Asterisk: only the page's own, one message a frame."""

from __future__ import annotations

import pytest

from agent_desktop.sip_frame import refusal

pytestmark = pytest.mark.unit


def register(from_: str = "<sip:agent-1001@hotline>;tag=a1", to: str = "<sip:agent-1001@hotline>", extra: str = "") -> bytes:
    """A REGISTER as JsSIP writes it."""
    return (
        "REGISTER sip:hotline SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nMax-Forwards: 69\r\n"
        f"To: {to}\r\nFrom: {from_}\r\nCall-ID: abc\r\nCSeq: 1 REGISTER\r\n{extra}Content-Length: 0\r\n\r\n"
    ).encode()


RESPONSE = (
    b'SIP/2.0 200 OK\r\nFrom: "138" <sip:13800001234@hotline>;tag=z\r\nTo: <sip:agent-1001@hotline>;tag=q\r\n'
    b"Content-Length: 5\r\n\r\nv=0\r\n"
)


@pytest.mark.parametrize(
    "from_",
    [
        "<sip:agent-1001@hotline>;tag=a1",
        '"张敏" <sip:agent-1001@hotline>;tag=a1',
        '"a \\" quote" <sip:agent-1001@hotline>',
        "Zhang Min <sip:agent-1001@hotline;transport=ws>",
        "sip:agent-1001@hotline;tag=a1",
        "<SIP:agent-1001@hotline>",
    ],
)
def test_an_agents_own_request_passes(from_: str) -> None:
    """Every form RFC 3261 allows and a browser library writes."""
    assert refusal(register(from_), "1001") is None


@pytest.mark.parametrize(
    "from_",
    [
        "<sip:agent-1002@hotline>;tag=a1",
        "<sip:agent-10010@hotline>",
        "<sip:agent-1001%40hotline@evil>",
        '"<sip:agent-1001@hotline>" <sip:agent-1002@hotline>',
        "<sip:agent-1002@hotline?x=<sip:agent-1001@hotline>>",
        "<sip:agent-1001@hotline>, <sip:agent-1002@hotline>",
        "<sip:agent-1001@hotline@evil>",
        "<sip:agent-1001:pw@hotline>",
        "<tel:1001>",
        "sip:agent-1002@hotline;x=<sip:agent-1001@hotline>",
        "",
    ],
)
def test_a_request_in_anothers_name_does_not_pass(from_: str) -> None:
    """Other users, and headers that two parsers could read differently."""
    assert refusal(register(from_), "1001") == "from another user"


def test_a_page_cannot_register_another_agents_telephone() -> None:
    """From is the own name, To the victim's."""
    assert refusal(register(to="<sip:agent-1002@hotline>"), "1001") == "registers another user"


def in_call(method: str, to: str) -> bytes:
    """A request as JsSIP sends it in a call Asterisk began: From is the address Asterisk called."""
    return (
        f"{method} sip:asterisk@127.0.0.1:5060;transport=ws SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\n"
        f"To: {to}\r\nFrom: <sip:k3j2h1xy@127.0.0.1>;tag=me\r\nCall-ID: abc\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("method", ["BYE", "INVITE", "UPDATE", "ACK", "INFO"])
def test_an_agent_can_hang_up_and_hold_in_a_call_that_asterisk_began(method: str) -> None:
    """Known by Call-ID and tags; an invented tag gets a 481 from Asterisk 22 (tried)."""
    assert refusal(in_call(method, '"138" <sip:13800001234@hotline>;tag=ast'), "1001") is None
    assert refusal(in_call(method, "<sip:13800001234@hotline>; tag=ast ;x=y"), "1001") is None


@pytest.mark.parametrize(
    "to",
    [
        "<sip:12328@127.0.0.1>",
        "<sip:12328@127.0.0.1;tag=zz>",
        '"a;tag=b" <sip:12328@127.0.0.1>',
        "a;tag=b <sip:12328@127.0.0.1>",
        "sip:12328@127.0.0.1;tag=zz",
        '<sip:12328@127.0.0.1>;x=";tag=zz"',
        "<sip:12328@127.0.0.1>;tag=",
        "<sip:12328@127.0.0.1>;nottag=1",
    ],
)
def test_a_page_cannot_pretend_to_be_in_a_call_to_ring_as_a_citizen(to: str) -> None:
    """Asterisk takes a tag in the URI or in the display name for no tag and begins a new call in the forged name (tried)."""
    assert refusal(in_call("INVITE", to), "1001") == "from another user"


def test_a_registration_in_anothers_name_does_not_pass_as_part_of_a_call() -> None:
    """REGISTER has no dialog, whatever its To says."""
    assert refusal(register("<sip:agent-1002@hotline>", "<sip:agent-1002@hotline>;tag=x"), "1001") == "from another user"


def test_a_second_from_header_does_not_pass() -> None:
    """Whichever of the two Asterisk would believe, long or compact."""
    assert refusal(register(extra="f: <sip:agent-1002@hotline>\r\n"), "1001") == "from another user"
    assert refusal(register(extra="FROM : <sip:agent-1002@hotline>\r\n"), "1001") == "from another user"


def test_a_message_hidden_behind_another_does_not_pass() -> None:
    """Asterisk reads a frame as a stream: what follows the first Content-Length would be a second message."""
    smuggled = register() + register("<sip:agent-1002@hotline>")
    assert refusal(smuggled, "1001") == "content-length does not fit"
    assert refusal(RESPONSE + register("<sip:agent-1002@hotline>"), "1001") == "content-length does not fit"


def test_folded_and_bare_line_ends_do_not_pass() -> None:
    """Parsers disagree about them."""
    assert refusal(register(extra="Subject: a\r\n b\r\n"), "1001") == "folded or nameless header"
    assert refusal(register(extra="Subject: a\nFrom: <sip:agent-1002@hotline>\r\n"), "1001") == "control character in head"
    assert refusal(register(extra="Subject: a\rb\r\n"), "1001") == "control character in head"


def test_answers_and_keep_alives_of_a_page_pass() -> None:
    """An answer to a citizen's INVITE has the citizen in From."""
    assert refusal(RESPONSE, "1001") is None
    assert refusal(b"\r\n\r\n", "1001") is None


@pytest.mark.parametrize("frame", [b"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"\xff\xfe\r\n\r\n", b"REGISTER", b"\x00" * 9])
def test_what_is_not_sip_does_not_pass(frame: bytes) -> None:
    """Rubbish ends at the relay."""
    assert refusal(frame, "1001") is not None
