"""The registry of formats and the formats themselves say the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agent.scanning.formats import FORMATS, format_for
from agent.scanning.formats.base import Format


@pytest.mark.parametrize("name", sorted(set(FORMATS.values())))
def test_a_format_reads_just_the_media_types_it_is_registered_for(name: str) -> None:
    registered = {media_type for media_type, module in FORMATS.items() if module == name}
    found = format_for(next(iter(registered)))
    assert isinstance(found, Format)
    assert name == found.NAME
    assert registered <= set(found.MEDIA_TYPES)
    assert all(format_for(media_type) is found for media_type in registered)


def test_what_nobody_reads_has_no_format() -> None:
    assert format_for("application/x-nothing") is None


def test_a_format_is_loaded_only_when_a_file_of_its_kind_comes() -> None:
    program = (
        "import sys; from agent.scanning.formats import format_for; format_for('text/plain');"
        "print([name for name in ('pypdfium2_raw', 'lxml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
