"""Owns what must be true of the bridge's pure path after any AMI stream: it is read and shown, a real call goes through."""

from __future__ import annotations

import json
import random
from pathlib import Path

from ami_bridge.protocol import Decoder
from ami_bridge.translate import agi_result, translate
from ami_bridge.view import Floor, view
from hotline_core.domain.board import Board
from hotline_core.domain.commands import Write
from hotline_core.errors import AmiError
from tests.hostile.ami import CAPTURES, GREETING, pieces

WHOLE_CALL = CAPTURES / "whole_call.ami"

FLOOR = Floor({"hotline": "综合坐席"}, {"12328": "hotline"}, 5.0)


def read_all(stream: bytes, dice: random.Random, board: Board) -> tuple[int, int]:
    """Feed the stream in pieces to decoder, translation and board as the bridge does; the packets and events it held."""
    decoder = Decoder()
    packets = events = 0
    try:
        for piece in pieces(dice, GREETING + stream):
            for packet in decoder.feed(piece):
                packets += 1
                agi_result(packet)
                if packet.is_genuine:
                    for event in translate(packet):
                        events += 1
                        for command in board.apply(event, float(events)):
                            if isinstance(command, Write):
                                json.dumps([dict(command.facts), dict(command.personal)], allow_nan=False)
    except AmiError:
        pass  # the link is closed and opened again
    json.dumps(view(board, FLOOR, {}, {}), allow_nan=False)
    return packets, events


def a_real_call_goes_through(board: Board) -> bool:
    """The captured call on the same board, from its arrival to its end."""
    kinds = []
    decoder = Decoder()
    for packet in decoder.feed(Path(WHOLE_CALL).read_bytes()):
        for event in translate(packet):
            kinds += [command.kind for command in board.apply(event, 1e6) if isinstance(command, Write)]
    return "call_arrived" in kinds and "agent_answered" in kinds and "call_ended" in kinds
