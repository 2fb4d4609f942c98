"""Pictures to pixels: the limits come before the first pixel is unpacked, what is seen through is laid on white."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from agent.scanning.formats.base import Drawn, NotExamined
from agent.scanning.ocr.engine import Pixels
from protocol.records import Reason

MOST_PIXELS = 120_000_000
"""Pixels of one frame: an A0 drawing at 300 dpi has some more, all of A1 less."""
SPARSE = 400
"""Pixels that a byte of the file may stand for, above which a frame beyond the limit is taken for a bomb."""
MOST_FRAMES = 200
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "DIB", "WEBP", "GIF", "JPEG2000", "PPM", "TGA", "PCX")
"""What Pillow may try: nothing that starts a program (EPS) or that no office has."""
SHORT_SIDE, LONG_SIDE = 1240, 1754
"""Pixels of A4 at 150 dpi: what is larger is made smaller."""
LARGE_SIDE = 2600
"""Pixels to which the long side of a drawing far larger than a page is brought."""
DRAWING = 6000
"""Pixels of the long side from which a picture is taken for a drawing."""
STRIP = 2.2
"""Height over width (or the other way round) from which a picture is a strip of several screens."""
LONGEST_STRIP = 16
"""Screens of a strip that are looked at."""


def frames(data: bytes) -> Iterator[Pixels]:
    """Each frame of a picture, upright as its camera says, at the size at which text is read; of a GIF the first.

    Raises `NotExamined` ``damaged``, ``bomb``, ``too-large`` or ``unsupported``.
    """
    with _told(), Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        count = 1 if picture.format in ("GIF", "WEBP", "PNG", "MPO") else getattr(picture, "n_frames", 1)
        for number in range(min(count, MOST_FRAMES)):
            picture.seek(number)
            yield _pixels(picture, len(data))
    if count > MOST_FRAMES:
        raise NotExamined(Reason.TOO_LARGE, "the picture has too many pages")


def drawn(page: Drawn) -> Pixels:
    """A page that was drawn for us, as pixels."""
    rows = np.frombuffer(page.data, np.uint8).reshape(page.height, page.stride)
    return np.ascontiguousarray(rows[:, : 3 * page.width].reshape(page.height, page.width, 3))


def wanted(width: int, height: int) -> float:
    """By how much a picture is made smaller (≤ 1) before it is looked at."""
    short, long = sorted((max(width, 1), max(height, 1)))
    if long > STRIP * short:
        return min(1.0, SHORT_SIDE / short)
    return min(1.0, (LARGE_SIDE if long >= DRAWING else LONG_SIDE) / long)


def _pixels(picture: Image.Image, size: int) -> Pixels:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        sparse = width * height > SPARSE * max(size, 1)
        raise NotExamined(Reason.BOMB if sparse else Reason.TOO_LARGE, "the picture has too many pixels")
    long = max(1, round(wanted(width, height) * max(width, height)))
    if long < max(width, height):
        share = long / max(width, height)
        # JPEG is unpacked at a half, a quarter or an eighth of its size, whichever is enough.
        picture.draft("RGB", (max(1, round(width * share)), max(1, round(height * share))))
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        upright = _grey(upright)
    if "A" in upright.getbands() or "transparency" in upright.info:
        upright = _on_white(_smaller(upright.convert("RGBA"), long))
    else:
        upright = _smaller(upright.convert("L" if upright.mode == "1" else "RGB"), long)
    limit = round(LONGEST_STRIP * STRIP * SHORT_SIDE)
    rgb = np.asarray(upright.convert("RGB"))[:limit, :limit]
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _smaller(picture: Image.Image, long: int) -> Image.Image:
    """The picture with a long side of ``long`` pixels, if it is longer."""
    share = long / max(picture.size)
    if share >= 1:
        return picture
    target = max(1, round(picture.width * share)), max(1, round(picture.height * share))
    return picture.resize(target, Image.Resampling.BOX, reducing_gap=2.0)


def _grey(picture: Image.Image) -> Image.Image:
    """Sixteen bits or more of grey, brought to eight over the range that is used."""
    values = np.asarray(picture).astype(np.float32)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    spread = (np.nan_to_num(values, nan=low) - low) * (255.0 / max(high - low, 1e-6))
    return Image.fromarray(spread.clip(0, 255).astype(np.uint8))


def _on_white(picture: Image.Image) -> Image.Image:
    """What is seen through, on white; white lettering on nothing would vanish there and is laid on black."""
    values = np.asarray(picture)
    seen = values[..., 3] > 127
    bright = seen.any() and float(values[..., :3][seen].mean()) > 200 and float(seen.mean()) < 0.6
    ground = Image.new("RGBA", picture.size, (0, 0, 0, 255) if bright else (255, 255, 255, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


@contextmanager
def _told() -> Iterator[None]:
    """Whatever a decoder says of bad bytes, as our own words; limits are ours, so that its warnings are not needed."""
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError as error:
        raise NotExamined(Reason.DAMAGED, "the picture cannot be opened") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise NotExamined(Reason.DAMAGED, "the picture is damaged") from error
