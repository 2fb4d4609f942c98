"""What the three Office Open XML formats share: the package, its text parts, the sieve, careful XML.

A package is read at two speeds. First every part that can carry text is unpacked, its tags are dropped and the rest
is offered to the sieve; styles, themes, settings and the like are never unpacked. Only where a literal of some rule
is in it are the parts parsed, and then all of them, because a marking is judged by what stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from lxml import etree

from agent.scanning.formats import corners, metafile, ole_objects, vba
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.careful_xml import in_utf8, parsed
from agent.scanning.formats.corners import Told
from agent.scanning.formats.known_parts import LARGEST, KnownParts
from agent.scanning.formats.ole import MAGIC
from agent.scanning.formats.ooxml_names import Kind, kind_of
from agent.scanning.formats.zipdir import ZipDirectory
from agent.scanning.formats.zipentry import Entry
from protocol.records import Reason
from signatures.passages import Passage

PART_BYTES = 128 * MiB
"""Bytes of one part, unpacked; a larger one is left out and the file ends as ``too-large``."""
MEMBER_BYTES = 64 * MiB
"""Bytes of one embedded file."""
_PAGE_NUMBER = re.compile(r"第\s*\d*\s*页|共\s*\d*\s*页|\b[Pp]age\s*\d+(?:\s*of\s*\d+)?|[-–—]\s*\d+\s*[-–—]")
_KEPT_BYTES = 8 * MiB
_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"
_SIEVED_AT_ONCE = 4 * MiB

ENCODINGS = frozenset({"utf-8", "ent"})
"""What XML text can be once it is in UTF-8: characters or numeric references."""

LABELS = re.compile(r"(?i)^(?:docmetadata/labelinfo|docprops/custom)\.xml$")
"""The parts that hold sensitivity labels."""
_TEXT = re.compile(rb">([^<]+)")
_TELLING_ATTRIBUTES = (b"string=", b"descr=", b"title=")
"""Attributes that hold words a reader sees: VML text path, alternative texts."""


class Package:
    """One Office Open XML file: its parts by name, unpacked when asked for, and what could not be had."""

    def __init__(self, source: Source, reading: Reading) -> None:
        self._directory = ZipDirectory(source)
        self._reading = reading
        self._kept: dict[str, bytes | bytearray] = {}
        self._problem: NotExamined | None = None
        self.parts: dict[str, Entry] = {}
        """Text parts by name as it stands in the zip, leading slash dropped."""
        self._rest: dict[str, Entry] = {}
        self._corners: list[str] = []
        self._strange: list[str] = []
        """Parts whose names tell nothing: drawings, and text under a name of somebody's own."""
        self._embedded: list[str] = []
        self._drawings: list[str] = []
        self._spelled: dict[str, str] = {}
        self._empty: set[str] = set()
        """Parts that are known to hold no literal."""
        for entry in self._directory.entries:
            raw = entry.raw
            name = (raw.decode("ascii") if raw.isascii() else entry.name).replace("\\", "/").lstrip("/")
            kind = kind_of(raw)
            (self.parts if kind is Kind.TEXT else self._rest)[name] = entry
            if kind is Kind.FILE:
                self._embedded.append(name)
            elif kind is Kind.CORNER:
                self._corners.append(name)
            elif kind is Kind.STRANGE:
                self._strange.append(name)
            elif kind is Kind.DRAWING:
                self._drawings.append(name)

    def others(self, pattern: re.Pattern[str]) -> list[str]:
        """Names of the parts that are no text that the pattern finds, in the order of their numbers."""
        return sorted((name for name in self._rest if pattern.search(name)), key=_by_number)

    def names(self, pattern: re.Pattern[str]) -> list[str]:
        """Names of the text parts that the pattern finds, those with numbers in the order of their numbers."""
        return sorted((name for name in self.parts if pattern.search(name)), key=_by_number)

    def spelled(self, name: str) -> str:
        """The name as it is spelled in this zip: names of parts are the same in either case (ECMA-376-2)."""
        if name in self.parts or name in self._rest:
            return name
        if not self._spelled:
            self._spelled = {known.lower(): known for known in (*self._rest, *self.parts)}
        return self._spelled.get(name.lower(), name)

    def read(self, name: str) -> bytes | bytearray:
        """The XML of a part in UTF-8; empty where there is none or it cannot be had (then the file ends so)."""
        if name not in self._kept:
            data = in_utf8(self.raw(name))
            if len(data) > _KEPT_BYTES:
                return data
            self._kept[name] = data
        return self._kept[name]

    def raw(self, name: str) -> bytes | bytearray:
        """The bytes of a part as they are; empty where there is none or it cannot be had (then the file ends so)."""
        name = self.spelled(name)
        entry = self.parts.get(name) or self._rest.get(name)
        if entry is None:
            return b""
        try:
            return self._directory.read(entry, self._reading.budget, PART_BYTES, bombs=False)
        except NotExamined as problem:
            self._problem = self._problem or problem
            return b""

    def worth(self, extra: Iterable[bytes] = (), only: re.Pattern[str] | None = None) -> bool:
        """Whether a literal of some rule is in the text of any part, or in ``extra``.

        ``only`` names the parts to look at; the caller then offers the others' text itself, through ``extra``.
        """
        if self._reading.labels and self._labelled():
            return True
        self._corners += [name for name in self._strange if self.read(name)[:64].lstrip(_BEFORE_XML)[:1] == b"<"]
        self._strange = []
        known = self._reading.known_parts
        waiting: list[bytes | bytearray] = []
        marks: list[bytes] = []
        size = 0
        for name in (*self.parts, *self._corners):
            if only is None or only.search(name):
                mark = None if known is None else self._mark(name, known)
                if known is not None and mark is not None:
                    if mark in known:
                        self._empty.add(name)
                        continue
                    marks.append(mark)
                # Many small parts are dealt with in one go: a call costs more than their bytes do.
                waiting.append(self.read(name))
                size += len(waiting[-1])
                if size > _SIEVED_AT_ONCE:
                    if self._in_any(waiting):
                        return True
                    waiting, size = [], 0
        if self._in_any(waiting, extra):
            return True
        if known is not None and self._problem is None and self._directory.problem is None:
            known.add(marks)  # what could not be read whole is to be told of the next file as well
        return False

    def _mark(self, name: str, known: KnownParts) -> bytes | None:
        """What stands for a part that may be another document's too; None for one that is kept or read otherwise."""
        entry = self.parts.get(name) or self._rest.get(name)
        packed = b"" if entry is None or name in self._kept else self._directory.packed(entry, LARGEST)
        return known.mark_of(packed) if packed else None

    def _in_any(self, parts: list[bytes | bytearray], extra: Iterable[bytes] = ()) -> bool:
        """Whether a literal is in the text of these parts or, as in `corners`, in a value in one of their tags."""
        whole = b"".join(parts)
        return self.hit(b"\0".join((stripped(whole, attributes=False), whole, *extra)))

    def corners(self, told: Told, *, but: Mapping[str, frozenset[bytes]] | None = None) -> Iterator[Passage]:
        """What no passage has told yet of the values in any part; ``but`` as in `corners.values`, by part."""
        for name in (*self.parts, *self._corners):
            if name in self._empty:
                continue
            yield from corners.values(self.read(name), self._reading, told, but=(but or {}).get(name, frozenset()))

    def _labelled(self) -> bool:
        """Whether the document has a sensitivity label, or a property of its own that may stand for one."""
        return any(
            (b"labelList" in xml) if "label" in name.lower() else b"<property" in xml
            for name in self.names(LABELS)
            if (xml := self.read(name))
        )

    def hit(self, text: bytes) -> bool:
        """Whether a literal of some rule is in this text."""
        return self._reading.worth(text, encodings=ENCODINGS)

    def tree(self, name: str) -> etree._Element | None:
        """The part, parsed; None where nothing of it can be."""
        return self.parsed(self.read(name))

    def parsed(self, xml: bytes | bytearray) -> etree._Element | None:
        """XML, parsed without entities, network or trust; what is broken is remembered."""
        root, broken = parsed(xml)
        if broken:
            self.mark_damaged()
        return root

    def mark_damaged(self) -> None:
        """Remember that a part could not be read whole."""
        self._directory.mark_damaged("a part of the document is damaged")

    def relations(self, name: str) -> dict[str, str]:
        """Relation id to the name of the part it leads to, for one part; also by type, as ``type:slideLayout``."""
        folder, _, base = name.rpartition("/")
        path = f"{folder}/_rels/{base}.rels" if folder else f"_rels/{base}.rels"
        root = self.parsed(self.read(path))
        found: dict[str, str] = {}
        for relation in () if root is None else root:
            if not isinstance(relation.tag, str) or relation.get("TargetMode") == "External":
                continue
            target = self.spelled(resolved(folder, relation.get("Target", "")))
            found[relation.get("Id", "")] = target
            found[f"type:{relation.get('Type', '').rpartition('/')[2]}"] = target
        return found

    def members(self) -> Iterator[Member]:
        """Files embedded in the document, to be read in turn."""
        for name in self._embedded:
            entry = self._rest[name]
            try:
                data = bytes(self._directory.read(entry, self._reading.budget, MEMBER_BYTES))
            except NotExamined as problem:
                yield Member(name, None, max(entry.size, 0), problem)
            else:
                if data.startswith(MAGIC):
                    yield from ole_objects.unwrapped(name, data, self._reading)
                else:
                    yield Member(name, data, len(data))

    def macros(self) -> Iterator[Passage]:
        """Strings and comments of the macros."""
        for name in self._rest:
            if name.lower().endswith("vbaproject.bin"):
                yield from vba.of_project(bytes(self.raw(name)), self._reading)

    def drawings(self) -> Iterator[Passage]:
        """What drawings of Windows say that were pasted into the document, each once."""
        for name in self._drawings:
            yield from metafile.passages(bytes(self.raw(name)), self._reading)

    def finish(self, main: str = "") -> None:
        """Raise `NotExamined` where a part was lost, or where no text part lies in the folder ``main``."""
        if self._problem is not None:
            raise self._problem
        if self._directory.problem is not None:
            raise self._directory.problem
        if main and not any(name.lower().startswith(main) for name in self.parts):
            raise NotExamined(Reason.DAMAGED, "the document has no text part")


