"""Office Open XML as one XML file instead of a zip ("Flat OPC"): its parts are put together again and read as usual."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats import docx, markup, pptx, xlsx
from agent.scanning.formats.base import MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.careful_xml import in_utf8
from agent.scanning.formats.mime import base64_bytes
from agent.scanning.formats.ooxml import attribute, child, local
from agent.scanning.formats.xmlzip import Parser
from protocol.records import Reason

NAME = "flat_opc"
MEDIA_TYPES = ("application/vnd.ms-office-flat-opc+xml",)
LIMITS = {"file bytes": 128 * MiB, "parts": 10_000}
LIMITATIONS = ("What is said of the zipped forms of Word, Excel and PowerPoint holds here too.",)

_READERS = (("word/", docx.pieces), ("xl/", xlsx.pieces), ("ppt/", pptx.pieces))

_LONGEST_NAME = 1_000


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield what the reader of the zipped form yields. Raises `NotExamined` where no document is inside."""
    raw = in_utf8(markup.plain_bytes(source.read(LIMITS["file bytes"])))
    reading.budget.spend(len(raw))
    parser = Parser(reading)
    root = parser.parsed(raw)
    package, names = _zipped(root)
    reader = next((each for folder, each in _READERS if any(name.startswith(folder) for name in names)), None)
    if reader is None:
        raise NotExamined(Reason.DAMAGED, "the document has no text part")
    yield from reader(Source.of(package), reading)
    if parser.broken:
        raise NotExamined(Reason.DAMAGED, "a part of the document is damaged")


def _zipped(root: etree._Element | None) -> tuple[bytes, list[str]]:
    """The parts as a zip, not packed, and their names."""
    out = io.BytesIO()
    names: dict[str, None] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        for part in () if root is None else root:
            name = attribute(part, "name").lstrip("/")
            if local(part) != "part" or not 0 < len(name) <= _LONGEST_NAME or name in names:
                continue
            if len(names) >= LIMITS["parts"]:
                raise NotExamined(Reason.TOO_LARGE, "the document has too many parts")
            names[name] = None
            package.writestr(zipfile.ZipInfo(name), _content(part))
    return out.getvalue(), list(names)


def _content(part: etree._Element) -> bytes:
    xml, binary = child(part, "xmlData"), child(part, "binaryData")
    if xml is not None and len(xml):
        return etree.tostring(xml[0], encoding="utf-8", with_tail=False)
    return b"" if binary is None else base64_bytes((binary.text or "").encode("utf-8", "replace"))
