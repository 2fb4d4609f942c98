"""The structure of an OFD file: its documents, their pages, templates, notes, attachments (GB/T 33190-2016, 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from lxml import etree

from agent.scanning.formats.base import Reading, Source
from agent.scanning.formats.ofd_page import Resources, rectangle
from agent.scanning.formats.ooxml import attribute, child, local, resolved
from agent.scanning.formats.xmlzip import XmlZip

MOST_PAGES = 20_000
_TEXT_CODE = re.compile(rb"<(?:\w+:)?TextCode\b[^>]*>([^<]+)")
_ALONE = re.compile(rb"<(?:\w+:)?TextCode\b[^>]*>(?:[!-~]|[\xc2-\xf4][\x80-\xbf]{1,3})</")


class Attachment(msgspec.Struct):
    """A file that hangs on a document: the name a reader sees, and where it lies."""

    name: str
    part: str


class Document(msgspec.Struct):
    """One body of an OFD file."""

    information: etree._Element | None
    pages: list[str] = msgspec.field(default_factory=list)
    """Parts of the pages, in order; empty where one is missing."""
    numbers: dict[str, int] = msgspec.field(default_factory=dict)
    """Identifier of a page to its number, from 1."""
    templates: dict[str, str] = msgspec.field(default_factory=dict)
    notes: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """Identifier of a page and the part that holds its notes."""
    attachments: list[Attachment] = msgspec.field(default_factory=list)
    others: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """Word for a part and the part itself: custom tags, extensions."""
    titles: list[str] = msgspec.field(default_factory=list)
    """Titles of the outline and names of bookmarks."""
    resources: Resources = msgspec.field(default_factory=Resources)
    resource_text: bytes = b""
    area: tuple[float, float, float, float] | None = None


class OfdFile(XmlZip):
    """One OFD file: every part is found by the references, as a reader of the format would find it."""

    def __init__(self, source: Source, reading: Reading) -> None:
        super().__init__(source, reading)
        self._led_to: set[str] = set()
        self.encrypted = bool(self.spelled("Encryptions.xml"))
        """Whether some or all parts are encrypted (GM/T 0099-2020, annex C)."""

    def read(self, name: str) -> bytes | bytearray:
        """A part, as in `XmlZip`; remembers that something led to it."""
        self._led_to.add(self.spelled(name))
        return super().read(name)

    def stray(self) -> Iterator[str]:
        """Parts that nothing has led to so far: no reader shows them, but they go where the file goes."""
        for name in self.entries:
            if name not in self._led_to and name.lower().endswith(".xml"):
                yield name

    def text_of(self, part: str) -> bytes:
        """The text of a page or note, character by character as it stands in the file, for the sieve."""
        return b"".join(_TEXT_CODE.findall(plain(self.read(part))))

    def scattered(self, part: str) -> bool:
        """Whether characters stand alone in a page, so that only their places tell what they make together."""
        return len(_ALONE.findall(self.read(part))) > 1

    def located(self, here: str, target: str) -> str:
        """The part that a reference found in the part ``here`` leads to; empty where there is none.

        References are relative to the folder of the part, or begin at the root with a slash; some writers mean the
        root, or the document's own folder, without saying so.
        """
        target = target.strip()
        if not target:
            return ""
        folder = here.rpartition("/")[0]
        for start in (folder, "", folder.partition("/")[0]):
            if found := self.spelled(resolved(start, target)):
                return found
        return ""

    def documents(self) -> Iterator[Document]:
        """The bodies of the file; where the entry is lost, what looks like a document's root."""
        root = self.tree("OFD.xml")
        bodies = [] if root is None else [each for each in root if local(each) == "DocBody"]
        seen: set[str] = set()
        for body in bodies:
            information, place = child(body, "DocInfo"), child(body, "DocRoot")
            part = "" if place is None else self.located("OFD.xml", place.text or "")
            if not part and not self.encrypted:
                self.broken = True
            if part in seen:
                continue
            seen.add(part)
            yield self._document(part, information)
        if not bodies:
            self.broken |= not self.encrypted
            for name in self.entries:
                if name.lower().endswith("/document.xml"):
                    yield self._document(name, None)

    def _document(self, part: str, information: etree._Element | None) -> Document:
        document = Document(information)
        root = self.tree(part) if part else None
        for each in () if root is None else root:
            name = local(each)
            if name == "CommonData":
                self._common(each, part, document)
            elif name == "Pages":
                self._pages(each, part, document)
            elif name == "Annotations":
                self._notes(self.located(part, each.text or ""), document)
            elif name == "Attachments":
                self._attachments(self.located(part, each.text or ""), document)
            elif name == "CustomTags":
                self._tags(self.located(part, each.text or ""), document)
            elif name == "Extensions":
                document.others.append(("extensions", self.located(part, each.text or "")))
            elif name in ("Outlines", "Bookmarks"):
                words = (attribute(one, "Title") or attribute(one, "Name") for one in each.iter())
                document.titles += [word for word in words if word]
        return document

    def _common(self, common: etree._Element, part: str, document: Document) -> None:
        for each in common:
            name = local(each)
            if name == "PageArea":
                box = child(each, "PhysicalBox")
                document.area = None if box is None else rectangle(box.text or "")
            elif name == "TemplatePage":
                document.templates[attribute(each, "ID")] = self.located(part, attribute(each, "BaseLoc"))
            elif name in ("PublicRes", "DocumentRes"):
                place = self.located(part, each.text or "")
                root = self.tree(place) if place else None
                if root is not None:
                    document.resources.take(root)
                    document.resource_text += self.text_of(place)

    def _pages(self, pages: etree._Element, part: str, document: Document) -> None:
        for each in pages:
            if local(each) != "Page" or len(document.pages) >= MOST_PAGES:
                continue
            place = self.located(part, attribute(each, "BaseLoc"))
            if not place and not self.encrypted:
                self.broken = True
            document.pages.append(place)
            document.numbers.setdefault(attribute(each, "ID"), len(document.pages))

    def _notes(self, part: str, document: Document) -> None:
        root = self.tree(part) if part else None
        for page in () if root is None else root:
            place = child(page, "FileLoc")
            found = "" if place is None else self.located(part, place.text or "")
            if found:
                document.notes.append((attribute(page, "PageID"), found))

    def _attachments(self, part: str, document: Document) -> None:
        root = self.tree(part) if part else None
        for each in () if root is None else root:
            place = child(each, "FileLoc")
            found = "" if place is None else self.located(part, place.text or "")
            if found:
                ending = found.rpartition("/")[2].rpartition(".")[2].lower()
                name = attribute(each, "Name") or found
                if ending and not name.lower().endswith(f".{ending}"):
                    name = f"{name}.{ending}"
                document.attachments.append(Attachment(name, found))

    def _tags(self, part: str, document: Document) -> None:
        root = self.tree(part) if part else None
        for each in () if root is None else root:
            place = child(each, "FileLoc")
            if place is not None:
                document.others.append(("custom-tags", self.located(part, place.text or "")))


def plain(xml: bytes | bytearray) -> bytes | bytearray:
    """XML without the brackets of its CDATA sections and without its comments."""
    if b"<!" not in xml:
        return xml
    first, *rest = xml.split(b"<!--")
    joined = first + b"".join(piece.partition(b"-->")[2] for piece in rest)
    return joined.replace(b"<![CDATA[", b"").replace(b"]]>", b"")