def pieces(
    source: Source, reading: Reading, main: str, passages: Callable[[Package], Iterator[Passage]]
) -> Iterator[Piece]:
    """The files embedded in a package and, where a rule's literal is in its text, the ``passages`` of all of it.

    ``main`` is the folder of the document's own parts; without one the file ends as ``damaged``.
    """
    package = Package(source, reading)
    yield from package.members()
    yield from package.macros()
    yield from package.drawings()
    if package.worth():
        told = Told()
        yield from told.through(passages(package))
        yield from package.corners(told)
    package.finish(main)


def stripped(xml: bytes | bytearray, *, attributes: bool = True) -> bytes:
    """The text of a part without its tags, and the ``attributes`` that a reader sees, for the sieve."""
    if b"noBreakHyphen" in xml:
        xml = xml.replace(b"<w:noBreakHyphen/>", b"<w:t>-</w:t>")
    if b"!" in xml and b"<!" in xml:
        first, *rest = xml.split(b"<!--")
        xml = first + b"".join(piece.partition(b"-->")[2] for piece in rest)
        xml = xml.replace(b"<![CDATA[", b"").replace(b"]]>", b"")
    if b"<w:rt>" in xml:  # readings over words, which part these
        first, *rest = xml.split(b"<w:rt>")
        xml = first + b"".join(piece.partition(b"</w:rt>")[2] for piece in rest)
    if len(xml) <= _SIEVED_AT_ONCE:
        text = b"".join(_TEXT.findall(xml))
    else:
        text = b"".join(b"".join(_TEXT.findall(xml, begin, end)) for begin, end in slices(xml))
    for marker in _TELLING_ATTRIBUTES if attributes else ():
        if marker in xml:
            text += b"\0" + b"\0".join(_values(xml, marker))
    return text


