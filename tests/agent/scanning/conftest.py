"""The real rules, sieve and grammar, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.talk import talk_of
from signatures.engine import build
from signatures.markings import Grammar
from signatures.rules import load_rules


@pytest.fixture(scope="session")
def compiled(rules: Path) -> Path:
    """A folder with all compiled databases, kept from run to run: compiling them takes seconds."""
    return rules


@pytest.fixture(scope="session")
def examiner(compiled: Path) -> Examiner:
    """An examiner with the rules we ship."""
    rules = load_rules()
    return Examiner(build(rules.literals, talk=talk_of(rules), cache=compiled), Grammar(rules))
