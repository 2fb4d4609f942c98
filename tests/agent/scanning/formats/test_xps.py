"""Printed pages: what stands where on a fixed page has its zone, whatever order its glyphs come in."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import xps
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone

Zipped = Callable[[dict[str, bytes | str]], bytes]
FONT = 'FontUri="/f.odttf" Fill="#FF000000"'


def glyphs(text: str, x: float, y: float, size: float = 16, more: str = "") -> str:
    return (
        f'<Glyphs {FONT} FontRenderingEmSize="{size}" OriginX="{x}" OriginY="{y}" UnicodeString="{text}" {more}/>'
    )  # fmt: skip


def printed(zipped: Zipped, *pages: str, **more: bytes | str) -> bytes:
    named = "".join(f'<PageContent Source="Pages/{n}.fpage"/>' for n in range(1, len(pages) + 1))
    parts = {
        f"Documents/1/Pages/{n}.fpage": f'<FixedPage Width="794" Height="1123">{inside}</FixedPage>'
        for n, inside in enumerate(pages, 1)
    }
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "FixedDocSeq.fdseq": '<FixedDocumentSequence><DocumentReference Source="/F.fdoc"/></FixedDocumentSequence>',
            "Documents/1/F.fdoc": f"<FixedDocument>{named}</FixedDocument>",
            **parts,
            **more,
        }
    )


PROSE = "".join(
    glyphs("各单位要认真贯彻执行，按时报送有关材料，逾期未报的予以通报。", 120, y) for y in range(300, 900, 30)
)


def test_a_mark_at_the_top_left_is_found_there_though_its_letters_come_one_by_one(
    read_pieces: Any, zipped: Zipped
) -> None:
    mark = "".join(glyphs(letter, 120 + 17 * n, 120) for n, letter in enumerate("机密★长期"))
    data = printed(zipped, PROSE + mark)
    assert identify(Source(io.BytesIO(data), len(data)), "x.zip").media_type in xps.MEDIA_TYPES
    found = read_pieces(xps, data)
    assert found.only(Zone.P1_TOP_LEFT).text.startswith("机密★长期")


@pytest.mark.parametrize(
    "frame",
    [
        '<Canvas RenderTransform="0.5,0,0,0.5,100,40">{}</Canvas>',
        '<Canvas><Canvas.RenderTransform><MatrixTransform Matrix="0.5,0,0,0.5,100,40"/></Canvas.RenderTransform>{}'
        "</Canvas>",
    ],
)
def test_glyphs_in_a_canvas_stand_where_it_puts_them(read_pieces: Any, zipped: Zipped, frame: str) -> None:
    found = read_pieces(xps, printed(zipped, PROSE + frame.format(glyphs("机密★10年", 40, 160, 32))))
    assert found.only(Zone.P1_TOP_LEFT).text.startswith("机密★10年")


def test_what_stands_at_the_foot_of_every_page_is_a_footer(read_pieces: Any, zipped: Zipped) -> None:
    foot = glyphs("SECRET", 370, 1095)
    found = read_pieces(xps, printed(zipped, PROSE + foot, PROSE + foot, PROSE + foot))
    assert {(each.text, each.pages) for each in found.passages if each.zone is Zone.FOOTER} == {("SECRET", 3)}


def test_a_later_page_without_a_literal_is_not_laid_out_and_one_with_is(read_pieces: Any, zipped: Zipped) -> None:
    found = read_pieces(xps, printed(zipped, PROSE, PROSE, PROSE + glyphs("SECRET", 300, 950)))
    assert {each.place.page for each in found.passages} == {1, 3}


def test_a_page_that_a_printer_wrote_in_pieces_is_put_together(read_pieces: Any, zipped: Zipped) -> None:
    page = f'<FixedPage Width="794" Height="1123">{PROSE}{glyphs("机密★10年", 120, 120)}</FixedPage>'.encode()
    document = b'<FixedDocument><PageContent Source="Pages/1.fpage"/></FixedDocument>'
    data = zipped(
        {
            "[Content_Types].xml/[0].last.piece": "<Types/>",
            "F.fdseq/[0].last.piece": "<FixedDocumentSequence/>",
            "Documents/1/F.fdoc/[0].piece": document[:30],
            "Documents/1/F.fdoc/[1].last.piece": document[30:],
            "Documents/1/Pages/1.fpage/[0].piece": page[:1000],
            "Documents/1/Pages/1.fpage/[10].last.piece": page[2000:],
            "Documents/1/Pages/1.fpage/[2].piece": page[1000:2000],
        }
    )
    assert identify(Source(io.BytesIO(data), len(data)), "x").media_type in xps.MEDIA_TYPES
    assert read_pieces(xps, data).only(Zone.P1_TOP_LEFT).text.startswith("机密★10年")


def test_an_ordinary_print_gives_nothing_and_a_page_that_is_a_picture_is_said(read_pieces: Any, zipped: Zipped) -> None:
    found = read_pieces(xps, printed(zipped, PROSE))
    assert (found.passages, found.problem) == ([], None)
    picture = '<Path Data="M 0,0 L 794,1123"><Path.Fill><ImageBrush ImageSource="/a.png"/></Path.Fill></Path>'
    assert read_pieces(xps, printed(zipped, picture)).reason == "unsupported"
    strokes = '<Path Fill="#000000" Data="M 1,1 V 9 H 3 Z"/>' * 200
    assert read_pieces(xps, printed(zipped, strokes)).reason == "unsupported"
    assert read_pieces(xps, printed(zipped, PROSE + strokes)).problem is None


def test_a_print_that_breaks_off_gives_what_there_is_and_is_damaged(read_pieces: Any, zipped: Zipped) -> None:
    whole = printed(zipped, PROSE + glyphs("SECRET", 120, 120))
    found = read_pieces(
        xps, printed(zipped, "", **{"Documents/1/Pages/1.fpage": "<FixedPage>" + glyphs("SECRET", 1, 20)})
    )
    assert (found.reason, bool(found.passages)) == ("damaged", True)
    assert read_pieces(xps, whole[: len(whole) // 2]).reason == "damaged"


@pytest.mark.shared
def test_a_real_print_is_read(read_pieces: Any, shared: Path) -> None:
    class Fox:
        def worth(self, data: bytes, *, encodings: object = None) -> bool:
            return b"brown" in bytes(data)

    found = read_pieces(
        xps, (shared / "corpus" / "real" / "xps" / "tika__testXPS_various.xps").read_bytes(), sieve=Fox()
    )
    assert "brown" in found.only(Zone.P1_TOP_LEFT).text
