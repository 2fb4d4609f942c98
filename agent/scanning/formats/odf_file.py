"""The parts of an OpenDocument file, zipped or flat, what of them the sieve must see, and the files inside."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats import corners, metafile
from agent.scanning.formats.base import Member, NotExamined, Reading, Source
from agent.scanning.formats.careful_xml import in_utf8
from agent.scanning.formats.corners import Told
from agent.scanning.formats.ooxml import stripped
from agent.scanning.formats.xmlzip import MEMBER_BYTES, PART_BYTES, Parser, XmlZip
from protocol.records import Reason
from signatures.passages import Passage

__all__ = ["MEMBER_BYTES", "PART_BYTES", "OdfFile"]

_CONTENT, _STYLES, _META = "content.xml", "styles.xml", "meta.xml"
_NO_MEMBER = re.compile(
    r"(?i)^(?:META-INF/|Configurations2?/|Thumbnails/|Pictures/|Media/|ObjectReplacements/|Basic/|Dialogs/|"
    r"Fonts/|Gradients/|Bitmaps/|mimetype$|layout-cache$|versionlist\.xml$|[^/]+\.(?:xml|rdf)$)"
    r"|/(?:styles|meta|settings)\.xml$|\.(?:rdf|png|svm|wmf|emf|jpe?g|gif)$"
)
"""Names of what belongs to the document itself or is a picture; everything else is a file in its own right."""
_WORDS = re.compile(rb"""(?:table:name|office:string-value|form:\w+|draw:name)=(?:"([^"]{2,4000})"|'([^']{2,4000})')""")
"""Attributes whose words a reader sees: names of sheets, strings of cells, labels of forms."""
_BESIDE = re.compile(r"^(?:Basic/.+|META-INF/\w*signatures|settings)\.xml$")
_IN_CELLS = frozenset({b"p", b"span", b"a"})
"""Elements of a workbook whose texts were told, but for what is struck through."""
_NEVER_SEEN = re.compile(rb"<(?:\w+:)?binary-data>[^<]*</")
_ENCRYPTED_PART = re.compile(
    rb"""full-path=["'](?:content\.xml|encrypted-package)["'](?:(?!</(?:\w+:)?file-entry>)[^\0]){0,4000}?encryption-data"""
)


class OdfFile:
    """One document: the XML of its content, styles and properties. Flat files have one XML for all three."""

    def __init__(self, source: Source, reading: Reading) -> None:
        self._reading = reading
        self._zip: XmlZip | None = None
        self._parser: Parser
        self._roots: dict[str, etree._Element | None] = {}
        self._damaged: NotExamined | None = None
        if source.head(4).startswith(b"PK"):
            self._parser = self._zip = XmlZip(source, reading)
            self._refuse_encrypted(self._zip)
            self.content = self._zip.read(_CONTENT)
            """The XML that holds the text; empty where there is none."""
            self._styles, self._meta = self._zip.read(_STYLES), self._zip.read(_META)
        else:
            self._parser = Parser(reading)
            reading.budget.spend(source.size)
            self.content = self._styles = self._meta = in_utf8(source.read(PART_BYTES))

    @staticmethod
    def _refuse_encrypted(package: XmlZip) -> None:
        manifest = package.read("META-INF/manifest.xml")
        if b"encryption-data" in manifest and (
            _ENCRYPTED_PART.search(manifest) or package.spelled("encrypted-package")
        ):
            raise NotExamined(Reason.ENCRYPTED, "a password is needed")

    def worth(self) -> bool:
        """Whether a literal of some rule is in the text, in a header or footer, or among the properties."""
        content = self.content
        if self._zip is None and b"binary-data>" in content:
            content = _NEVER_SEEN.sub(b"", content)
        texts = [stripped(content, attributes=False), bytes(content)]
        if self._zip is not None:
            # What stands before the master pages are names and figures; they make nine tenths of the part.
            masters = self._styles[max(0, self._styles.find(b"master-styles")) :]
            texts += [stripped(masters, attributes=False), bytes(self._styles), bytes(self._meta)]
            texts += [bytes(self._zip.read(name)) for name in self._beside()]
        return self._parser.hit(b"\0".join(texts))

    def _beside(self) -> list[str]:
        """Names of the parts that hold macros in Basic, settings, and what signers remarked."""
        return [] if self._zip is None else [name for name in self._zip.entries if _BESIDE.search(name)]

    def corners(self, told: Told) -> Iterator[Passage]:
        """What no passage has told yet: prompts, names, formulas, formats, prefixes of lists, macros, settings."""
        parts = [self.content]
        if self._zip is not None:
            parts += [self._styles, self._meta, *map(self._zip.read, self._beside())]
        for xml in parts:
            plain = _NEVER_SEEN.sub(b"", xml) if b"binary-data>" in xml else xml
            but = _IN_CELLS if b"spreadsheet>" in xml else frozenset()
            yield from corners.values(plain, self._reading, told, but=but)

    def hit_xml(self, xml: bytes) -> bool:
        """Whether a literal of some rule is in the text of this piece of the content."""
        return self._parser.hit(b"\0".join((stripped(xml, attributes=False), *_words(xml))))

    def content_root(self) -> etree._Element | None:
        """The content, parsed."""
        return self._root(_CONTENT, self.content)

    def styles_root(self) -> etree._Element | None:
        """The styles and master pages, parsed."""
        return self._root(_STYLES, self._styles)

    def meta_root(self) -> etree._Element | None:
        """The properties, parsed."""
        return self._root(_META, self._meta)

    def _root(self, name: str, xml: bytes | bytearray) -> etree._Element | None:
        name = name if self._zip is not None else _CONTENT
        if name not in self._roots:
            self._roots[name] = self._parser.parsed(xml)
        return self._roots[name]

    def mark_broken(self) -> None:
        """Remember that a part could not be read whole."""
        self._parser.broken = True

    @property
    def problem(self) -> NotExamined | None:
        """What of the file was lost; None where all could be read."""
        if self._zip is not None:
            return self._zip.problem
        if self._parser.broken:
            return NotExamined(Reason.DAMAGED, "a part of the document is damaged")
        return None

    # --- files inside ------------------------------------------------------------------------------------------

    def members(self) -> Iterator[Member]:
        """Files embedded in the document: of an embedded document its content, of an OLE object all of it."""
        if self._zip is None:
            yield from self._inline_members()
            return
        for name in self._zip.entries:
            if not _NO_MEMBER.search(name):
                yield self._zip.member(name)

    def drawings(self) -> Iterator[Passage]:
        """What drawings of Windows say that were pasted into the document."""
        if self._zip is None:
            return
        for name in self._zip.entries:
            if name.lower().endswith((".emf", ".wmf")):
                yield from metafile.passages(self._zip.member(name).data or b"", self._reading)

    def _inline_members(self) -> Iterator[Member]:
        if b"object-ole" not in self.content:
            return
        number = 0
        for found in _OBJECT_OLE.finditer(self.content):
            number += 1
            try:
                data = base64.b64decode(found[1])
            except binascii.Error:
                self.mark_broken()
                continue
            yield Member(f"Object {number}", data, len(data))


_OBJECT_OLE = re.compile(rb"<(?:\w+:)?object-ole\b[^>]*>\s*<(?:\w+:)?binary-data>([^<]*)</")


def _words(xml: bytes | bytearray) -> list[bytes]:
    return [one or other for one, other in _WORDS.findall(xml)]
