"""The AMI wire format: cut at every byte, hostile bytes, and nothing a person typed becomes a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_bridge.protocol import BANNER, Decoder, Packet, encode
from hotline_core.errors import AmiError

pytestmark = pytest.mark.unit

STREAM = (
    "Asterisk Call Manager/11.0.0\r\n"
    "Response: Success\r\nActionID: a-1\r\nMessage: Authentication accepted\r\n\r\n"
    "\r\nEvent: Newchannel\r\nCallerIDName: 张三\r\nChanVariable: CALLREF=h1-1.2\r\nChanVariable: OTHER=\r\n\r\n"
    "Event: Odd\r\nno colon here\r\nEmpty:\r\nColons: a: b: c\r\n\r\n"
).encode()


def packets_of(pieces: list[bytes]) -> list[Packet]:
    decoder = Decoder()
    return [packet for piece in pieces for packet in decoder.feed(piece)]


def test_a_stream_cut_at_every_byte_gives_the_same_packets() -> None:
    """Framing before decoding: a cut Chinese name survives."""
    whole = packets_of([STREAM])
    assert dict(whole[0]) == {BANNER: "Asterisk Call Manager/11.0.0"}
    assert whole[2].text("CallerIDName") == "张三"
    assert whole[2].variable("CALLREF") == "h1-1.2"
    assert whole[2].variable("OTHER") == ""
    assert whole[3].text("Colons") == "a: b: c"
    for cut in range(len(STREAM)):
        assert [packet.pairs for packet in packets_of([STREAM[:cut], STREAM[cut:]])] == [packet.pairs for packet in whole]
    assert [packet.pairs for packet in packets_of([STREAM[i : i + 1] for i in range(len(STREAM))])] == [p.pairs for p in whole]


@given(st.binary(max_size=400))
def test_random_bytes_after_the_greeting_never_raise(noise: bytes) -> None:
    """Whatever a broken peer sends gives packets or nothing."""
    assert packets_of([b"Asterisk Call Manager/11\r\n", noise, b"\r\n\r\n"])[0].text(BANNER)


def test_a_peer_that_is_no_asterisk_is_refused() -> None:
    """A port that another program took is told as such."""
    with pytest.raises(AmiError, match="not_ami"):
        Decoder().feed(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_a_packet_that_never_ends_is_refused() -> None:
    """Memory is bounded whatever the peer does."""
    decoder = Decoder()
    decoder.feed(b"Asterisk Call Manager/11\r\n")
    with pytest.raises(AmiError, match="not_ami"):
        decoder.feed(b"x" * (1 << 20) + b"yy")


@given(st.text(), st.sampled_from("\r\n\0"))
def test_a_line_break_in_a_value_is_refused_and_nothing_is_sent(text: str, sign: str) -> None:
    """No name typed by a person becomes an AMI header."""
    with pytest.raises(AmiError, match="header_injection"):
        encode("QueuePause", [("Reason", f"{text}{sign}Action: Command")])


def test_an_action_is_written_as_lines_in_order() -> None:
    """Keys keep their order and Chinese is UTF-8."""
    assert encode("QueuePause", [("Queue", "hotline"), ("Reason", "午休")]) == (
        "Action: QueuePause\r\nQueue: hotline\r\nReason: 午休\r\n\r\n".encode()
    )


@given(st.lists(st.sampled_from((
    b"Event: A", b"Key: value", b"Key: other", b"Empty:", b"Empty: ", b"no colon", b"", b"a:b: c", b"Name: \xe5\xbc\xa0",
    b"Bad: \xe5\xbc", b"Lone: a\rb", b"Lone: a\nb", b"Nul: \x00",
)), max_size=6))
def test_a_packet_read_quickly_is_the_one_that_is_read_line_by_line(lines: list[bytes]) -> None:
    """The quick way takes what is as it should be; beside an odd packet all go the slow way, and nothing else changes."""
    block = b"\r\n".join(lines)
    alone = packets_of([b"Asterisk Call Manager/11\r\n", block, b"\r\n\r\n"])[1:]
    beside = packets_of([b"Asterisk Call Manager/11\r\n", block + b"\r\n\r\nOdd: \x00\r\n\r\n"])[1:-1]
    assert [packet.pairs for packet in alone] == [packet.pairs for packet in beside]
    assert all(dict(packet) == dict(packet.pairs) for packet in alone)


FORGED = (
    b"Asterisk Call Manager/11.0.0\r\n"
    b"Event: Newchannel\r\nPrivilege: call,all\r\nTimestamp: 1795296633.546715\r\nSystemName: h1\r\nChannel: PJSIP/trunk-1\r\n"
    b"CallerIDNum: 1\r\n\r\nEvent: Hangup\r\nChanVariable: CALLREF=h1-1.2\r\nCallerIDName: x\r\nUniqueid: h1-1.9\r\n"
    b"ChanVariable: CALLREF=h1-1.9\r\n\r\n"
)


def test_a_callers_number_with_a_line_break_in_it_ends_nobody_elses_call() -> None:
    """The forged piece is no genuine event, and Asterisk's own variable behind the number counts."""
    _, real, piece = packets_of([FORGED])
    assert real.is_genuine
    assert not piece.is_genuine
    assert piece.variable("CALLREF") == "h1-1.9"


def test_control_characters_of_a_value_are_read_as_a_sign_for_unreadable() -> None:
    """PostgreSQL takes no NUL, a terminal obeys escapes; no value of Asterisk's own holds any."""
    _, packet = packets_of([b"Asterisk Call Manager/11\r\nEvent: A\r\nName: a\x00b\x1b[31m\nc\rd\r\nOther: \xe5\xbc\xa0\r\n\r\n"])
    assert packet.text("Name") == "a\ufffdb\ufffd[31m\ufffdc\ufffdd"
    assert packet.text("Other") == "张"
