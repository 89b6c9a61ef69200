"""Certificates for tests, made on the spot: young ones, expired ones, ones with somebody else's key."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def write_pair(folder: Path, *, begins_in_days: float = -1, ends_in_days: float = 365, now: float) -> tuple[Path, Path]:
    """A self-signed certificate and its key as cert.pem and key.pem, put in place at once; `now` in epoch seconds."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hotline.example")])
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(moment + datetime.timedelta(days=begins_in_days))
        .not_valid_after(moment + datetime.timedelta(days=ends_in_days)).sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    certificate, secret = folder / "cert.pem", folder / "key.pem"
    for path, data in ((certificate, built.public_bytes(serialization.Encoding.PEM)), (secret, private)):
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_bytes(data)
        draft.replace(path)
    return certificate, secret
