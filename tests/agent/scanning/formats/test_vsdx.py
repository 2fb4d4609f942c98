"""Visio drawings: pages in their order, shapes by their place, headers, shape data, masters, properties."""

from __future__ import annotations

from typing import Any

from agent.scanning.formats import vsdx
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone

SPACE = 'xmlns="http://schemas.microsoft.com/office/visio/2012/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PAGES = (
    f'<Pages {SPACE} xmlns:r="{RELATIONS}"><Page ID="0"><PageSheet><Cell N="PageWidth" V="10"/>'
    '<Cell N="PageHeight" V="8"/></PageSheet><Rel r:id="rId1"/></Page><Page ID="4"><Rel r:id="rId2"/></Page></Pages>'
)
LINKS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="page" Target="page7.xml"/><Relationship Id="rId2" Type="page" Target="page1.xml"/>'
    "</Relationships>"
)


def shape(text: str, x: float = 5, y: float = 4, inner: str = "") -> str:
    place = f'<Cell N="PinX" V="{x}"/><Cell N="PinY" V="{y}"/>'
    return f'<Shape ID="1">{place}<Text><cp IX="0"/>{text}\n</Text>{inner}</Shape>'


def page(*shapes: str) -> str:
    return f"<PageContents {SPACE}><Shapes>{''.join(shapes)}</Shapes></PageContents>"


def drawing(zipped: Any, first: str, second: str = page(), **more: str) -> bytes:
    parts = {
        "[Content_Types].xml": "<Types/>",
        "visio/document.xml": more.get("document", f"<VisioDocument {SPACE}/>"),
        "visio/pages/pages.xml": PAGES,
        "visio/pages/_rels/pages.xml.rels": LINKS,
        "visio/pages/page7.xml": first,
        "visio/pages/page1.xml": second,
        "visio/masters/master1.xml": more.get("master", f"<MasterContents {SPACE}/>"),
    }
    data: bytes = zipped(parts)
    assert identify(Source.of(data), "").media_type in vsdx.MEDIA_TYPES
    return data


def test_a_shape_at_the_corner_of_the_first_page_is_where_markings_stand(read_pieces: Any, zipped: Any) -> None:
    found = read_pieces(vsdx, drawing(zipped, page(shape("机密", 1, 7.5), shape("网络拓扑图"))))
    assert found.only(Zone.P1_TOP_LEFT).text == "机密"
    assert found.texts(Zone.BODY) == ["网络拓扑图"]


def test_pages_are_numbered_in_the_order_of_the_drawing(read_pieces: Any, zipped: Any) -> None:
    found = read_pieces(vsdx, drawing(zipped, page(shape("机房")), page(shape("机密★10年", 5, 11.5))))
    marked = found.only(Zone.HEADER)
    assert (marked.text, marked.place.page) == ("机密★10年", 2)


def test_words_in_several_runs_and_in_groups_are_whole(read_pieces: Any, zipped: Any) -> None:
    words = shape('机<cp IX="1"/>密★<pp IX="0"/>10年')
    inner = f"<Shapes>{words}</Shapes>"
    found = read_pieces(vsdx, drawing(zipped, page(shape("图", inner=inner))))
    assert "机密★10年" in found.texts(Zone.BODY)


def test_headers_shape_data_and_masters_are_read(read_pieces: Any, zipped: Any) -> None:
    band = (
        f"<VisioDocument {SPACE}><HeaderFooter><HeaderLeft>机密★10年&amp;p</HeaderLeft></HeaderFooter></VisioDocument>"
    )
    data = '<Section N="Property"><Row N="Row_1"><Cell N="Value" V="秘密★5年"/></Row></Section>'
    master = f"<MasterContents {SPACE}><Shapes>{shape('绝密★30年')}</Shapes></MasterContents>"
    found = read_pieces(vsdx, drawing(zipped, page(shape("图", inner=data)), document=band, master=master))
    assert found.only(Zone.HEADER).text == "机密★10年"
    assert {"秘密★5年", "绝密★30年"} <= set(found.texts(Zone.BODY))


def test_a_drawing_that_only_talks_gives_nothing_but_its_words(read_pieces: Any, zipped: Any) -> None:
    found = read_pieces(vsdx, drawing(zipped, page(shape("机密级设备机柜与普通机柜分开摆放"))))
    assert {each.zone for each in found.passages} == {Zone.BODY}


def test_a_page_that_breaks_off_is_told_as_damaged(read_pieces: Any, zipped: Any) -> None:
    found = read_pieces(vsdx, drawing(zipped, page(shape("机密★10年"))[:-30]))
    assert "机密★10年" in found.texts(Zone.BODY)
    assert found.reason == "damaged"
