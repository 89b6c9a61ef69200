"""The self-signed certificate for HOTLINE_TLS_NAMES: made where none is given, and made anew before it ends."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hotline_core.settings import Settings, is_address

VALID_DAYS = 820  # browsers refuse those that are valid for more than 825 days
RENEWED_DAYS = 30  # before its end
LONGEST_COMMON_NAME = 64  # RFC 5280, ub-common-name


def ensure(settings: Settings, now: float) -> bool:
    """Make the certificate if one is wanted and there is none, or one that ends soon or is for other names; True when made.

    `now` in seconds since the epoch. OSError if the disk refuses.
    """
    if settings.tls_cert or not settings.certificate:
        return False
    certificate, key = settings.certificate
    if _is_good(certificate, key, settings.certificate_names, now):
        return False
    certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    texts = make(settings.certificate_names, now)
    for path, text in zip((certificate, key), texts, strict=True):
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(text)
        draft.replace(path)
    return True


def make(names: Sequence[str], now: float) -> tuple[bytes, bytes]:
    """A certificate for these names and addresses, and its key, both PEM; it can sign no other."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:LONGEST_COMMON_NAME])])
    begin = datetime.fromtimestamp(now, UTC) - timedelta(hours=1)  # an agent's clock may be a little behind
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM), secret


def belong_together(certificate: bytes, key: bytes) -> bool:
    """True when the PEM key is the one of the (first) PEM certificate; ValueError for what is neither."""
    public = serialization.load_pem_private_key(key, password=None).public_key()
    return _spki(public) == _spki(x509.load_pem_x509_certificate(certificate).public_key())


def _spki(key: object) -> bytes:
    told: bytes = key.public_bytes(  # type: ignore[attr-defined]  # every kind of key can
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return told


def _is_good(certificate: Path, key: Path, names: Sequence[str], now: float) -> bool:
    try:
        there = x509.load_pem_x509_certificate(certificate.read_bytes())
        if not belong_together(certificate.read_bytes(), key.read_bytes()):
            return False
        told = there.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    left = there.not_valid_after_utc - datetime.fromtimestamp(now, UTC)
    return list(told) == [_general(name) for name in names] and left > timedelta(days=RENEWED_DAYS)


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)
