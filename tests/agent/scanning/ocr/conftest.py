"""Pages drawn on the spot, in a font of the system, and what reads them, loaded once."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.ocr import available

FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
BODY = (
    "根据年度工作安排,现将有关事项通知如下,请各单位认真贯彻执行。",
    "会议听取了项目组汇报,原则同意实施方案,要求进一步细化进度。",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave these tests out, and say so, where OCR or the font is not installed."""
    here = Path(__file__).parent
    if available.installed() and FONT.exists():
        return
    skip = pytest.mark.skip(reason="needs the extra ocr and the font wqy-microhei")
    for item in items:
        if item.path.is_relative_to(here) and "font" in getattr(item, "fixturenames", ()):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def font() -> Callable[[int], Any]:
    """The font in a size in pixels."""
    from PIL import ImageFont

    return lambda size: ImageFont.truetype(str(FONT), size)


Draw = Callable[..., Any]


@pytest.fixture(scope="session")
def page(font: Callable[[int], Any]) -> Draw:
    """Draws a page of an official paper at 75 dpi with a mark where it belongs; gives a picture of Pillow's."""
    from PIL import Image, ImageDraw

    def draw(
        mark: str = "",
        *,
        at: tuple[int, int] = (50, 60),
        ink: tuple[int, int, int] = (0, 0, 0),
        paper: int = 255,
        text: tuple[str, ...] = BODY,
        size: tuple[int, int] = (620, 840),
        black: tuple[int, int, int] = (20, 20, 20),
    ) -> Any:
        picture = Image.new("RGB", size, (paper, paper, paper))
        pen = ImageDraw.Draw(picture)
        pen.text((130, 130), "滨海市发展和改革局文件", font=font(34), fill=(200, 20, 20))
        pen.text((200, 220), "年度工作安排通知", font=font(26), fill=black)
        for row, line in enumerate(text):
            pen.text((50, 300 + 34 * row), line, font=font(18), fill=black)
        pen.text((380, 740), "2023年5月6日", font=font(18), fill=black)
        if mark:
            pen.text(at, mark, font=font(24), fill=ink)
        return picture

    return draw


@pytest.fixture(scope="session")
def saved() -> Callable[..., bytes]:
    """A picture of Pillow's as the bytes of a file."""

    def save(picture: Any, kind: str = "PNG", **options: Any) -> bytes:
        written = io.BytesIO()
        picture.save(written, kind, **options)
        return written.getvalue()

    return save
