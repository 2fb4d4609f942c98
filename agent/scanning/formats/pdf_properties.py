"""What a PDF says of itself, read from its objects: own properties too, which PDFium gives only by name."""

from __future__ import annotations

import re

from agent.scanning.formats.pdf_file import File
from agent.scanning.formats.pdf_objects import CannotTell, Stream, text_string

XMP = re.compile(rb"<x:xmpmeta.{0,2000000}?</x:xmpmeta>", re.S)
"""A packet of XMP properties lying open in the file."""


def opened(data: bytes) -> File | None:
    """The file's objects, to be read one by one; None where they cannot be told apart."""
    try:
        return File(data)
    except (CannotTell, RecursionError):
        return None


def information(file: File) -> dict[str, str]:
    """The properties of the information dictionary, own ones included. Raises `CannotTell`."""
    found = {}
    for key, value in file.entries(file.trailer.get("Info")).items():
        raw = file.resolve(value)
        if isinstance(raw, bytes):
            found[_key(key)] = _property(raw)
    return found


def _key(name: str) -> str:
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _property(raw: bytes) -> str:
    """A property's text; tools of old wrote GBK where PDFDocEncoding is due."""
    text = text_string(raw)
    if raw.startswith((b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf")) or raw.isascii():
        return text
    try:
        return f"{text}\n{raw.decode('gb18030')}"
    except UnicodeDecodeError:
        return text


def metadata(file: File) -> list[bytes]:
    """The XMP packet that the catalogue names, where there is one. Raises `CannotTell`."""
    stream = file.resolve(file.entries(file.trailer.get("Root")).get("Metadata"))
    return [file.decoded(stream)] if isinstance(stream, Stream) else []
