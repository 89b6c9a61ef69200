"""Owns what a SIP dialog knows of both sides, and the requests that are sent inside it; pure."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from tests.sip.message import Headers, Request, Response, listed, new_branch, new_tag, parameter, uri_in
from tests.sip.wire import Address

USER_AGENT = "hotline-test-phone"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY"


@dataclass(slots=True)
class Dialog:
    """One side's view (RFC 3261 12): `local` and `remote` are From/To values, `peer` is where datagrams go."""

    ours: Address
    contact: str
    local: str
    remote: str
    target: str
    peer: Address
    call_id: str = field(default_factory=lambda: secrets.token_hex(12))
    local_tag: str = field(default_factory=new_tag)
    route: tuple[str, ...] = ()
    cseq: int = 0

    @classmethod
    def of_invite(cls, invite: Request, *, ours: Address, contact: str, peer: Address) -> Dialog:
        """The dialog that an INVITE from elsewhere asks for."""
        return cls(
            ours=ours,
            contact=contact,
            local=invite.need("To"),
            remote=invite.need("From"),
            target=uri_in(invite.get("Contact") or invite.need("From")),
            peer=peer,
            call_id=invite.call_id,
            route=listed(invite.all("Record-Route")),
        )

    def request(self, method: str, headers: Headers = (), body: str = "") -> Request:
        """The next request of this dialog."""
        self.cseq += 1
        fixed = [
            ("Via", self.via()),
            *(("Route", route) for route in self.route),
            ("Max-Forwards", "70"),
            ("From", f"{self.local};tag={self.local_tag}"),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.cseq} {method}"),
            ("Contact", f"<{self.contact}>"),
            ("User-Agent", USER_AGENT),
        ]
        return Request(method=method, uri=self.target, headers=(*fixed, *headers), body=body)

    def ack(self, invite: Request) -> Request:
        """The ACK of a 2xx: the number of its INVITE, a transaction of its own."""
        number = self.cseq
        self.cseq = invite.cseq - 1
        ack = self.request("ACK", tuple((n, v) for n, v in invite.headers if n.endswith("Authorization")))
        self.cseq = number
        return ack

    def cancel(self, invite: Request) -> Request:
        """The CANCEL of an INVITE: its Via, its number, its Route (RFC 3261 9.1)."""
        kept = ("via", "max-forwards", "from", "to", "call-id", "route")
        headers = [(name, value) for name, value in invite.headers if name.lower() in kept]
        headers.append(("CSeq", f"{invite.cseq} CANCEL"))
        return Request(method="CANCEL", uri=invite.uri, headers=tuple(headers))

    def confirm(self, response: Response) -> None:
        """Take the other side's tag, Contact and route from its 2xx."""
        self.remote = response.need("To")
        contact = response.get("Contact")
        if contact is not None:
            self.target = uri_in(contact)
        self.route = tuple(reversed(listed(response.all("Record-Route"))))

    def has(self, request: Request) -> bool:
        """Whether an in-dialog request is of this dialog: ours is the tag in its To."""
        return parameter(request.need("To"), "tag") == self.local_tag

    def via(self) -> str:
        """A Via of a new transaction."""
        return f"SIP/2.0/UDP {self.ours[0]}:{self.ours[1]};branch={new_branch()};rport"
