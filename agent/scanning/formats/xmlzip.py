"""A zip of XML parts, as OpenDocument and OFD files are: parts by name, unpacked when asked for, careful XML."""

from __future__ import annotations

from lxml import etree

from agent.scanning.formats.base import Member, MiB, NotExamined, Reading, Source
from agent.scanning.formats.careful_xml import in_utf8, parsed
from agent.scanning.formats.ooxml import ENCODINGS
from agent.scanning.formats.zipdir import ZipDirectory
from agent.scanning.formats.zipentry import Entry

PART_BYTES = 128 * MiB
"""Bytes of one part, unpacked; a larger one is left out and the file ends as ``too-large``."""
MEMBER_BYTES = 64 * MiB
"""Bytes of one file inside that is handed on."""
_KEPT_BYTES = 8 * MiB


class Parser:
    """Parses XML without entities, network or trust, and remembers what was broken; asks the sieve."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.broken = False

    def parsed(self, xml: bytes | bytearray) -> etree._Element | None:
        """The root of this XML; None where nothing of it can be parsed."""
        root, broken = parsed(xml)
        self.broken |= broken
        return root

    def hit(self, text: bytes) -> bool:
        """Whether a literal of some rule is in this text, which is in UTF-8."""
        return self.reading.worth(text, encodings=ENCODINGS)


class XmlZip(Parser):
    """The parts of one zip. What could not be had is in `problem`; the first that was lost counts."""

    def __init__(self, source: Source, reading: Reading) -> None:
        super().__init__(reading)
        self._directory = ZipDirectory(source)
        self._kept: dict[str, bytes | bytearray] = {}
        self._lost: NotExamined | None = None
        self.entries: dict[str, Entry] = {}
        """Files by name, leading slash dropped; folders are left out."""
        for entry in self._directory.entries:
            if not entry.is_folder:
                self.entries[entry.name.replace("\\", "/").lstrip("/")] = entry
        self._spelled: dict[str, str] = {}

    def spelled(self, name: str) -> str:
        """The name as it is spelled in this zip, where only the case differs; empty where there is none such."""
        if name in self.entries:
            return name
        if not self._spelled:
            self._spelled = {known.lower(): known for known in self.entries}
        return self._spelled.get(name.lower(), "")

    def read(self, name: str) -> bytes | bytearray:
        """The XML of a part in UTF-8; empty where there is none or it cannot be had (then `problem` says so)."""
        if name in self._kept:
            return self._kept[name]
        entry = self.entries.get(self.spelled(name))
        if entry is None:
            return b""
        try:
            data = in_utf8(self._directory.read(entry, self.reading.budget, PART_BYTES, bombs=False))
        except NotExamined as problem:
            self._lost = self._lost or problem
            data = b""
        if len(data) <= _KEPT_BYTES:
            self._kept[name] = data
        return data

    def tree(self, name: str) -> etree._Element | None:
        """A part, parsed; None where nothing of it can be."""
        return self.parsed(self.read(name))

    def member(self, name: str) -> Member:
        """A file inside, to be read in turn; without bytes where they cannot be had."""
        entry = self.entries[self.spelled(name)]
        try:
            data = bytes(self._directory.read(entry, self.reading.budget, MEMBER_BYTES))
        except NotExamined as problem:
            return Member(name, None, max(entry.size, 0), problem)
        return Member(name, data, len(data))

    @property
    def problem(self) -> NotExamined | None:
        """What of the file was lost; None where all could be read."""
        if self.broken:
            self._directory.mark_damaged("a part of the document is damaged")
        return self._lost or self._directory.problem
