"""Styles of Word documents: read one by one, or all of them where the part is not written as usual."""

from __future__ import annotations

import pytest
from lxml import etree

from agent.scanning.formats.docx_front import Style
from agent.scanning.formats.docx_styles import StylesOnDemand

NONE = Style("", 0, centred=False)
NAMESPACE = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STYLES = (
    b"<w:styles " + NAMESPACE + b'><w:style w:type="paragraph" w:styleId="A"><w:name w:val="Title"/>'
    b'<w:pPr><w:jc w:val="center"/></w:pPr><w:rPr><w:sz w:val="44"/></w:rPr></w:style>'
    b'<w:style w:styleId="Empty"/><w:style w:styleId="B"><w:name w:val="caption"/></w:style></w:styles>'
)
TITLE, CAPTION = Style("title", 44, centred=True), Style("caption", 0, centred=False)


class Parsed:
    """A parser that remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def __call__(self, xml: bytes) -> etree._Element | None:
        self.given.append(xml)
        return etree.fromstring(xml) if xml else None


def test_only_the_styles_that_are_asked_for_are_parsed() -> None:
    parsed = Parsed()
    styles = StylesOnDemand(STYLES, parsed)
    assert (styles.get("B", NONE), styles.get("B", NONE), styles.get("", NONE)) == (CAPTION, CAPTION, NONE)
    assert [b"Title" in given for given in parsed.given] == [False]


@pytest.mark.parametrize(
    "xml",
    [
        STYLES,
        STYLES.replace(b'"', b"'"),
        STYLES.replace(b"w:", b"").replace(b"xmlns:w", b"xmlns"),
        STYLES.replace(b"<w:style ", b'<!-- w:styleId="A" --><w:style ', 1),
        STYLES.replace(b"w:styleId", b"\n w:styleId"),
    ],
)
def test_the_styles_are_the_same_however_the_part_is_written(xml: bytes) -> None:
    styles = StylesOnDemand(xml, Parsed())
    assert (styles.get("A", NONE), styles.get("B", NONE), styles.get("C", NONE)) == (TITLE, CAPTION, NONE)
    assert styles.get("Empty", NONE) == NONE


def test_a_document_without_styles_has_none() -> None:
    assert StylesOnDemand(b"", Parsed()).get("A", NONE) == NONE
