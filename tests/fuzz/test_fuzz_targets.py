"""No format without a fuzz target."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.scanning.formats import FORMATS, mbox
from agent.scanning.formats.base import Piece, Reading, Source


def test_every_format_has_a_target() -> None:
    files = Path(__file__).parent.glob("test_fuzz_*.py")
    targets = {name for file in files for name in re.findall(r'^    "(\w+)": ', file.read_text("utf-8"), re.MULTILINE)}
    assert targets == set(FORMATS.values())


def test_a_mistake_that_changed_bytes_bring_to_light_is_found_and_its_file_kept(
    fuzz: Callable[[str, list[bytes]], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(source: Source, reading: Reading) -> Iterator[Piece]:
        1 // (source.size == 21)
        return iter(())

    monkeypatch.setattr(mbox, "pieces", careless)
    (told,) = fuzz("mbox", [b"x" * 21])
    assert "ZeroDivisionError" in told
    kept = told.removeprefix("mbox broke on ").partition(":\n")[0]
    assert len(Path(kept).read_bytes()) != 21
