"""Tests for agent.scanning.formats.pdf_fragments: what is joined at once is what is joined one by one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.formats.pdf_characters import Character, alone, together
from agent.scanning.formats.pdf_fragments import fragments

_STEPS = st.sampled_from([10.0, 10.0, 10.0, 10.0, 12.1, 12.3, 14.0, 25.0, 2.4, 0.02, 0.0, -6.0, -40.0])
_LETTERS = st.sampled_from("密密级机fi il \u3000★1")
_LINES = st.sampled_from([100.0, 100.0, 100.0, 100.0, 103.0, 106.0, 80.0])
_WIDTHS = st.sampled_from([10.0, 10.0, 10.0, 5.0, 0.0])
_HEIGHTS = st.sampled_from([10.0, 10.0, 10.25, 9.5, 14.0, 0.5])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(_LETTERS, _STEPS, _LINES, _WIDTHS, _HEIGHTS), max_size=40))
def test_a_stretch_is_joined_as_its_characters_are(told: list[tuple[str, float, float, float, float]]) -> None:
    characters, x, line = [], 50.0, 100.0
    for at, (letter, step, other, width, height) in enumerate(told):
        x, line = (50.0, other) if step == -40.0 else (x + step, line)
        characters.append(Character(letter, x, line, x, line - 2.0, x + width, line - 2.0 + height, 0.0, at))
    assert list(fragments(together(characters))) == list(fragments(map(alone, characters)))


def test_characters_of_one_line_are_one_fragment_with_its_blanks() -> None:
    characters = [
        Character(letter, x, 100.0, x, 98.0, x + 10.0, 108.0, 0.0, at)
        for at, (letter, x) in enumerate([("机", 50.0), ("密", 60.0), ("★", 70.0), ("1", 80.0), ("年", 93.0)])
    ]
    (fragment,) = fragments(together(characters))
    assert (fragment.text, fragment.x, fragment.right, fragment.at) == ("机密★1 年", 50.0, 103.0, 0)
