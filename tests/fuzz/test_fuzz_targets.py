"""No format without a fuzz target."""

from __future__ import annotations

import re
from pathlib import Path

from agent.scanning.formats import FORMATS


def test_every_format_has_a_target() -> None:
    files = Path(__file__).parent.glob("test_fuzz_*.py")
    targets = {name for file in files for name in re.findall(r'^    "(\w+)": ', file.read_text("utf-8"), re.MULTILINE)}
    assert targets == set(FORMATS.values())
