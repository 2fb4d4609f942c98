"""What reading a picture costs: processor seconds and memory for the parts of an A4 page at 150 dpi, on one thread.

    python -m bench.pictures [PICTURE…]

Without names a page is drawn. The parts are those that a scan looks at, in its order; the targets are 3 seconds for the
top left and 8 seconds for the top third.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from agent.scanning.ocr.loading import load

FONT = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
A4 = (1240, 1754)
LINE = "储备点位共十一处,具体位置及数量见附表,未经批准不得变更。"


def drawn() -> Image.Image:
    """A full page of an official paper."""
    page = Image.new("RGB", A4, (250, 249, 246))
    pen = ImageDraw.Draw(page)
    pen.text((165, 150), "机密★10年", font=ImageFont.truetype(FONT, 33), fill=(20, 20, 20))
    pen.text((250, 300), "滨海市发展和改革局文件", font=ImageFont.truetype(FONT, 66), fill=(200, 30, 30))
    for row in range(24):
        pen.text((165, 560 + 46 * row), LINE, font=ImageFont.truetype(FONT, 31), fill=(30, 30, 30))
    return page


def main() -> None:
    """Print one line a picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="*", type=Path)
    options = parser.parse_args()
    began = time.process_time()
    reader = load(600.0)
    print(f"loaded in {time.process_time() - began:.2f} s, {_memory()} MB")
    pages = [(path.name, Image.open(path).convert("RGB")) for path in options.pictures] or [("drawn", drawn())]
    for name, page in pages:
        width, height = page.size
        parts = (
            ("top left", (width // 2, height // 3)),
            ("top third", (width, height // 3)),
            ("whole page", page.size),
        )
        for part, (right, bottom) in parts:
            seconds, letters = _read(reader, page.crop((0, 0, right, bottom)))
            print(f"{name}: {part}: {seconds:.2f} s, {letters} characters, {_memory()} MB so far")


def _read(reader: object, page: Image.Image) -> tuple[float, int]:
    from agent.scanning.formats.base import Drawn, Picture
    from agent.scanning.ocr.reader import Reader

    assert isinstance(reader, Reader)
    data = page.tobytes("raw", "BGR")
    picture = Picture(lambda: Drawn(page.width, page.height, 3 * page.width, data))
    reader.begin()
    began = time.process_time()
    letters = sum(len(passage.text) for passage in reader.look(picture, lambda _: False))
    return time.process_time() - began, letters


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
