"""The structured productions: what is taken for a mark, and how it is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.records import Finding, Severity
from signatures.characters import confused_forms

Find = Callable[..., tuple[Finding, ...]]


@pytest.mark.parametrize(
    ("text", "marking"),
    [
        ("机密★１０年", "机密★10年"),
        ("机密★", "机密★"),
        ("机密级★五年", "机密★5年"),
        ("机密（5年）", "机密 5年"),
        ("机密，5年", "机密 5年"),
        ("机密", "机密"),
        ("机密级", "机密"),
        ("长期★机密", "机密★长期"),
        ("密级：秘密", "秘密"),
        ("密级：秘密  保密期限：３年", "秘密 3年"),
        ("机密*5年", "机密★5年"),
    ],
)
def test_a_mark_is_told_in_its_usual_form(find: Find, text: str, marking: str) -> None:
    assert [finding.marking for finding in find(text)] == [marking]


@pytest.mark.parametrize(
    "text",
    [
        "机密★5年（已解密）", "机密★5年 解密", "已解密 机密★5年", "机密（已解密）", "机密 5年（已解密）", "解密 机密★",
        "【秘密★5年】 2024年已解密",
    ],
)  # fmt: skip
def test_a_mark_with_the_word_declassified_beside_it_is_told_so(find: Find, text: str) -> None:
    (found,) = find(text, least=1)
    assert "DECLASSIFIED_STAMP" in found.codes
    assert found.severity in (Severity.HIGH, Severity.MEDIUM)


@pytest.mark.parametrize("text", ["机密★5年 解密时间另定", "机密★解密条件另定", "机密★5年 " + "甲" * 24 + "解密"])
def test_a_condition_of_declassification_or_a_far_word_declassifies_nothing(find: Find, text: str) -> None:
    assert all("DECLASSIFIED_STAMP" not in finding.codes for finding in find(text, least=1))


@pytest.mark.parametrize("word", ["变更为", "调整为", "更改为", "延长为", "→"])
def test_of_a_changed_mark_only_the_one_that_holds_now_is_told(find: Find, word: str) -> None:
    found = find(f"机密★10年 {word} 秘密★5年")
    assert [(f.marking, f.codes) for f in found] == [("秘密★5年", ("CHANGED_MARK",))]


def test_two_marks_with_a_change_somewhere_else_are_both_told(find: Find) -> None:
    found = find("机密★10年 秘密★5年 变更为", least=1)
    assert {f.marking for f in found} == {"机密★10年", "秘密★5年"}


@pytest.mark.parametrize("word", ["工作", "商业", "公司", "企业", "集团", "技术", "个人"])
def test_a_level_that_belongs_to_another_word_is_no_state_mark(find: Find, word: str) -> None:
    assert not any(finding.family == "state" for finding in find(f"{word}秘密★5年", least=1))


@pytest.mark.parametrize("text", ["**机密**", "机密**5年", "机密*文件", "秘密十年", "机密★★5年"])
def test_what_only_resembles_a_mark_is_none(find: Find, text: str) -> None:
    assert not any(finding.family == "state" and finding.period for finding in find(text))


@pytest.mark.parametrize("star", "太大女犬")
def test_a_star_misread_as_a_character_is_believed_on_a_line_of_its_own(find: Find, star: str) -> None:
    for level in ("绝密", "机密", "秘密"):
        assert [(f.marking, f.codes) for f in find(f"{level}{star}5年")] == [(f"{level}★5年", ("OCR_FIX",))]
    assert find(f"机密{star}5年的文件") == ()


def test_every_usual_misreading_of_a_level_is_understood_beside_a_star(find: Find) -> None:
    for level in ("绝密", "机密", "秘密"):
        for bad in confused_forms(level):
            (found,) = find(f"{bad}★5年")
            assert (found.level, "OCR_FIX" in found.codes) == (level, bad not in ("绝密", "机密", "秘密"))


@pytest.mark.parametrize("word", ["工作", "商业", "公司", "企业", "集团", "警务", "技术", "个人", "商用"])
def test_a_star_makes_no_state_secret_of_what_another_word_claims(find: Find, word: str) -> None:
    assert not any(f.family in ("state", "level_only") for f in find(f"{word}秘密★3年", "header", least=1))


def test_level_and_term_may_stand_together_and_a_year_in_history_is_none(find: Find) -> None:
    assert [(f.level, f.period) for f in find("机密5年")] == [("机密", "P5Y")]
    assert find("机密1950年前") == ()
    assert find("秘密十年") == ()


@pytest.mark.parametrize(("commas", "declassified"), [(21, True), (22, False)])
def test_a_word_of_declassification_stands_within_twenty_four_characters(
    find: Find, commas: int, declassified: bool
) -> None:
    (found,) = find("机密★10年" + "," * commas + "已解密")
    assert ("DECLASSIFIED_STAMP" in found.codes) is declassified


def test_in_running_text_a_mark_in_the_wrong_order_is_none(find: Find) -> None:
    assert find("5年★机密", "header")[0].codes == ("ORDER",)
    assert find("5年★机密", "body") == ()


def test_in_running_text_a_mark_needs_its_term_and_its_line(find: Find) -> None:
    assert [f.marking for f in find("机密★10年", "body")] == ["机密★10年"]
    assert find("机密★", "body", least=1) == ()
    assert find("机密★10年 见附件", "body", least=1) == ()


@pytest.mark.parametrize(
    ("term", "period"),
    [
        ("二〇三一年六月", "DATE:2031-06-30"),
        ("至2031年", "DATE:2031-12-31"),
        ("验收后", "COND:验收后"),
        ("永久", "LONG"),
        ("长期", "LONG"),
    ],
)
def test_a_term_in_brackets_may_be_a_date_or_a_usual_condition(find: Find, term: str, period: str) -> None:
    assert [(f.level, f.period) for f in find(f"机密（{term}）")] == [("机密", period)]


@pytest.mark.parametrize("gap", ["X", "x", "1", "的", "/"])
def test_only_blanks_and_dashes_are_gaps_in_a_level(find: Find, gap: str) -> None:
    assert find(f"机{gap}密★5年") == ()
    assert find(f"机{gap}密 ★5年") == ()


def test_a_gap_in_the_first_word_of_a_line_is_told(find: Find) -> None:
    assert find("机 密★5年")[0].codes == ("SPACING",)
    assert find("5 年★机密")[0].codes == ("ORDER", "SPACING")


@pytest.mark.parametrize(
    ("term", "period"),
    [
        ("二〇三一年六月三十日", "DATE:2031-06-30"),
        ("二〇三一年六月", "DATE:2031-06-30"),
        ("二〇三一年", "DATE:2031-12-31"),
        ("2031年", "DATE:2031-12-31"),
        ("2031-06-30", "DATE:2031-06-30"),
        ("20310630", "DATE:2031-06-30"),
        ("半年", "P6M"),
        ("一年半", "P18M"),
        ("长期", "LONG"),
        ("任务完成后", "COND:任务完成后"),
    ],
)
def test_a_term_of_any_kind_stands_behind_a_star(find: Find, term: str, period: str) -> None:
    assert [(f.level, f.period) for f in find(f"机密★{term}")] == [("机密", period)]


def test_a_cry_is_a_mark_only_around_the_pages(find: Find) -> None:
    assert [f.level for f in find("机密！", "stamp")] == ["机密"]
    assert find("机密！", "p1_top_left") == ()
