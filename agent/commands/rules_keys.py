"""Keys as the actions of ``mijian rules`` are given them: files of one line of base64."""

from __future__ import annotations

import os
from pathlib import Path

from agent.commands import UsageError
from agent.words import text
from protocol import keys

_LENGTH = 32


def private_key(file: Path) -> keys.Ed25519PrivateKey:
    """The key to sign with. Raises `UsageError` where it is no key, or others may read it."""
    try:
        with file.open("rb") as stream:
            if os.name == "posix" and os.fstat(stream.fileno()).st_mode & 0o077:
                raise UsageError(
                    text(
                        f"{file}: 他人可读此私钥; 请 chmod 600, 若可能已泄露则另生成一对",
                        f"{file}: others may read this private key; chmod 600, or make a new pair if they have",
                    )
                )
            told = stream.read(200)
    except OSError as error:
        raise UsageError(f"--key {file}: {error.strerror}") from error
    return keys.Ed25519PrivateKey.from_private_bytes(_raw(told, f"--key {file}"))


def public_key(given: str) -> bytes:
    """The key to trust: the name of a file, or the base64 itself. Raises `UsageError`."""
    file = Path(given)
    try:
        told = file.read_bytes()[:200] if file.is_file() else given.encode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"--trust {file}: {error.strerror}") from error
    return _raw(told, f"--trust {given}")


def _raw(told: bytes, name: str) -> bytes:
    try:
        raw = keys.unb64(told.decode("ascii").strip())
    except ValueError:
        raw = b""
    if len(raw) != _LENGTH:
        raise UsageError(
            text(
                f"{name}: 不是密钥; mijian rules keygen 生成密钥",
                f"{name}: this is no key; `mijian rules keygen` makes them",
            )
        )
    return raw
