"""Markings in a presentation: title slide, boxes, footers, masters, tables, groups, notes, properties."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pptx as python_pptx
import pytest
from lxml.etree import SubElement
from pptx.dml.color import RGBColor
from pptx.oxml.ns import qn
from pptx.util import Emu, Pt

from agent.scanning.formats import pptx
from protocol.records import Place
from signatures.passages import Zone

Replaced = Callable[[bytes, Mapping[str, bytes | None]], bytes]
PROSE = "会议听取了项目组汇报，原则同意实施方案，要求进一步细化进度节点，按月报送进展情况。"


@pytest.fixture
def slides() -> Any:
    """A title slide and two slides with text."""
    deck = python_pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = "工作汇报"
    first.placeholders[1].text = "东江区应急管理局"
    for number in (1, 2):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"第{number}部分"
        slide.placeholders[1].text = PROSE
    return deck


def saved(deck: Any) -> bytes:
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def add_box(shapes: Any, text: str, top: int = 3_000_000) -> Any:
    box = shapes.add_textbox(Emu(400_000), Emu(top), Emu(3_000_000), Emu(400_000))
    box.text_frame.text = text
    return box


def test_a_presentation_without_any_literal_is_not_parsed(read_pieces: Any, slides: Any) -> None:
    outcome = read_pieces(pptx, saved(slides))
    assert (outcome.passages, outcome.problem) == ([], None)


def test_a_box_on_the_title_slide_is_part_of_the_cover(read_pieces: Any, slides: Any) -> None:
    box = add_box(slides.slides[0].shapes, "机密★20年")
    box.text_frame.paragraphs[0].runs[0].font.size = Pt(20)
    outcome = read_pieces(pptx, saved(slides))
    cover = next(each for each in outcome.passages if each.zone is Zone.COVER and "密" in each.text)
    assert (cover.text, cover.place, cover.emphasis) == ("机密★20年", Place(slide=1), True)
    assert outcome.texts(Zone.TITLE) == ["工作汇报", "第1部分", "第2部分"]


def test_a_title_that_is_a_marking_counts_as_the_cover_too(read_pieces: Any, slides: Any) -> None:
    slides.slides[0].shapes.title.text = "机密"
    outcome = read_pieces(pptx, saved(slides))
    assert "机密" in outcome.texts(Zone.TITLE)
    assert "机密" in outcome.texts(Zone.COVER)


def test_a_marking_split_over_runs_and_struck_ones_are_told(read_pieces: Any, slides: Any) -> None:
    frame = add_box(slides.slides[0].shapes, "").text_frame
    for text in ("机", "密", "★20年"):
        frame.paragraphs[0].add_run().text = text
    old = frame.paragraphs[0].add_run()
    old.text = "绝密"
    old._r.get_or_add_rPr().set("strike", "sngStrike")
    outcome = read_pieces(pptx, saved(slides))
    assert "机密★20年" in outcome.texts(Zone.COVER)
    assert outcome.texts(Zone.COVER, struck=True) == ["绝密"]


def test_boxes_at_the_edge_of_slides_are_footers_and_their_repetition_counts(read_pieces: Any, slides: Any) -> None:
    for slide in slides.slides:
        add_box(slide.shapes, "内部资料", top=6_500_000)
    footer = read_pieces(pptx, saved(slides)).only(Zone.SLIDE_FOOTER)
    assert (footer.text, footer.pages) == ("内部资料", 3)


def test_a_box_that_hangs_over_a_slide_is_a_watermark(read_pieces: Any, slides: Any) -> None:
    def turned(box: Any) -> None:
        box.rotation = 315

    def transparent(box: Any) -> None:
        colour = box.text_frame.paragraphs[0].runs[0].font.fill
        colour.solid()
        colour.fore_color.rgb = RGBColor(128, 128, 128)
        SubElement(next(box._element.iter("{*}srgbClr")), qn("a:alpha"), val="30000")

    def bent(box: Any) -> None:
        SubElement(next(box._element.iter("{*}bodyPr")), qn("a:prstTxWarp"), prst="textPlain")

    def named(box: Any) -> None:
        box.name = "水印 3"

    for hang in (turned, transparent, bent, named):
        hang(add_box(slides.slides[2].shapes, "机密"))
    upright = add_box(slides.slides[1].shapes, "机密")
    upright.rotation = 90
    add_box(slides.slides[1].shapes, PROSE).rotation = 30
    outcome = read_pieces(pptx, saved(slides))
    assert outcome.texts(Zone.WATERMARK) == ["机密"] * 4
    assert [each.place.slide for each in outcome.passages if each.zone is Zone.WATERMARK] == [3] * 4


def test_a_grouped_box_and_a_table_are_found(read_pieces: Any, slides: Any) -> None:
    group = slides.slides[1].shapes.add_group_shape()
    add_box(group.shapes, "CONFIDENTIAL", top=72_000)
    table = slides.slides[2].shapes.add_table(2, 2, Emu(0), Emu(3_000_000), Emu(4_000_000), Emu(900_000)).table
    for cell, text in zip(table.iter_cells(), ["密级", "秘密", "份号", "0007"], strict=True):
        cell.text = text
    outcome = read_pieces(pptx, saved(slides))
    assert outcome.texts(Zone.SLIDE_FOOTER) == ["CONFIDENTIAL"]
    field = next(each for each in outcome.passages if each.text == "密级\t秘密" and each.zone is Zone.TABLE_FIELD)
    assert field.place == Place(slide=3)


def test_shapes_of_the_master_count_and_prompts_of_placeholders_do_not(read_pieces: Any, slides: Any) -> None:
    # The master has no way to add a box; one is moved there from a slide.
    box = add_box(slides.slides[0].shapes, "机密")._element
    slides.slide_master.shapes._spTree.append(box)
    outcome = read_pieces(pptx, saved(slides))
    master = outcome.only(Zone.SLIDE_MASTER)
    assert (master.text, master.pages, master.place.part) == ("机密", 3, "master")


def test_a_layout_that_no_slide_uses_is_left_out(read_pieces: Any, slides: Any) -> None:
    box = add_box(slides.slides[0].shapes, "机密")._element
    slides.slide_layouts[6].shapes._spTree.append(box)
    assert read_pieces(pptx, saved(slides)).texts(Zone.SLIDE_MASTER) == []


def test_notes_and_properties_are_read(read_pieces: Any, slides: Any) -> None:
    slides.slides[1].notes_slide.notes_text_frame.text = "本页为机密内容"
    slides.core_properties.subject = "绝密★长期"
    outcome = read_pieces(pptx, saved(slides))
    assert "本页为机密内容" in outcome.texts(Zone.BODY)
    assert ("subject", "绝密★长期") in [(each.name, each.text) for each in outcome.passages]


def test_slides_are_numbered_as_they_are_shown(read_pieces: Any, slides: Any) -> None:
    add_box(slides.slides[2].shapes, "机密★20年 附")
    order = slides.slides._sldIdLst
    order.insert(0, order[2])
    outcome = read_pieces(pptx, saved(slides))
    assert next(each for each in outcome.passages if "机密" in each.text).place == Place(slide=1)


def test_embedded_workbooks_are_handed_on(read_pieces: Any, slides: Any, replaced: Replaced) -> None:
    package = replaced(saved(slides), {"ppt/embeddings/Microsoft_Excel_Sheet1.xlsx": b"PK"})
    assert [member.name for member in read_pieces(pptx, package).members] == [
        "ppt/embeddings/Microsoft_Excel_Sheet1.xlsx"
    ]


def test_a_broken_slide_costs_only_itself(read_pieces: Any, slides: Any, replaced: Replaced) -> None:
    add_box(slides.slides[0].shapes, "机密★20年")
    outcome = read_pieces(pptx, replaced(saved(slides), {"ppt/slides/slide2.xml": b"<p:sld"}))
    assert "机密★20年" in outcome.texts(Zone.COVER)
    assert outcome.reason == "damaged"


@pytest.mark.shared
def test_no_real_presentation_raises_anything_but_not_examined(read_pieces: Any, shared: Path) -> None:
    files = [path for kind in ("pptx", "pptm", "ppsx", "potx") for path in (shared / "corpus/real" / kind).iterdir()]
    outcomes = [read_pieces(pptx, path.read_bytes()) for path in files]
    assert len(outcomes) > 10
    assert sum(outcome.problem is None for outcome in outcomes) > 8
