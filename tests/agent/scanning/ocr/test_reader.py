"""What is read of pictures: markings as people scan and stamp them, and nothing where there is none."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source
from agent.scanning.wire import Examined
from protocol.records import Reason, Verdict
from signatures.engine import build
from signatures.markings import Grammar
from signatures.passages import Zone
from signatures.rules import load_rules

Read = Callable[..., list[Examined]]


@pytest.fixture(scope="module")
def seeing(compiled: Any, font: Any) -> Examiner:
    """An examiner that reads pictures."""
    from agent.scanning.ocr import models, repair
    from agent.scanning.ocr.engine import Engine
    from agent.scanning.ocr.reader import Reader

    rules = load_rules()
    examiner = Examiner(build(rules.literals, cache=compiled), Grammar(rules))
    examiner.eyes = Reader(Engine(models.find()), repair.Repair(repair.known()), 60.0)
    return examiner


@pytest.fixture
def read(seeing: Examiner, saved: Callable[..., bytes]) -> Read:
    """The rows of a picture."""

    def rows(picture: Any, kind: str = "PNG", **options: Any) -> list[Examined]:
        data = picture if isinstance(picture, bytes) else saved(picture, kind, **options)
        return seeing.examine(Source.of(data), "scan.bin").rows

    return rows


def markings(rows: list[Examined]) -> set[str]:
    return {finding.marking for row in rows for finding in row.findings}


def test_a_mark_at_the_top_left_is_found_and_said_to_come_from_ocr(read: Read, page: Any) -> None:
    (row,) = read(page("机密★10年"))
    (found,) = (one for one in row.findings if one.zone == Zone.P1_TOP_LEFT)
    assert (found.marking, found.level, found.period) == ("机密★10年", "机密", "P10Y")
    assert (found.place.page, found.place.part) == (1, "ocr")
    assert found.confidence >= 70


def test_a_page_without_a_mark_is_clean(read: Read, page: Any) -> None:
    text = ("第三条 国家秘密的密级分为绝密、机密、秘密三级。", "机关、单位应当做好保密工作,防止泄露国家秘密。")
    (row,) = read(page(text=text))
    assert (row.verdict, row.reason, row.findings) == (Verdict.CLEAN, None, ())


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "BMP", "WEBP", "GIF", "JPEG2000", "PPM", "TGA", "PCX"])
def test_every_kind_of_picture_is_read(read: Read, page: Any, kind: str) -> None:
    (row,) = read(page("秘密★5年").crop((0, 0, 620, 200)), kind)
    assert "秘密★5年" in {finding.marking for finding in row.findings}


@pytest.mark.parametrize("degrees", [-15, 14])
def test_a_page_that_hangs_askew_is_read(read: Read, page: Any, degrees: int) -> None:
    (row,) = read(page("机密★20年").rotate(degrees, expand=True, fillcolor=(255, 255, 255), resample=3))
    assert markings([row]) == {"机密★20年"}


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lies_on_its_side_or_its_head_is_read(read: Read, page: Any, degrees: int) -> None:
    (row,) = read(page("绝密★30年").rotate(degrees, expand=True))
    assert "绝密★30年" in markings([row])
    assert Zone.P1_TOP_LEFT in {finding.zone for finding in row.findings}


def test_a_faint_copy_is_read(read: Read, page: Any) -> None:
    (row,) = read(page("机密★10年", ink=(185, 185, 185), black=(185, 185, 185), paper=225))
    assert "机密★10年" in markings([row])


def test_a_red_stamp_over_print_is_read(read: Read, page: Any, font: Any) -> None:
    from PIL import Image, ImageChops, ImageDraw

    print_ = page()
    ink = Image.new("RGB", print_.size, (255, 255, 255))
    pen = ImageDraw.Draw(ink)
    pen.text((110, 285), "绝密", font=font(50), fill=(220, 40, 40))
    pen.rectangle((100, 280, 220, 350), outline=(220, 40, 40), width=4)
    (row,) = read(ImageChops.multiply(print_, ink))
    assert "绝密" in markings([row])
    assert Zone.STAMP in {finding.zone for finding in row.findings}


def test_a_mark_in_one_column_from_top_to_bottom_is_read(read: Read, page: Any) -> None:
    (row,) = read(page("机\n密\n★\n10\n年", at=(30, 40)))
    assert {finding.level for finding in row.findings} == {"机密"}


def test_a_mark_on_a_later_page_of_a_tiff_is_found_with_its_page(
    read: Read, page: Any, saved: Callable[..., bytes]
) -> None:
    pages = [page(mark, size=(620, 300)).convert("1") for mark in ("", "秘密★10年")]
    (row,) = read(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4"))
    assert {(finding.marking, finding.place.page) for finding in row.findings} == {("秘密★10年", 2)}


def three_pages(page: Any, saved: Callable[..., bytes]) -> bytes:
    """The third has its mark in its midst."""
    pages = [page("秘密★5年" if number == 2 else "", at=(150, 460), text=()).convert("1") for number in range(3)]
    larger = [one.resize((1240, 1680)) for one in pages]
    return saved(larger[0], "TIFF", save_all=True, append_images=larger[1:], compression="group4")


def test_a_mark_in_the_midst_of_a_later_page_is_found_while_there_is_time(
    read: Read, seeing: Examiner, page: Any, saved: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = three_pages(page, saved)
    (row,) = read(data)
    assert {(finding.marking, finding.place.page) for finding in row.findings} == {("秘密★5年", 3)}
    # What is left out for want of time is no reason to say "not examined".
    monkeypatch.setattr("agent.scanning.ocr.reader._SHARE_OF_MIDDLES", 1.0)
    monkeypatch.setattr(seeing.eyes, "_clock", itertools.count().__next__)
    monkeypatch.setattr(seeing.eyes, "_seconds", 1_000_000.0)
    (row,) = seeing.examine(Source.of(data), "scan.tif").rows
    assert (row.verdict, row.reason) == (Verdict.CLEAN, None)


def test_a_long_screenshot_is_read_to_its_end(read: Read, page: Any) -> None:
    (row,) = read(page("机密★10年", at=(50, 1450), size=(620, 1600)))
    assert "机密★10年" in markings([row])


def test_white_lettering_on_nothing_is_read(read: Read, font: Any) -> None:
    from PIL import Image, ImageDraw

    picture = Image.new("RGBA", (600, 160), (0, 0, 0, 0))
    ImageDraw.Draw(picture).text((40, 40), "机密★10年", font=font(60), fill=(255, 255, 255, 255))
    assert "机密★10年" in markings(read(picture))


def test_a_picture_too_small_for_words_is_clean(read: Read) -> None:
    from PIL import Image

    (row,) = read(Image.new("RGB", (16, 16), (200, 10, 10)))
    assert row.verdict is Verdict.CLEAN


def test_a_picture_of_more_pixels_than_paper_has_is_a_bomb_before_it_is_unpacked(read: Read) -> None:
    head = struct.pack(">II5B", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    chunks = (len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in parts)
    (row,) = read(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    assert (row.verdict, row.reason) == (Verdict.NOT_EXAMINED, Reason.BOMB)


def test_a_damaged_picture_is_told(read: Read, page: Any, saved: Callable[..., bytes]) -> None:
    whole = saved(page("机密★10年"))
    (row,) = read(whole[:60])
    assert (row.verdict, row.reason) == (Verdict.NOT_EXAMINED, Reason.DAMAGED)


def test_what_was_found_before_the_time_ran_out_is_told(
    seeing: Examiner, page: Any, saved: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    head = page("机密★10年").crop((0, 0, 620, 300))
    data = saved(head, "TIFF", save_all=True, append_images=[head])
    monkeypatch.setattr(seeing.eyes, "_seconds", 0.0)
    (row,) = seeing.examine(Source.of(data), "scan.tif").rows
    assert (row.verdict, row.reason) == (Verdict.NOT_EXAMINED, Reason.TIMEOUT)
    asked = itertools.count()
    monkeypatch.setattr(seeing.eyes, "_seconds", 60.0)
    monkeypatch.setattr(seeing.eyes, "_clock", lambda: 0.0 if next(asked) < 9 else 1000.0)
    (row,) = seeing.examine(Source.of(data), "scan.tif").rows
    assert (row.verdict, markings([row])) == (Verdict.FINDING, {"机密★10年"})


@pytest.mark.parametrize(("mark", "angle"), [("机密★10年", 45), ("内部资料", -50), ("绝密", 0)])
def test_a_watermark_drawn_as_shapes_under_the_text_of_a_pdf_is_read(
    read: Read, font: Any, mark: str, angle: float
) -> None:
    (row,) = read(watermarked(mark, font(160), angle))
    assert {(found.zone, found.marking) for found in row.findings} == {(Zone.WATERMARK, mark)}


def watermarked(mark: str, font: Any, angle: float) -> bytes:
    """A page of text with the outlines of a word, as an office program draws lettering: filled, no font in sight."""
    import cv2
    import numpy as np
    from PIL import Image, ImageDraw
    from reportlab.pdfgen.canvas import FILL_EVEN_ODD, Canvas

    drawn = Image.new("L", (200 * len(mark), 260), 0)
    ImageDraw.Draw(drawn).text((20, 20), mark, font=font, fill=255)
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.saveState()
    canvas.translate(300, 400)
    canvas.rotate(angle)
    canvas.scale(400 / drawn.width, -400 / drawn.width)
    canvas.setFillGray(0.75)
    path = canvas.beginPath()
    for line in cv2.findContours(np.asarray(drawn), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)[0]:
        (x, y), *rest = line[:, 0].tolist()
        path.moveTo(x - drawn.width / 2, y - 130)
        for x, y in rest:
            path.lineTo(x - drawn.width / 2, y - 130)
        path.close()
    canvas.drawPath(path, fill=1, stroke=0, fillMode=FILL_EVEN_ODD)
    canvas.restoreState()
    for number in range(20):
        canvas.drawString(
            72, 700 - 25 * number, "The canteen has a new kitchen, and the meeting was told of all of it."
        )
    canvas.save()
    return out.getvalue()
