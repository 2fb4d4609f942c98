"""Real keys and real bundles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from protocol import keys
from signatures.bundles import build

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PACK = """\
pack: house
title: {{zh: 本单位, en: This office}}
rules:
  - id: house.draft
    title: {{zh: 送审稿, en: Draft for review}}
    family: internal
    level: 送审稿
    pattern: '{pattern}'
    zones: [front, header]
    literals: [{{text: 送审稿, gaps: true}}]
    controls: [NPC-01]
    examples:
      match: [{{text: 送审稿, level: 送审稿}}]
      no_match: [{{text: 送审稿的格式}}]
"""

Make = Callable[..., bytes]


@pytest.fixture(scope="session")
def key() -> keys.Ed25519PrivateKey:
    return keys.Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def trusted(key: keys.Ed25519PrivateKey) -> bytes:
    return keys.public_bytes(key)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def make(key: keys.Ed25519PrivateKey) -> Make:
    """``make(version, pattern=…, expires=…)``: the bytes of a bundle of one small pack."""

    def made(version: int = 1, *, pattern: str = "送审稿", expires: datetime | None = None, **packs: bytes) -> bytes:
        house = {"house.yaml": PACK.format(pattern=pattern).encode()}
        named = {f"{name}.yaml": data for name, data in packs.items()}
        return build(house | named, key, version=version, created=NOW, expires=expires)

    return made
