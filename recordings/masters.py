"""Owns the master keys that the keys of recordings are wrapped with: a 0600 file of the installation, made once at random.

The newest one wraps; older ones stay until nothing is wrapped with them any more (`make rotate-recording-keys`).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hotline_core.adapters.ledger_files import sync_folder
from hotline_core.errors import SetupError

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Masters:
    """The master keys by name, and which of them wraps; their bytes never reach a log or a text."""

    newest: str
    keys: Mapping[str, bytes] = field(repr=False)

    def wrap(self, key: bytes, about: str) -> bytes:
        """`key` encrypted and bound to what it opens; AES-256-GCM with a nonce of its own in front."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self.keys[self.newest]).encrypt(nonce, key, about.encode())

    def unwrap(self, wrapped: bytes, master: str, about: str) -> bytes:
        """The reverse; SetupError no_master (that master key is not in the file), wrong_key (altered, or of another recording)."""
        if master not in self.keys:
            raise SetupError("no_master", master=master)
        try:
            return AESGCM(self.keys[master]).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise SetupError("wrong_key", about=about) from error


def load_masters(path: Path) -> Masters:
    """Read the file; SetupError no_masters (there is none), bad_masters (not one of ours)."""
    try:
        told = json.loads(path.read_text(encoding="ascii"))
        keys = {str(name): bytes.fromhex(key) for name, key in told["keys"].items()}
        newest = str(told["newest"])
    except FileNotFoundError as error:
        raise SetupError("no_masters", file=path) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError("bad_masters", file=path) from error
    if newest not in keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise SetupError("bad_masters", file=path)
    return Masters(newest, keys)


def load_or_make_masters(path: Path) -> Masters:
    """Read the file, or make it with one random key; OSError if it cannot be written.

    For whoever knows that nothing was ever wrapped (recordings/keyring.py): a new key in the place of a lost one opens nothing.
    """
    try:
        return load_masters(path)
    except SetupError as error:
        if error.code != "no_masters":
            raise
    name = secrets.token_hex(4)
    draft = _draft(path, Masters(name, {name: secrets.token_bytes(KEY_BYTES)}))
    try:
        os.link(draft, path)  # the first of two starters wins; both then read the same file
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    return load_masters(path)


def with_new_master(path: Path) -> Masters:
    """Add a master key that wraps from now on; the older ones stay."""
    old = load_masters(path)
    name = secrets.token_hex(4)
    return _replace(path, Masters(name, {**old.keys, name: secrets.token_bytes(KEY_BYTES)}))


def without_old_masters(path: Path) -> Masters:
    """Forget all but the newest; only when no key is wrapped with another any more."""
    old = load_masters(path)
    return _replace(path, Masters(old.newest, {old.newest: old.keys[old.newest]}))


def _replace(path: Path, masters: Masters) -> Masters:
    _draft(path, masters).replace(path)
    sync_folder(path.parent)
    return masters


def _draft(path: Path, masters: Masters) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        json.dump({"newest": masters.newest, "keys": {name: key.hex() for name, key in masters.keys.items()}}, out)
        out.flush()
        os.fsync(out.fileno())
    return draft
