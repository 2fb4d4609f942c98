"""Paragraphs with a mark of their own, in documents that tell no paragraph from another: text, mail, pages, PDF."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.records import Finding
from signatures.markings import Grammar
from signatures.passages import Passage, Zone

Find = Callable[..., tuple[Finding, ...]]
PROSE = "请各单位认真组织学习，按时完成各项任务，并将有关情况报告市政府办公室。"


@pytest.mark.parametrize("zone", ["body", "p1_block"])
@pytest.mark.parametrize(
    "text",
    [
        f"{PROSE}\n（机密★5年）{PROSE}\n{PROSE}",
        f"二、主要内容\n[机密★5年] {PROSE}",
        f"{PROSE}\n\n（机密★5年）{PROSE * 20}",
        f"（密级：机密★5年）{PROSE}",
    ],
)
def test_a_paragraph_in_running_text_bears_its_mark(find: Find, zone: str, text: str) -> None:
    assert [(one.level, one.zone) for one in find(text, zone)] == [("机密", Zone.PARA_LEAD)]


@pytest.mark.parametrize(
    "text",
    [
        f"{PROSE[:-1]}标注\n（机密★5年）字样，{PROSE}",  # a line that was broken before a bracket
        f"涉密文件应当在首页左上角标明密级和保密期限，标注形式为\n（机密★5年）此类标志由{PROSE}",
        f"{PROSE}例如：\n（机密★5年）{PROSE}",
        f"{PROSE}\n（机密★5年）、（秘密★3年）和（绝密★30年）三种标志应当由{PROSE}",
        f"段落标志\n（机密★5年）表示该段落属于机密级国家秘密，{PROSE}",
        "（机密★5年）的含义是什么？",
        "第三条 段落标注\n（机密★5年）标志应当标在段落之前。",
        f"（机密★××年）{PROSE}",
        f"{PROSE}{PROSE}（机密★5年）{PROSE}",
    ],
)
def test_a_sentence_about_such_a_mark_bears_none(find: Find, text: str) -> None:
    assert not find(text, "body")


def test_an_example_announced_by_the_paragraph_before_is_none(grammar: Grammar) -> None:
    lead = Passage(Zone.PARA_LEAD, f"（机密★5年）{PROSE}")
    assert grammar.find([Passage(Zone.BODY, PROSE), lead])
    assert not grammar.find([Passage(Zone.BODY, "标注样式举例："), lead])
    assert not grammar.find([Passage(Zone.PARA_LEAD, f"（机密★5年）表示该段属于机密级，{PROSE}")])


def test_quotation_marks_on_a_line_of_their_own_do_not_hide_what_announces_an_example(find: Find) -> None:
    (found,) = find("标志形式为密级★保密期限，例如：\n“\n”\n机密★10年", "p1_top_left", least=0)
    assert found.confidence <= 50
