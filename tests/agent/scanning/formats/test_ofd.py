"""OFD: zones by place, templates, notes, properties, attachments, composites, encrypted, damaged and hostile files."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.scanning.formats import ofd
from agent.scanning.formats.base import Budget, Source
from agent.scanning.identify import identify
from protocol.records import Place
from signatures.passages import Zone

Zipped = Callable[[Mapping[str, bytes | str]], bytes]
NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
PROSE = "会议听取了项目组汇报原则同意实施方案要求进一步细化进度节点"


def text(words: str, x: float, y: float, size: float = 5.0, more: str = "", steps: str | None = None) -> str:
    """A text object whose first character stands ``x`` millimetres from the left and ``y`` from the top."""
    deltas = f"g {max(1, len(words) - 1)} {size}" if steps is None else steps
    return (
        f'<ofd:TextObject ID="9" Boundary="{x} {y} 150 9" Font="3" Size="{size}" {more}>'
        f'<ofd:TextCode X="0" Y="{size}" DeltaX="{deltas}">{words}</ofd:TextCode></ofd:TextObject>'
    )


def page(*objects: str, template: str = "") -> str:
    used = f'<ofd:Template TemplateID="{template}"/>' if template else ""
    layer = f"<ofd:Content><ofd:Layer>{''.join(objects)}</ofd:Layer></ofd:Content>"
    return f"<ofd:Page {NAMESPACE}>{used}{layer}</ofd:Page>"


def parts(*pages: str, information: str = "", common: str = "", tail: str = "") -> dict[str, bytes | str]:
    """The parts of a file with one document of these pages."""
    listed = "".join(
        f'<ofd:Page ID="{number}" BaseLoc="Pages/Page_{number}/Content.xml"/>' for number in range(1, len(pages) + 1)
    )
    return {
        "OFD.xml": f"<ofd:OFD {NAMESPACE}><ofd:DocBody><ofd:DocInfo>{information}</ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {NAMESPACE}><ofd:CommonData><ofd:PageArea>"
        f"<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>{common}</ofd:CommonData>"
        f"<ofd:Pages>{listed}</ofd:Pages>{tail}</ofd:Document>",
        **{f"Doc_0/Pages/Page_{number}/Content.xml": one for number, one in enumerate(pages, 1)},
    }


def test_a_marking_at_the_top_left_of_page_one_is_told_with_its_neighbours(read_pieces: Any, zipped: Zipped) -> None:
    first = page(
        text("000123", 25, 20),
        text("机密★20年", 25, 28),
        text("特急", 25, 36),
        *(text(PROSE, 25, y) for y in (90, 100)),
    )
    top = read_pieces(ofd, zipped(parts(first))).only(Zone.P1_TOP_LEFT)
    assert (top.text, top.place, top.emphasis) == ("000123\n机密★20年\n特急", Place(page=1), True)


def test_a_file_without_any_literal_gives_nothing(read_pieces: Any, zipped: Zipped) -> None:
    outcome = read_pieces(ofd, zipped(parts(page(text(PROSE, 25, 90)))))
    assert (outcome.passages, outcome.problem) == ([], None)


@pytest.mark.parametrize(
    "objects",
    [
        text("机密★20年", 25, 20, steps="5 5 5 2.5 2.5"),
        text("机密★20年", 25, 20, steps="5"),
        text("机密★20年", 25, 20, steps=""),
        text("机", 25, 20) + text("密", 30, 20) + text("★20年", 35, 20),
        text("★20年", 35, 20) + text("密", 30, 20) + text("机", 25, 20),
        '<ofd:PathObject ID="4" Boundary="25 20 150 9"><ofd:FillColor><ofd:Pattern Width="150" Height="9">'
        f"<ofd:CellContent>{text('机密★20年', 0, 0)}</ofd:CellContent></ofd:Pattern></ofd:FillColor></ofd:PathObject>",
        f'<ofd:PageBlock ID="4">{text("机密★20年", 25, 20)}</ofd:PageBlock>',
        text("机密★20年", 2.5, 2, size=0.5, more='CTM="10 0 0 10 20 20"', steps="g 5 0.5"),
        text("<![CDATA[机密★20年]]>", 25, 20, steps="5"),
    ],
)
def test_however_the_characters_are_set_the_line_is_one(read_pieces: Any, zipped: Zipped, objects: str) -> None:
    outcome = read_pieces(ofd, zipped(parts(page(objects, text(PROSE, 25, 100)))))
    assert outcome.only(Zone.P1_TOP_LEFT).text == "机密★20年"


def test_vertical_text_is_one_line_a_character(read_pieces: Any, zipped: Zipped) -> None:
    column = (
        '<ofd:TextObject ID="9" Boundary="25 20 9 60" Font="3" Size="5">'
        '<ofd:TextCode X="0" Y="5" DeltaY="g 2 6">机密★</ofd:TextCode></ofd:TextObject>'
    )
    assert read_pieces(ofd, zipped(parts(page(column)))).only(Zone.P1_TOP_LEFT).text == "机\n密\n★"


def test_a_template_puts_its_header_on_every_page(read_pieces: Any, zipped: Zipped) -> None:
    plain = page(text(PROSE, 25, 100), template="7")
    file = parts(plain, plain, plain, common='<ofd:TemplatePage ID="7" BaseLoc="Tpls/Tpl_0/Content.xml"/>')
    file["Doc_0/Tpls/Tpl_0/Content.xml"] = page(text("机密★20年", 80, 8))
    headers = [each for each in read_pieces(ofd, zipped(file)).passages if each.zone is Zone.HEADER]
    assert [(each.text, each.pages, each.place.page) for each in headers] == [("机密★20年", 3, n) for n in (1, 2, 3)]


def test_a_template_that_no_page_uses_is_read_all_the_same(read_pieces: Any, zipped: Zipped) -> None:
    both = '<ofd:TemplatePage ID="7" BaseLoc="Tpls/A.xml"/><ofd:TemplatePage ID="8" BaseLoc="Tpls/B.xml"/>'
    files = parts(page(text(PROSE, 25, 100), template="7"), common=both)
    files |= {"Doc_0/Tpls/A.xml": page(text("页眉", 25, 10)), "Doc_0/Tpls/B.xml": page(text("机密★10年", 25, 10))}
    (told,) = read_pieces(ofd, zipped(files)).passages
    assert (told.zone, told.text, told.place.part) == (Zone.BODY, "机密★10年", "template")


def test_pages_and_values_that_nothing_leads_to_are_read_all_the_same(read_pieces: Any, zipped: Zipped) -> None:
    files = parts(page(text(PROSE, 25, 100)))
    files["Doc_0/Pages/Page_9/Content.xml"] = page(text("机密★10年", 25, 10))
    files["Doc_0/Signs/Sign_0/Signature.xml"] = '<a><Parameter Name="n">秘密★5年</Parameter></a>'
    told = [each.text for each in read_pieces(ofd, zipped(files)).passages]
    assert told == ["机密★10年", "秘密★5年"]


def test_slanted_text_and_watermark_notes_are_watermarks_and_stamps_are_stamps(
    read_pieces: Any, zipped: Zipped
) -> None:
    slanted = text("内部资料", 60, 120, size=12, more='CTM="0.707 0.707 -0.707 0.707 0 0"')
    notes = "".join(
        f'<ofd:Annot Type="{kind}"><ofd:Appearance Boundary="20 100 100 20">{text(words, 0, 0)}'
        "</ofd:Appearance></ofd:Annot>"
        for kind, words in (("Watermark", "绝密"), ("Watermark", "绝密"), ("Stamp", "秘密"), ("Path", "机密★10年"))
    )
    file = parts(page(slanted), tail="<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>")
    file["Doc_0/Annots/Annotations.xml"] = (
        f'<ofd:Annotations {NAMESPACE}><ofd:Page PageID="1"><ofd:FileLoc>Page_0/A.xml</ofd:FileLoc></ofd:Page>'
        "</ofd:Annotations>"
    )
    file["Doc_0/Annots/Page_0/A.xml"] = f"<ofd:PageAnnot {NAMESPACE}>{notes}</ofd:PageAnnot>"
    outcome = read_pieces(ofd, zipped(file))
    assert outcome.texts(Zone.WATERMARK) == ["内部资料", "绝密"]
    assert outcome.texts(Zone.STAMP) == ["秘密"]
    assert outcome.texts(Zone.P1_BLOCK) == ["机密★10年"]


def test_title_and_custom_data_are_properties_and_custom_tags_too(read_pieces: Any, zipped: Zipped) -> None:
    information = (
        "<ofd:Title>内部资料</ofd:Title><ofd:CustomDatas>"
        '<ofd:CustomData Name="密级">机密</ofd:CustomData></ofd:CustomDatas>'
    )
    file = parts(page(), information=information, tail="<ofd:CustomTags>/Doc_0/Tags/CustomTags.xml</ofd:CustomTags>")
    file["Doc_0/Tags/CustomTags.xml"] = (
        f'<ofd:CustomTags {NAMESPACE}><ofd:CustomTag TypeID="x"><ofd:FileLoc>Tag.xml</ofd:FileLoc></ofd:CustomTag>'
        "</ofd:CustomTags>"
    )
    file["Doc_0/Tags/Tag.xml"] = "<公文><密级>秘密</密级></公文>"
    found = {(each.name, each.text, each.place.part) for each in read_pieces(ofd, zipped(file)).passages}
    assert found == {
        ("title", "内部资料", "properties"),
        ("密级", "机密", "custom-properties"),
        ("密级", "秘密", "custom-tags"),
    }


def test_attachments_are_handed_on_by_the_names_readers_see(read_pieces: Any, zipped: Zipped) -> None:
    file = parts(page(), tail="<ofd:Attachments>Attachments.xml</ofd:Attachments>")
    file["Doc_0/Attachments.xml"] = (
        f'<ofd:Attachments {NAMESPACE}><ofd:Attachment Name="机密方案"><ofd:FileLoc>Res/1.docx</ofd:FileLoc>'
        "</ofd:Attachment></ofd:Attachments>"
    )
    file |= {"Doc_0/Res/1.docx": b"PK", "Doc_0/Res/hidden.txt": "x", "Doc_0/Res/font.ttf": b"x"}
    members = read_pieces(ofd, zipped(file)).members
    assert [(member.name, member.data) for member in members] == [
        ("机密方案.docx", b"PK"),
        ("Doc_0/Res/hidden.txt", b"x"),
    ]


def test_several_documents_in_one_file_are_all_read(read_pieces: Any, zipped: Zipped) -> None:
    file = parts(page(text(PROSE, 25, 100)))
    second = parts(page(text("机密★20年", 25, 20)))
    file |= {name.replace("Doc_0", "Doc_1"): data for name, data in second.items() if name != "OFD.xml"}
    more = "<ofd:DocBody><ofd:DocRoot>/Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    file["OFD.xml"] = str(file["OFD.xml"]).replace("</ofd:OFD>", more)
    assert read_pieces(ofd, zipped(file)).only(Zone.P1_TOP_LEFT).text == "机密★20年"


def composite(body: str) -> dict[str, bytes | str]:
    file = parts(
        page('<ofd:CompositeObject ID="8" ResourceID="30" Boundary="20 20 100 20"/>'),
        common="<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>",
    )
    file["Doc_0/DocumentRes.xml"] = (
        f'<ofd:Res {NAMESPACE}><ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="30"><ofd:Content>{body}'
        "</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits></ofd:Res>"
    )
    return file


def test_text_of_composite_graphics_is_read(read_pieces: Any, zipped: Zipped) -> None:
    outcome = read_pieces(ofd, zipped(composite(text("机密★20年", 5, 5))))
    assert outcome.only(Zone.P1_TOP_LEFT).text == "机密★20年"


def test_composites_that_hold_themselves_many_times_over_end(read_pieces: Any, zipped: Zipped) -> None:
    again = '<ofd:CompositeObject ID="8" ResourceID="30" Boundary="0 0 100 20"/>' * 10
    outcome = read_pieces(ofd, zipped(composite(text("机密★20年", 5, 5) + again)))
    assert "机密★20年" in outcome.texts(Zone.P1_TOP_LEFT)[0]


def test_an_encrypted_file_is_told_and_what_is_open_is_read(read_pieces: Any, zipped: Zipped) -> None:
    file = parts(page(text("机密★20年", 25, 20)), page(text(PROSE, 25, 20)))
    file["Encryptions.xml"] = "<ofd:Encryptions/>"
    del file["Doc_0/Pages/Page_2/Content.xml"]
    outcome = read_pieces(ofd, zipped(file))
    assert (outcome.only(Zone.P1_TOP_LEFT).text, outcome.reason) == ("机密★20年", "encrypted")
    whole = zipped({"Encryptions.xml": "<ofd:Encryptions/>", "1.dat": bytes(99)})
    assert identify(Source(io.BytesIO(whole), len(whole)), "a.ofd").media_type == "application/ofd"
    assert read_pieces(ofd, whole).reason == "encrypted"


def test_pages_of_pictures_and_of_mere_glyphs_are_told(read_pieces: Any, zipped: Zipped) -> None:
    picture = '<ofd:ImageObject ID="5" ResourceID="6" Boundary="0 0 210 297"/>'
    assert read_pieces(ofd, zipped(parts(page(picture)))).reason == "unsupported"
    assert read_pieces(ofd, zipped(parts(page(text("¤¤¤¤", 20, 20))))).reason == "unsupported"
    logo = '<ofd:ImageObject ID="5" ResourceID="6" Boundary="0 0 20 20"/>'
    assert read_pieces(ofd, zipped(parts(page(logo, text(PROSE, 20, 50))))).problem is None


def test_lost_pages_and_a_lost_entry_are_damage_and_the_rest_is_read(read_pieces: Any, zipped: Zipped) -> None:
    file = parts(page(text("机密★20年", 25, 20)), page())
    del file["Doc_0/Pages/Page_2/Content.xml"]
    del file["OFD.xml"]
    outcome = read_pieces(ofd, zipped(file))
    assert (outcome.only(Zone.P1_TOP_LEFT).text, outcome.reason) == ("机密★20年", "damaged")
    assert read_pieces(ofd, zipped({"x": b""})).reason == "damaged"
    assert read_pieces(ofd, b"").reason == "damaged"


@pytest.mark.parametrize("figure", ["nan", "inf", "-1e308", "1e99 1e99", "x", "0 0 0 0", "g 999999999 1"])
def test_figures_that_are_none_cost_no_page(read_pieces: Any, zipped: Zipped, figure: str) -> None:
    odd = (
        f'<ofd:TextObject Boundary="{figure}" CTM="{figure}" Size="{figure}" HScale="{figure}" Alpha="{figure}">'
        f'<ofd:FillColor Value="{figure}"/><ofd:TextCode X="{figure}" Y="{figure}" DeltaX="{figure}">内部'
        "</ofd:TextCode></ofd:TextObject>"
    )
    outcome = read_pieces(ofd, zipped(parts(page(odd, text("机密★20年", 25, 20)))))
    assert "机密★20年" in "\n".join(each.text for each in outcome.passages)
    assert outcome.problem is None


def test_a_bomb_is_told(read_pieces: Any, zipped: Zipped) -> None:
    data = zipped(parts(page(text("机密" * 200_000, 25, 20))))
    assert read_pieces(ofd, data, Budget(expanded=100_000)).reason == "bomb"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_but_not_examined_leaves_a_mutated_file(read_pieces: Any, zipped: Zipped, data: st.DataObject) -> None:
    file = composite(text("机密★20年", 5, 5))
    name = data.draw(st.sampled_from(sorted(file)))
    raw = bytearray(str(file[name]).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    file[name] = bytes(raw)
    outcome = read_pieces(ofd, zipped(file)[data.draw(st.sampled_from([0, 0, 0, 7])) :])
    assert outcome.problem is None or outcome.reason in ("damaged", "encrypted", "unsupported")


@pytest.mark.shared
def test_no_real_file_raises_anything_but_not_examined(read_pieces: Any, shared: Path) -> None:
    outcomes = {path.name: read_pieces(ofd, path.read_bytes()) for path in (shared / "corpus/real/ofd").iterdir()}
    assert len(outcomes) > 20
    assert sum(outcome.problem is None for outcome in outcomes.values()) > 18
