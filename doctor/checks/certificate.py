"""How long is the pages' certificate good, does its key fit, and is it the one that is served?"""

from __future__ import annotations

import hashlib
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from doctor.finding import Finding, bad, good, note
from doctor.subject import Subject
from launcher.certificate import belong_together
from launcher.readiness import reachable

NAME = "certificate"
DAY_S = 86_400
SOON_DAYS = 21  # a person needs some days to get a new one
SHAKE_S = 3.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the file says; times in seconds since the epoch, the digest is of its DER form."""

    begins: float
    ends: float
    subject: str
    is_self_signed: bool
    has_its_key: bool
    digest: str


def examine(subject: Subject) -> list[Finding]:
    """Reads certificate and key, and asks the front which one it serves."""
    settings = subject.settings
    if settings.certificate is None:
        return [good(NAME, "none_needed")]  # only loopback may go without: the settings refuse the rest
    file, key = settings.certificate
    try:
        certificate = read(file, key)
    except (OSError, ValueError, TypeError) as error:  # TypeError: a key that wants a password
        return [bad(NAME, "unreadable", file=file, reason=getattr(error, "strerror", None) or type(error).__name__)]
    served = _served(reachable(settings.bind), settings.http_port) if subject.up.get("front") else None
    return [judge(certificate, served, subject.now, file=file)]


def read(file: Path, key: Path) -> Certificate:
    """The first certificate of the file; OSError, ValueError or TypeError if it or the key cannot be used."""
    found = x509.load_pem_x509_certificate(file.read_bytes())
    return Certificate(
        begins=found.not_valid_before_utc.timestamp(), ends=found.not_valid_after_utc.timestamp(),
        subject=found.subject.rfc4514_string(), is_self_signed=found.issuer == found.subject,
        has_its_key=belong_together(file.read_bytes(), key.read_bytes()),
        digest=hashlib.sha256(found.public_bytes(serialization.Encoding.DER)).hexdigest(),
    )  # fmt: skip


def judge(certificate: Certificate, served: str | None, now: float, *, file: Path) -> Finding:
    """`served`: digest of what the front hands out, None where it does not run; the worst is told first."""
    days = int((certificate.ends - now) // DAY_S)
    facts = {"days": days, "file": file, "subject": certificate.subject}
    if not certificate.has_its_key:
        return bad(NAME, "other_key", **facts)
    if now >= certificate.ends:
        return bad(NAME, "expired", **{**facts, "days": -days})
    if now < certificate.begins:
        return bad(NAME, "not_yet", **facts)
    if served is not None and served != certificate.digest:
        return bad(NAME, "not_served", **facts)
    if days < SOON_DAYS:
        return note(NAME, "soon", **facts)
    return good(NAME, "self_signed" if certificate.is_self_signed else "fine", **facts)


def _served(host: str, port: int) -> str | None:
    """The digest of the certificate that is served; empty where nobody speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # looked at, not trusted
    context.verify_mode = ssl.CERT_NONE
    try:
        with closing(socket.create_connection((host, port), SHAKE_S)) as plain, context.wrap_socket(plain) as speaking:
            return hashlib.sha256(speaking.getpeercert(binary_form=True) or b"").hexdigest()
    except OSError:  # ssl.SSLError too
        return ""
