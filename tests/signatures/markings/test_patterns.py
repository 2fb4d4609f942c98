from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.records import Finding
from signatures.markings import Grammar
from signatures.passages import Passage, Zone
from signatures.rules import load_rules

Find = Callable[..., tuple[Finding, ...]]
OWN = """
pack: own
title: {zh: 航务, en: Shipping}
rules:
  - id: own.shipping
    title: {zh: 航务标志, en: Shipping mark}
    family: work
    level: 航务
    severity: medium
    term: required
    pattern: '航务(?:\\s(?P<plain>{{plain_term}}|不详年))?'
    zones: [header]
    literals: [{text: 航务}]
    controls: [MEDIA-05]
    examples: {match: [{text: 航务 3年, zone: header, level: 航务}], no_match: [{text: 航务, zone: header}]}
"""


@pytest.mark.parametrize(
    ("text", "marking"),
    [
        ("远山集团 核心商密 5年", "核心商密 5年"),
        ("普通商密▲三年", "普通商密▲3年"),
        ("公司机密 严禁外传", "公司机密 严禁外传"),
        ("远山公司内部资料 注意保存", "内部资料 注意保存"),
        ("TOP SECRET//SI//NOFORN", "TOP SECRET//SI//NOFORN"),
        ("SECRET//AURORA PROJECT//NOFORN", "SECRET//… …//NOFORN"),
        ("NATO RESTRICTED RELEASABLE TO PFP", "NATO RESTRICTED RELEASABLE TO PFP"),
    ],
)
def test_a_marking_is_shown_without_its_owner_and_with_strange_control_words_masked(
    find: Find, text: str, marking: str
) -> None:
    assert find(text, "header")[0].marking == marking


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("R-UE/EU-R", "EU RESTRICTED"),
        ("SECRET UE / EU SECRET", "EU SECRET"),
        ("EU CONFIDENTIAL", "EU CONFIDENTIAL"),
        ("UK OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE"),
        ("COSMIC TOP SECRET", "COSMIC TOP SECRET"),
        ("(S//NF) The meeting is in March.", "SECRET"),
    ],
)
def test_a_level_has_one_name_however_it_is_written(find: Find, text: str, level: str) -> None:
    zone = "para_lead" if text.startswith("(") else "header"
    assert find(text, zone)[0].level == level


def test_a_classification_block_needs_its_other_lines(find: Find) -> None:
    block = "Classified By: A. Name\nDerived From: Multiple Sources\nDeclassify On: 20331231"
    assert [(f.level, f.period) for f in find(block, "body")] == [("CLASSIFIED_BLOCK", "DATE:2033-12-31")]
    assert find("Declassify On: 20331231", "body") == ()
    near = "Classified By: A. Name\nReason: 1.4(c)" + "\n." * 4 + "\nDeclassify On: 20331231"
    assert len(find(near, "body")) == 1
    assert find(near.replace("\n.", "\n.\n."), "body") == ()
    below = "Declassify On: 20331231" + "\n." * 4 + "\nClassified By: A. Name\nDerived From: Multiple"
    assert len(find(below, "body")) == 1
    assert find(below.replace("\nDerived", "\n.\nDerived"), "body") == ()


def test_a_name_that_only_begins_like_a_marking_is_none(find: Find) -> None:
    assert find("TLP:REDUCTION plan", "subject") == ()
    assert find("TLP:RED plan", "subject")[0].level == "RED"


def test_a_subject_that_begins_with_a_banner_is_marked(find: Find) -> None:
    (found,) = find("SECRET//REL TO USA, FVEY Travel roster", "subject")
    assert (found.level, found.marking) == ("SECRET", "SECRET//REL TO USA, FVEY")


