"""Electronic books (.epub): the chapters in their order, each read as a page of HTML, and its properties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from lxml import etree
from msgspec.structs import replace

from agent.scanning.formats import html
from agent.scanning.formats.base import NotExamined, Piece, Reading, Source
from agent.scanning.formats.ooxml import all_text, attribute, local, resolved
from agent.scanning.formats.xmlzip import MEMBER_BYTES, PART_BYTES, XmlZip
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "epub"
MEDIA_TYPES = ("application/epub+zip",)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES, "chapters": 10_000}
LIMITATIONS = (
    "Pictures, sound and scripts in the book are not read.",
    "Only the first chapter with text is taken for a first page.",
)

_CHAPTER = re.compile(r"(?i)\.(?:xhtml?|html?)$")
_EMBEDDED = re.compile(r"(?i)\.(?:pdf|docx?|xlsx?|pptx?|ofd|zip|rtf|txt)$")
_FRONT = {Zone.P1_TOP_LEFT: Zone.BODY, Zone.P1_BLOCK: Zone.BODY}
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Ways of making fonts unreadable, which is no encryption of the text."""
_LONGEST = 400


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the files inside, the properties and the passages of each chapter where a literal of some rule is in it.

    Raises `NotExamined`: ``encrypted`` where chapters are locked, ``damaged`` where there is nothing to read.
    """
    file = XmlZip(source, reading)
    book = _package(file)
    root = file.tree(book) if book else None
    yield from _properties(file, root)
    chapters = _chapters(file, root, book.rpartition("/")[0])
    locked = _locked(file)
    front = True
    for part in chapters[: LIMITS["chapters"]]:
        if part in locked:
            continue
        page = bytes(file.read(part))
        for passage in html.pieces(Source.of(page), reading):
            if isinstance(passage, Passage) and not front:
                passage = replace(passage, zone=_FRONT.get(passage.zone, passage.zone))
            yield passage
        front &= not _has_text(page)
    for name in file.entries:
        if _EMBEDDED.search(name):
            yield file.member(name)
    if locked:
        raise NotExamined(Reason.ENCRYPTED, "chapters of the book are locked (digital rights management)")
    if file.problem is not None:
        raise file.problem
    if not chapters:
        raise NotExamined(Reason.DAMAGED, "the book has no chapter")
    if len(chapters) > LIMITS["chapters"]:
        raise NotExamined(Reason.TOO_LARGE, "the book has too many chapters")


def _package(file: XmlZip) -> str:
    """The part that describes the book."""
    root = file.tree("META-INF/container.xml")
    for each in () if root is None else root.iter("{*}rootfile"):
        if name := file.spelled(unquote(attribute(each, "full-path"))):
            return name
    return next((name for name in file.entries if name.lower().endswith(".opf")), "")


def _properties(file: XmlZip, root: etree._Element | None) -> Iterator[Passage]:
    if root is None:
        return
    for block in root:
        for each in block if local(block) == "metadata" else ():
            name = attribute(each, "property") or attribute(each, "name") or local(each)
            value = ("".join(all_text(each)) or attribute(each, "content")).strip()
            if value and file.hit(f"{name} {value}".encode("utf-8", "replace")):
                yield Passage(Zone.DOC_PROPERTY, value[:_LONGEST], Place(part="core-properties"), name=name)


def _chapters(file: XmlZip, root: etree._Element | None, folder: str) -> list[str]:
    """The parts of the book's spine in their order, then other pages that lie in the file."""
    found: dict[str, None] = {}
    if root is not None:
        parts = {attribute(each, "id"): attribute(each, "href") for each in root.iter("{*}item")}
        for each in root.iter("{*}itemref"):
            name = file.spelled(resolved(folder, unquote(parts.get(attribute(each, "idref"), "")).partition("#")[0]))
            if name:
                found[name] = None
    return [*found, *(name for name in file.entries if _CHAPTER.search(name) and name not in found)]


def _locked(file: XmlZip) -> set[str]:
    """The parts that are encrypted, fonts aside."""
    root = file.tree("META-INF/encryption.xml")
    found: set[str] = set()
    for each in () if root is None else root.iter("{*}EncryptedData"):
        ways = [attribute(way, "Algorithm") for way in each if local(way) == "EncryptionMethod"]
        if not all(way in _FONTS_ONLY for way in ways):
            found.update(file.spelled(unquote(attribute(one, "URI"))) for one in each.iter("{*}CipherReference"))
    return {name for name in found if _CHAPTER.search(name)}


def _has_text(page: bytes) -> bool:
    _, _, body = page.partition(b"<body")
    return any(piece.strip() for piece in re.findall(rb">([^<]+)", body))
