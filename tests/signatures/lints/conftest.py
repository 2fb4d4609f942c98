"""Packs with one thing wrong, written where a test can lint them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from signatures.lints import Fault, lint

PACK = """\
pack: house
title: {zh: 本单位, en: This office}
rules:
  - id: house.draft
    title: {zh: 送审稿, en: Draft for review}
    family: internal
    level: 送审稿
    severity: low
    pattern: '送审稿'
    zones: [front, header]
    literals: [{text: 送审稿, gaps: true}]
    controls: [NPC-01]
    examples:
      match: [{text: 送审稿, level: 送审稿}]
      no_match: [{text: 送审稿的格式}]
"""

Lint = Callable[..., list[Fault]]


@pytest.fixture
def linted(tmp_path: Path) -> Lint:
    """``linted(("was", "becomes"), …)``: the faults of a good pack with these pieces replaced."""

    def run(*changes: tuple[str, str], more: str = "") -> list[Fault]:
        text = PACK
        for was, becomes in changes:
            assert was in text
            text = text.replace(was, becomes)
        (tmp_path / "house.yaml").write_text(text + more, "utf-8")
        return lint([tmp_path])

    return run
