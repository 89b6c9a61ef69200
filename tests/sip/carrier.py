"""Owns a carrier for tests: a registrar and a proxy that want a digest, on the same socket as the telephone behind it."""

from __future__ import annotations

import secrets

from tests.sip.agent import SipCaller
from tests.sip.digest import Credentials, is_verified
from tests.sip.message import Request, parameter, reply, uri_in
from tests.sip.sdp import PCMA
from tests.sip.wire import Address


class Carrier(SipCaller):
    """A SipCaller that takes registrations and, with credentials, lets only their owner register and call.

    `registered` is the Contact of the newest registration; calls to the far side go there.
    """

    def __init__(
        self, server: Address, *, local_ip: str, local_port: int, login: Credentials | None = None, codec: int = PCMA
    ) -> None:
        super().__init__(server, local_ip=local_ip, local_port=local_port, codec=codec)
        self.login = login
        self.registered: str | None = None
        self.requests: list[Request] = []
        self.refusals = 0
        self._nonce = secrets.token_hex(8)

    def on_request(self, request: Request, source: Address) -> None:
        """Keep what came; challenge what begins something; the rest is the telephone's."""
        self.requests.append(request)
        begins = request.method in ("REGISTER", "INVITE") and parameter(request.need("To"), "tag") is None
        if begins and not self._is_allowed(request):
            self.refusals += 1
            status, name = (401, "WWW-Authenticate") if request.method == "REGISTER" else (407, "Proxy-Authenticate")
            challenge = f'Digest realm="ims.example", nonce="{self._nonce}", algorithm=MD5, qop="auth"'
            self.wire.respond(request, reply(request, status, to_tag="who", headers=((name, challenge),)), source)
        elif request.method == "REGISTER":
            contact = request.need("Contact")
            expires = parameter(contact, "expires") or request.get("Expires") or "0"
            self.registered = uri_in(contact) if expires != "0" else None
            headers = (("Contact", contact), ("Expires", expires))
            self.wire.respond(request, reply(request, 200, to_tag="yes", headers=headers), source)
        else:
            super().on_request(request, source)

    def got(self, method: str) -> list[Request]:
        """All requests of one method, repeats left out."""
        return [request for request in self.requests if request.method == method]

    def _is_allowed(self, request: Request) -> bool:
        header = request.get("Authorization") or request.get("Proxy-Authorization")
        return self.login is None or (header is not None and is_verified(header, self.login, method=request.method))
