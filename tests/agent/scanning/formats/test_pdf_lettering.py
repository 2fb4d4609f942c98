"""PDF: a large word drawn as shapes beside the text of a page, as office programs draw a watermark."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from agent.scanning.formats import pdf, pdf_lettering
from agent.scanning.formats.base import Drawn, Picture
from signatures.passages import Zone

WORDS = "Minutes of the meeting about the canteen, with all that was said there of the new kitchen."
Draw = Callable[[Canvas], object]


def letter(canvas: Canvas, x: float, size: float, **how: Any) -> None:
    """An E of twelve lines."""
    path = canvas.beginPath()
    path.moveTo(x, 0)
    for right, up in [(0, 5), (3, 5), (3, 4), (1, 4), (1, 3), (3, 3), (3, 2), (1, 2), (1, 1), (3, 1), (3, 0)]:
        path.lineTo(x + right * size / 5, up * size / 5)
    path.close()
    canvas.drawPath(path, **({"fill": 1, "stroke": 0} | how))


def word(
    *, angle: float = 0.0, size: float = 80.0, letters: int = 4, at: tuple[float, float] = (300, 400), **how: Any
) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.translate(*at)
        canvas.rotate(angle)
        canvas.setFillGray(0.8)
        for number in range(letters):
            letter(canvas, (number - letters / 2) * size, size, **how)
        canvas.restoreState()

    return draw


def paper(*pages: Draw) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=0)
    for draw in pages:
        draw(canvas)
        for line in range(10):
            canvas.drawString(72, 700 - 20 * line, WORDS)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def pictures(read_pieces: Any, *pages: Draw) -> list[Picture]:
    return [each for each in read_pieces(pdf, paper(*pages)).members if isinstance(each, Picture)]


@pytest.mark.parametrize("angle", [0, 30, 45, -45, 63, 90])
def test_a_large_word_of_shapes_is_a_picture_laid_level(read_pieces: Any, angle: float) -> None:
    (picture,) = pictures(read_pieces, word(angle=angle))
    seen = picture.load()
    assert isinstance(seen, Drawn)
    long, short = (seen.width, seen.height) if angle < 90 else (seen.height, seen.width)
    edge = 2 * pdf_lettering.EDGE
    # Four letters 48 points wide every 80 points, 80 points high.
    assert (long - edge) / (short - edge) == pytest.approx((3 * 80 + 48) / 80, rel=0.03)
    assert (picture.zone, picture.page) == (Zone.WATERMARK, 1)


def test_what_is_drawn_is_the_word_alone_in_black_on_white(read_pieces: Any) -> None:
    (picture,) = pictures(read_pieces, word(angle=45))
    seen = picture.load()
    assert isinstance(seen, Drawn)
    middle = seen.data[seen.stride * (seen.height // 2) :][: 3 * seen.width : 3]
    assert {middle[0], middle[-1]} == {255}
    # Of each E the upright and the middle bar; the lines of text that the word lies under are not there.
    assert sum(one < 255 <= other for one, other in zip(middle[1:], middle, strict=False)) == 4


def test_shapes_within_forms_are_met_where_the_forms_stand(read_pieces: Any) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.beginForm("mark")
        word(at=(0, 0))(canvas)
        canvas.endForm()
        canvas.translate(300, 400)
        canvas.rotate(30)
        canvas.scale(1, 1.5)
        canvas.doForm("mark")
        canvas.scale(1, 1 / 1.5)
        canvas.rotate(-30)
        canvas.translate(-300, -400)

    (picture,) = pictures(read_pieces, draw)
    seen = picture.load()
    assert isinstance(seen, Drawn)
    edge = 2 * pdf_lettering.EDGE
    assert (seen.width - edge) / (seen.height - edge) == pytest.approx((3 * 80 + 48) / 120, rel=0.03)


def test_a_word_that_begins_on_the_second_page_is_met_and_told_once(read_pieces: Any) -> None:
    found = pictures(read_pieces, lambda canvas: None, word(angle=45), word(angle=45))
    assert [picture.page for picture in found] == [2]


@pytest.mark.parametrize(
    "draw",
    [
        lambda canvas: None,
        word(size=20),
        word(letters=1),
        word(fill=0, stroke=1),
        lambda canvas: [canvas.rect(60 + 40 * n, 100, 30, 50 * n, fill=1, stroke=0) for n in range(1, 9)],
        lambda canvas: canvas.line(72, 80, 500, 80),
    ],
    ids=["no shape", "a small logo", "one letter", "lines", "a chart", "a rule"],
)
def test_other_shapes_beside_text_cost_nothing(read_pieces: Any, draw: Draw) -> None:
    assert pictures(read_pieces, draw) == []
