"""Subtitles of SubStation Alpha."""

from __future__ import annotations

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source

HEAD = "[Script Info]\nTitle: a\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, X, Text\n"
EVENT = "Dialogue: 0,0:00:01.00,0:00:05.00,Default,,0,0,0,,{}\nDialogue: 0,0:00:06.00,0:00:07.00,Default,,0,0,0,,甲\n"


@pytest.mark.parametrize("said", ["{\\an8}机密★10年", "机{\\i1}密{\\i0}★10年", "甲，乙\\N机密★10年", "甲{机密★10年}"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gbk"])
def test_what_is_shown_is_read_without_its_styles(examiner: Examiner, said: str, encoding: str) -> None:
    (row,) = examiner.examine(Source.of((HEAD + EVENT.format(said)).encode(encoding)), "a.ass").rows
    assert [finding.level for finding in row.findings][:1] == ["机密"]
