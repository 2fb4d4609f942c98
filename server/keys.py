"""The collector's own keys: files of mode 0600 in its home, made once, never replaced by themselves."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from django.conf import settings

from protocol import keys

FILES = ("signing", "sealing", "reveal", "organisation", "secret")
"""Names of the files in ``keys/``: three private keys and the organisation's HMAC key, raw; the cookie secret, text."""


class KeysError(Exception):
    """The keys are not there or not whole. ``str()`` says what to do."""


@dataclass(frozen=True)
class CollectorKeys:
    """The keys in use."""

    signing: keys.Ed25519PrivateKey
    """Signs receipts; agents pin its public half when they enrol."""
    sealing: keys.X25519PrivateKey
    """Opens envelopes."""
    reveal: keys.X25519PrivateKey
    """Opens sealed places (paths), one at a time, for the right role."""
    organisation: bytes
    """32 bytes; HMAC key of content and path hashes, given to every enrolled agent."""

    @cached_property
    def collector_id(self) -> str:
        """Short name of the signing key, as it stands in receipts."""
        return keys.key_id(keys.public_bytes(self.signing))

    @cached_property
    def recipient_id(self) -> str:
        """Short name of the sealing key, as it stands in envelope headers."""
        return keys.key_id(keys.public_bytes(self.sealing))


def collector_keys() -> CollectorKeys:
    """The keys of the home in use. Raises `KeysError` where the home is not initialised."""
    return _load(Path(settings.MIJIAN_HOME))


@lru_cache(maxsize=4)
def _load(home: Path) -> CollectorKeys:
    missing = missing_keys(home)
    if missing:
        raise KeysError(f"{home / 'keys'} lacks {', '.join(missing)}: run 'mijian-server init', or restore a backup")
    raw = {name: (home / "keys" / name).read_bytes() for name in FILES}
    for name in ("signing", "sealing", "reveal", "organisation"):
        if len(raw[name]) != 32:
            raise KeysError(f"{home / 'keys' / name} does not hold 32 bytes: restore it from a backup")
    return CollectorKeys(
        signing=keys.Ed25519PrivateKey.from_private_bytes(raw["signing"]),
        sealing=keys.X25519PrivateKey.from_private_bytes(raw["sealing"]),
        reveal=keys.X25519PrivateKey.from_private_bytes(raw["reveal"]),
        organisation=raw["organisation"],
    )


def missing_keys(home: Path) -> list[str]:
    """Names of the key files that are not there."""
    return [name for name in FILES if not (home / "keys" / name).is_file()]


def create(home: Path) -> None:
    """Make all keys of a new home, or none: they are written beside and moved into place as one folder.

    Raises `FileExistsError` where there are keys already: replacing them would shut out every enrolled computer.
    """
    final, draft = home / "keys", home / f"keys.{secrets.token_hex(4)}"
    if final.exists():
        raise FileExistsError(final)
    draft.mkdir(mode=0o700)
    _write(draft / "signing", keys.private_bytes(keys.Ed25519PrivateKey.generate()))
    _write(draft / "sealing", keys.private_bytes(keys.X25519PrivateKey.generate()))
    _write(draft / "reveal", keys.private_bytes(keys.X25519PrivateKey.generate()))
    _write(draft / "organisation", secrets.token_bytes(32))
    _write(draft / "secret", secrets.token_urlsafe(64).encode("ascii"))
    draft.rename(final)
    folder = os.open(home, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
