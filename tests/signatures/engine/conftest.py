"""Sieves of a few literals of every kind, one for each engine."""

from __future__ import annotations

import pytest

from signatures.engine import LiteralSieve, build
from signatures.literals import Literal

LITERALS = (
    Literal("机密", gaps=True),
    Literal("機密", gaps=True),
    Literal("绝密", gaps=True),
    Literal("注意保", gaps=True),
    Literal("敏感"),
    Literal("SECRET"),
    Literal("TLP:", any_width=False),
    Literal("AB - C:D"),
    Literal("Confidential", any_case=True),
    Literal("internal use", any_case=True),
)


@pytest.fixture(scope="session")
def sieves() -> dict[str, LiteralSieve]:
    """The same literals in all three engines."""
    return {name: build(LITERALS, prefer=name) for name in ("hyperscan", "re2", "re")}


@pytest.fixture(scope="session", params=["hyperscan", "re2", "re"])
def sieve(request: pytest.FixtureRequest, sieves: dict[str, LiteralSieve]) -> LiteralSieve:
    """Each engine in turn."""
    return sieves[request.param]
