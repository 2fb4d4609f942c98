from __future__ import annotations

import re

import pytest

from signatures.markings import Grammar
from signatures.markings.handling import HANDLING
from signatures.passages import Passage, Zone


@pytest.mark.parametrize(
    "note",
    [
        " 请勿外传",
        ",未经许可不得扩散",
        " 未经书面批准,任何单位和个人不得复制、转发",
        " 妥善保管,阅后收回",
        " 会后收回",
        " 仅限公司内部使用",
        " 仅供内部参考",
        " - Internal Use Only",
        ". Do not distribute.",
        " - Do not copy or distribute",
        " - Attorneys' Eyes Only",
    ],
)
def test_a_note_of_handling_is_known_after_a_mark(note: str) -> None:
    assert re.fullmatch(HANDLING, note)


@pytest.mark.parametrize("sentence", [" 的传递和保管", ",不得有误", " means any information", " 文件管理办法"])
def test_what_says_nothing_of_handling_is_none(sentence: str) -> None:
    assert re.fullmatch(HANDLING, sentence) is None


@pytest.mark.parametrize("dash", "-‐‑–—―－")
def test_any_dash_may_stand_where_a_rule_has_a_hyphen(grammar: Grammar, dash: str) -> None:
    for text, level in (
        (f"NATO SECRET {dash} BOHEMIA", "NATO SECRET"),
        (f"Confidential {dash} Internal Use Only", "CONFIDENTIAL"),
        (f"内部资料{dash}{dash}请勿外传", "内部"),
    ):
        assert [f.level for f in grammar.find([Passage(Zone.HEADER, text)])] == [level]


def test_a_dash_of_a_sentence_does_not_make_a_level_word(grammar: Grammar) -> None:
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, "有机——密")], least=1) == ()


@pytest.mark.parametrize("note", ["不得复制、转发和上网", "严禁复印或拍照", "未经许可，任何人不得摘抄或提供"])
def test_a_note_of_handling_may_forbid_several_deeds(grammar: Grammar, note: str) -> None:
    (found,) = grammar.find([Passage(Zone.HEADER, f"内部资料 {note}")])
    assert found.level == "内部"
    assert grammar.find([Passage(Zone.HEADER, f"内部资料 {note}等事项")]) == ()
