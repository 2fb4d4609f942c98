"""Tags out of the way, references read, declarations believed only where they are true."""

from __future__ import annotations

import pytest

from agent.scanning.formats import markup
from agent.scanning.formats.base import Reading, Source
from signatures.engine import build
from signatures.literals import Literal

READING = Reading(build([Literal("机密", gaps=True)], prefer="re2"))


def test_stripped_markup_is_text_with_single_blanks() -> None:
    assert markup.stripped(b"<p>a<b>b</b>\n\t\t c&nbsp;&#160;d</p>") == b"ab c d"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_mixture_of_characters_and_references_is_worth_reading(encoding: str) -> None:
    assert markup.worth("<p>报告机<i>&#23494;</i>计划</p>".encode(encoding), READING)
    assert not markup.worth("<p>报告机<i>&#20851;</i>计划</p>".encode(encoding), READING)


def test_xml_is_told_from_text_in_every_encoding() -> None:
    assert markup.is_xml(b'<?xml version="1.0"?>')
    assert markup.is_xml("\ufeff<?xml version='1.0'?>".encode("utf-16-le"))
    assert markup.is_xml(b"<office:document>")
    assert not markup.is_xml(b"<3 you")
    assert not markup.is_xml(b"a < b")


def test_a_declared_encoding_counts_unless_it_makes_garbage() -> None:
    text = '<meta charset="{}"><p>各责任单位要于本月二十日前报送进展情况</p>'
    assert "责任单位" in markup.to_text(text.format("gb2312").encode("gb18030"))
    assert "责任单位" in markup.to_text(text.format("gb2312").encode("utf-8"))
    assert "责任单位" in markup.to_text(text.format("no-such").encode("utf-8"))


def test_utf16_becomes_utf8_with_and_without_a_mark() -> None:
    for data in ("<p>机密</p>".encode("utf-16"), "<p>机密</p>".encode("utf-16-be")):
        assert "机密".encode() in markup.plain_bytes(data)
    assert markup.plain_bytes(b"<p>") == b"<p>"


def test_runs_of_letters_are_joined_and_other_elements_end_lines() -> None:
    text = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>机</w:t></w:r><w:r><w:t>密</w:t></w:r></w:p><a:x>b &lt;c&gt;</a:x>"
    assert markup.xml_lines(text) == ["机密", "b <c>"]


def test_a_remark_is_a_line_of_its_own() -> None:
    assert markup.xml_lines("<a>甲<!-- 机密★10年 --><b>乙</b></a>") == ["甲", "机密★10年", "乙"]
    assert markup.xml_lines("<a>甲<!-- 机密★10年 ") == ["甲"]


def test_hostile_markup_ends() -> None:
    assert markup.xml_lines("<!--" * 20_000) == []
    assert markup.xml_lines("<![CDATA[" * 3) != []
    assert markup.xml_lines("<" * 20_000) == []


def test_unwanted_elements_are_cut_out_whole() -> None:
    assert markup.without("a<SCRIPT>x</script>b<style>y", {"script", "style"}) == "a</script>b"


@pytest.mark.parametrize("name", ["a.mm", "a.opml", "a.xml", "a.kml"])
def test_xml_without_a_declaration_is_known_by_its_name(name: str) -> None:
    assert markup.is_xml(b'<map version="1">', name)
    assert not markup.is_xml(b"<map> is a tag", "a.txt")


@pytest.mark.parametrize(
    "declared", ['<!DOCTYPE d [<!ENTITY level "机密">]>', "<!DOCTYPE d [<!ENTITY l SYSTEM '机密'>]>", "<?level 机密?>"]
)
def test_values_of_entities_and_instructions_stand_for_themselves(declared: str) -> None:
    xml = f'<?xml version="1.0"?>{declared}<d>会议</d>'.encode()
    assert [each.text for each in markup.xml_passages(Source.of(xml), READING)] == ["机密"]
