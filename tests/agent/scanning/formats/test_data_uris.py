"""Files written into pages and style sheets as addresses."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source

PAGE = "<p>机密★10年</p>"
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg"><text>机密★10年</text></svg>'


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", f'<html><body><iframe src="data:text/html;base64,{coded(PAGE)}"></iframe></body></html>'),
        ("b.html", f'<html><body><iframe src="data:text/html;charset=utf-8,{quote(PAGE)}"></iframe></body></html>'),
        ("a.svg", f'<svg><image href="data:image/svg+xml;base64,{coded(DRAWING)}"/></svg>'),
        ("a.css", f'a {{ background: url("data:image/svg+xml;base64,{coded(DRAWING)}") }}'),
    ],
)
def test_a_file_in_an_address_is_read_as_what_it_is(examiner: Examiner, name: str, text: str) -> None:
    rows = examiner.examine(Source.of(text.encode()), name).rows
    assert [(row.member is not None, bool(row.findings)) for row in rows] == [(False, False), (True, True)]


def test_pictures_and_fonts_are_dress_and_no_files(examiner: Examiner) -> None:
    font = "<style>@font-face{src:url(data:font/woff2;base64,AAAAAAAAAAAAAAAAAAAAAAAA)}"
    page = f'<html><img src="data:image/png;base64,{coded("x" * 99)}">{font}'
    assert len(examiner.examine(Source.of(page.encode()), "a.html").rows) == 1
