"""Whose sound comes in and reaches nobody, and how it is heard again; pure.

A source may begin anew with any number under a new SSRC (RFC 3550, 5.1 and 8): a carrier does when it goes on from an announcement
to a person, or over another of its machines. Debian's Asterisk (patch 2016_opus_plc) drops each packet that is numbered below an
earlier one by up to half of all numbers, so such a citizen is heard by nobody, nor by the recording, for up to eleven minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ami_bridge.silence import Leg

RENUMBERED = 500  # packets missing at once; a network cannot lose more than the 125 that are sent between two looks
SPOKEN = 50  # packets: a second of sound
# Makes the translators of a leg anew, and those of whom it is bridged with, without moving either: res_fax reads in another format
# while it looks for a fax, here for one second and by SIP alone (no sound is looked at), and sets back what was, by itself.
FRESH = ("FAXOPT(faxdetect)", "t38,1")


def unheard(before: Mapping[str, Leg], legs: Sequence[Leg]) -> list[str]:
    """The bridged channels whose packets were numbered anew since the look before, or went to nobody though they came."""
    known = [(was, leg) for leg in legs if leg.bridge and (was := before.get(leg.channel)) and was.received]
    members = Counter(leg.bridge for leg in legs)
    # to one of two on a bridge nothing was sent; in a room something always is, and to a far end that holds nothing need be
    unserved = {
        (leg.bridge, leg.channel) for was, leg in known
        if leg.bridge == was.bridge and members[leg.bridge] == 2 and leg.sent == was.sent and not leg.is_held
    }  # fmt: skip
    return [
        leg.channel for was, leg in known
        if leg.source != was.source or leg.lost - was.lost > RENUMBERED
        or (leg.received - was.received >= SPOKEN and any(at == leg.bridge and other != leg.channel for at, other in unserved))
    ]  # fmt: skip
