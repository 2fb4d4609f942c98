"""Pictures without a signature worth the name are told as pictures, and nothing else is."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from agent.scanning.bare_pictures import bare_picture
from agent.scanning.formats import format_for
from agent.scanning.formats.base import Source
from agent.scanning.identify import Kind, identify


def picture(form: str, mode: str, colour: int | tuple[int, int, int], **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (40, 30), colour).save(out, form, **options)
    return out.getvalue()


WHITE = (255, 255, 255)
PICTURES = {
    "bitmap": ("image/x-portable-anymap", picture("PPM", "1", 1)),
    "grey": ("image/x-portable-anymap", picture("PPM", "L", 0x41)),
    "colour": ("image/x-portable-anymap", picture("PPM", "RGB", WHITE)),
    "colour with a remark": (
        "image/x-portable-anymap",
        picture("PPM", "RGB", WHITE).replace(b"P6\n", b"P6\n# made by a scanner\n"),
    ),
    "targa": ("image/x-tga", picture("TGA", "RGB", WHITE)),
    "packed targa": ("image/x-tga", picture("TGA", "RGB", WHITE, compression="tga_rle")),
    "pcx": ("image/x-pcx", picture("PCX", "RGB", WHITE)),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("called", ["scan", "扫描件.txt"])
def test_a_picture_is_told_by_its_header(name: str, called: str) -> None:
    media_type, data = PICTURES[name]
    identity = identify(Source.of(data), called)
    assert (identity.media_type, identity.kind) == (media_type, Kind.PICTURE)
    assert format_for(media_type) is not None


@pytest.mark.parametrize(
    "text",
    [
        "P4 12 30 机密★10年\n",
        "P5 40 30 255 apples\n",
        "P6\n3\n4\n255\n机密★10年\n",
        "P6 1 1 255 abcdef",
        "\n机密★10年\n" + "行文" * 80,
    ],
)
def test_a_text_that_begins_alike_stays_text(text: str) -> None:
    assert identify(Source.of(text.encode()), "a.txt").kind is Kind.TEXT


@pytest.mark.parametrize("name", ["targa", "packed targa", "pcx"])
def test_a_header_without_its_pixels_is_no_picture(name: str) -> None:
    data = PICTURES[name][1]
    cut = data[: 18 if name != "pcx" else 100]
    assert bare_picture(cut, Source.of(cut)) == ""
