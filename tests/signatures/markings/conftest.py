"""One grammar for all tests of markings: it holds no state of a document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.records import Finding
from signatures.markings import Grammar
from signatures.passages import Passage, Zone
from signatures.rules import load_rules

OPTIONAL = ("au", "ca", "de", "fr", "jp", "tw")

Find = Callable[..., tuple[Finding, ...]]


@pytest.fixture(scope="session")
def grammar() -> Grammar:
    return Grammar(load_rules())


@pytest.fixture(scope="session")
def wide_grammar() -> Grammar:
    """With the families that an organisation must ask for."""
    return Grammar(load_rules(enable=OPTIONAL))


@pytest.fixture(scope="session")
def find(grammar: Grammar) -> Find:
    """``find("机密★10年", zone="header")``: the findings of one passage."""

    def found(text: str, zone: str = "p1_top_left", least: int = 45, **more: object) -> tuple[Finding, ...]:
        return grammar.find([Passage(Zone(zone), text, **more)], least=least)  # type: ignore[arg-type]

    return found
