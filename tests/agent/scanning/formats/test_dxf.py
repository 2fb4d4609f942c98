"""Drawings in AutoCAD's exchange form."""

from __future__ import annotations

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source


@pytest.mark.parametrize(
    "said",
    [
        "\\U+673A\\U+5BC6\\U+260510\\U+5E74",
        "{\\fSimSun|b0|i0|c134|p2;\\H3x;机密★10年}\\P乙",
        "甲\\P{\\C1;机密}★10年",
        "\\M+5BBFA\\M+5C3DC\\M+5A1EF10\\M+5C4EA",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_text_is_read_without_its_codes(examiner: Examiner, said: str, encoding: str) -> None:
    drawing = f"  0\r\nSECTION\r\n  2\r\nENTITIES\r\n  0\r\nMTEXT\r\n  1\r\n{said}\r\n  0\r\nEOF\r\n"
    (row,) = examiner.examine(Source.of(drawing.encode(encoding)), "a.dxf").rows
    assert (row.findings[0].level, row.findings[0].period) == ("机密", "P10Y")