@pytest.mark.parametrize(
    ("subject", "level"),
    [
        ("工作秘密 注意保管 经济责任审计", "工作秘密"),
        ("回复：内部资料 注意保存 培训通知", "内部"),
        ("CUI//SP-CTI//NOFORN 关于提高质量", "CUI"),
        ("Re: UK SECRET 会议安排", "SECRET"),
        ("SECRET UE/EU SECRET 应急绿化", "EU SECRET"),
    ],
)
def test_a_subject_that_begins_with_a_marking_of_several_words_is_marked(find: Find, subject: str, level: str) -> None:
    (found,) = find(subject, "subject")
    assert level in found.level
    assert find(subject, "body") == ()


@pytest.mark.parametrize(
    "subject",
    [
        "TOP SECRET recipe for soup",
        "SECRET UE/EU SECRET recipe",
        "内部 使用 说明",
        "秘密 花园 读书会",
        "机密 绝密 秘密 三级标志",
        "国家秘密 保密 培训通知",
    ],
)
def test_a_subject_that_only_begins_with_such_a_word_is_none(find: Find, subject: str) -> None:
    assert find(subject, "subject") == ()


@pytest.mark.parametrize("name", ["FOUOx plan.docx", "TLP-REDx plan.docx", "SECRET//NOFORN2 plan.docx"])
def test_a_word_that_goes_on_does_not_open_a_name_with_a_mark(find: Find, name: str) -> None:
    assert find(name, "filename") == ()
    assert find("FOUO plan.docx", "filename")


@pytest.mark.parametrize("text", ["普通商密▲1 0年", "普通商密（1 0年）"])
def test_a_gap_in_the_level_or_the_term_is_told(find: Find, text: str) -> None:
    assert "SPACING" in find(text, zone="header")[0].codes


@pytest.mark.parametrize("text", ["普通商密 ▲ 10年", "普通商密 （10年）"])
def test_a_gap_between_level_and_term_is_none(find: Find, text: str) -> None:
    assert "SPACING" not in find(text, zone="header")[0].codes


def test_the_name_of_a_level_in_traditional_characters_is_no_fault_where_it_is_written_so(find: Find) -> None:
    (told,) = find("高度機密", zone="footer")
    assert (told.level, told.codes) == ("高度機密", ())
    assert find("內部資料", zone="footer")[0].codes == ("TRAD_CHAR",)


@pytest.mark.parametrize(("text", "found"), [("航务 3年", True), ("航务", False), ("航务 不详年", False)])
def test_a_rule_of_ones_own_that_asks_for_a_term_finds_nothing_without(text: str, found: bool, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, "utf-8")
    grammar = Grammar(load_rules(tmp_path))
    assert [f.period for f in grammar.find([Passage(Zone.HEADER, text)])] == (["P3Y"] if found else [])


def test_a_term_that_says_nothing_is_shown_as_it_stands(find: Find) -> None:
    assert [(f.marking, f.period) for f in find("普通商密▲2027年13月", least=1)] == [("普通商密▲2027年13月", None)]


@pytest.mark.parametrize(
    ("text", "level", "period"),
    [
        ("商密等级：核心商密\n保密期限：3年", "核心商密", "P3Y"),
        ("商密等级：核心商密\n编号：12\n保密期限：长期", "核心商密", "LONG"),
        ("商密等级：核心商密\n编号：12", "核心商密", None),
        ("密级：内部\n保密期限：3年", "内部", None),
    ],
)
def test_a_form_field_of_another_family_has_its_term_beside_it_where_its_rule_knows_terms(
    find: Find, text: str, level: str, period: str | None
) -> None:
    (found,) = find(text, "table_field")
    assert (found.family in ("commercial", "internal"), found.level, found.period) == (True, level, period)


@pytest.mark.parametrize("folder", ["work/", "work\\", "C:\\work\\"])
def test_a_name_that_opens_with_a_marking_is_read_behind_folders_of_any_system(find: Find, folder: str) -> None:
    assert [f.level for f in find(f"{folder}TLP:RED plan.docx", "path")] == ["RED"]
