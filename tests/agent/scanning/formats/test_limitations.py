"""What every format says of itself is there to be read: limits by name, limitations as sentences, no two alike."""

from __future__ import annotations

import pytest

from agent.scanning.formats import FORMATS, format_for


@pytest.mark.parametrize("media_type", sorted({name: media_type for media_type, name in FORMATS.items()}.values()))
def test_a_format_says_what_it_does_not_do(media_type: str) -> None:
    module = format_for(media_type)
    assert module is not None
    assert module.LIMITATIONS
    assert all(len(each) > 15 for each in module.LIMITATIONS)
    assert len(set(module.LIMITATIONS)) == len(module.LIMITATIONS)
    assert all(value > 0 for value in module.LIMITS.values())