def slices(xml: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Begin and end of pieces of a large part; each ends before a tag, so that no text is cut."""
    begin = 0
    while begin < len(xml):
        end = xml.find(b"<", begin + _SIEVED_AT_ONCE)
        end = len(xml) if end < 0 else end
        yield begin, end
        begin = end


def _values(xml: bytes | bytearray, marker: bytes) -> list[bytes]:
    values: list[bytes] = []
    for rest in xml.split(marker)[1:]:
        quote = rest[:1]
        end = rest.find(quote, 1)
        if end > 1:
            values.append(bytes(rest[1:end]))
    return values


def local(element: etree._Element) -> str:
    """The name of an element without its namespace, so that strict and transitional files are one."""
    return _local(element.tag)


@lru_cache(maxsize=4096)
def _local(tag: object) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def attribute(element: etree._Element, name: str) -> str:
    """The value of an attribute by its local name; empty where there is none."""
    if not local(element):
        return ""  # an entity or the like, which has none
    for key, value in element.items():
        if _local(key) == name:
            return str(value)
    return ""


def child(element: etree._Element, *path: str) -> etree._Element | None:
    """The first descendant along a path of local names, or None."""
    here = element
    for name in path:
        for each in here:
            if _local(each.tag) == name:
                here = each
                break
        else:
            return None
    return here


def all_text(element: etree._Element) -> Iterator[str]:
    """The texts in and below an element, in order; entities, which nobody resolves, are passed over."""
    if isinstance(element.tag, str):
        yield element.text or ""
        for each in element:
            yield from all_text(each)
            yield each.tail or ""


def resolved(folder: str, target: str) -> str:
    """The name of a part that a relation's target means, seen from the folder of the part it belongs to."""
    if target.startswith("/"):
        return target.lstrip("/")
    steps = folder.split("/") if folder else []
    for step in target.replace("\\", "/").split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def _by_number(name: str) -> tuple[str, int, str]:
    base = name.rpartition(".")[0]
    stem = base.rstrip("0123456789")
    return stem, int(base[len(stem) :] or 0), name


def without_page_numbers(text: str) -> str:
    """Lines of a header or footer without what only counts pages: 第 1 页 共 3 页, Page 1 of 3, - 1 -."""
    lines = (_PAGE_NUMBER.sub(" ", line).strip(" \u3000/|,，") for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
