"""Pictures of a kind that OCR reads: png, jpg, tif, bmp, webp, gif, jp2, pnm, tga, pcx. Without OCR: unsupported."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats import picture_words
from agent.scanning.formats.base import MiB, OnlyPictures, Picture, Piece, Reading, Source

NAME = "picture"
MEDIA_TYPES = (
    "image/png",
    "image/jpeg",
    "image/tiff",
    "image/bmp",
    "image/webp",
    "image/gif",
    "image/jp2",
    "image/x-pcx",
    "image/x-portable-anymap",
    "image/x-tga",
)
LIMITS = {"file bytes": 256 * MiB, "frames": 200}
LIMITATIONS = (
    "Read only where the extra ocr is installed; HEIC, JPEG XL and PSD are not read.",
    "From page 2 of a file on, the top third and the bottom fifth of each page are read first; what is between, as far "
    "as half of the time for the file goes.",
    "Of an animation the first frame is read; a page on which a marking was found is not read further.",
    "Of what is said beside the pixels Exif, XMP, IPTC and the comments of JPEG, PNG and GIF are read.",
    "Words written by hand, and characters below some 10 pixels of height, are not recognised.",
)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """The words that the file carries beside its pixels, then the one picture that it is."""
    yield from picture_words.passages(source, reading)
    yield Picture(lambda: source.read(LIMITS["file bytes"]))
    raise OnlyPictures("the file is a picture")
