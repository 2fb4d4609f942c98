"""A message in Outlook's own terms (MAPI properties), whether it lies in a .msg or in a TNEF stream (winmail.dat)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.scanning.formats import eml, html, mime, rtf, text
from agent.scanning.formats.base import MiB, Piece, Reading, Source
from agent.scanning.formats.ole_properties import code_page_codec, decoded
from agent.scanning.formats.rtf_lzfu import decompressed
from protocol.records import Place
from signatures.passages import Passage, Zone

BODY_BYTES = 64 * MiB
"""Bytes of one form of a message's text."""

SUBJECT, TOPIC, TRANSPORT_HEADERS, SENSITIVITY, BODY, RTF, HTML = 0x37, 0x70, 0x7D, 0x36, 0x1000, 0x1009, 0x1013
DATA, EXTENSION, FILE_NAME, LONG_NAME, METHOD, MIME_TAG = 0x3701, 0x3703, 0x3704, 0x3707, 0x3705, 0x370E
CONTENT_ID, HIDDEN, DISPLAY_NAME, MESSAGE_CODE_PAGE, CODE_PAGE = 0x3712, 0x7FFE, 0x3001, 0x3FFD, 0x3FDE
NARROW, WIDE, BINARY, OBJECT = 0x1E, 0x1F, 0x0102, 0x0D
EMBEDDED_MESSAGE, OLE = 5, 6
"""Ways in which an attachment is kept (``PidTagAttachMethod``): a message, an object."""
_SENSITIVITIES = {1: "Personal", 2: "Private", 3: "Company-Confidential"}
_UTF8 = frozenset({"utf-8"})
_LONGEST = 400


class Properties(msgspec.Struct):
    """The properties of one message or attachment by their numbers: what has bytes, and what is a number."""

    values: dict[int, dict[int, bytes]] = msgspec.field(default_factory=dict)
    """Of each property its bytes by their type (`NARROW`, `WIDE`, `BINARY`, `OBJECT`)."""
    numbers: dict[int, int] = msgspec.field(default_factory=dict)
    named: list[tuple[str, int, bytes]] = msgspec.field(default_factory=list)
    """Properties that bear a name of their own: name, type, bytes."""
    code_page: int = 0
    """Of texts that are not in Unicode, where the message itself does not say."""

    def add(self, number: int, kind: int, value: bytes) -> None:
        """Take one value in; the first of a kind counts."""
        self.values.setdefault(number, {}).setdefault(kind, value)

    def text(self, number: int) -> str:
        """The text of a property; empty where it has none."""
        found = self.values.get(number, {})
        for kind in (WIDE, NARROW):
            if kind in found:
                return self.read(kind, found[kind])
        return ""

    def read(self, kind: int, value: bytes) -> str:
        """A text that is kept as `WIDE` or `NARROW`."""
        if kind == WIDE:
            said = value.decode("utf-16-le", "replace").encode("utf-8", "replace").decode()
        else:
            page = self.numbers.get(MESSAGE_CODE_PAGE) or self.numbers.get(CODE_PAGE) or self.code_page or 1252
            said = decoded(value, code_page_codec(page))
        return said.partition("\0")[0]

    def binary(self, number: int) -> bytes:
        """The bytes of a property that is none of text; empty where it has none."""
        return self.values.get(number, {}).get(BINARY, b"")


def message(properties: Properties, reading: Reading) -> Iterator[Piece]:
    """Subject, headers, labels and texts of a message, as far as a rule's literal is in them.

    Raises `NotExamined` where its formatted text is broken and there is no other.
    """
    yield from _head(properties, reading)
    plain = properties.text(BODY)
    if plain:
        reading.budget.spend(len(plain))
        yield from text.pieces(Source.of(plain.encode("utf-8", "replace")), reading)
    page = properties.binary(HTML) or _marked(properties.text(HTML))
    if page:
        reading.budget.spend(len(page))
        yield from html.pieces(Source.of(page), reading)
    elif packed := properties.binary(RTF):
        formatted = decompressed(packed, BODY_BYTES)
        reading.budget.spend(len(formatted))
        yield from rtf.pieces(Source.of(formatted), reading)


def _marked(page: str) -> bytes:
    """A page in UTF-8 with the mark that says so, whatever the page itself declares."""
    return b"\xef\xbb\xbf" + page.encode("utf-8", "replace") if page else b""


def _head(properties: Properties, reading: Reading) -> Iterator[Passage]:
    subject = " ".join((properties.text(SUBJECT) or properties.text(TOPIC)).split())
    if _worth(subject, reading):
        yield Passage(Zone.SUBJECT, subject, Place(part="subject"))
    headers, _ = mime.split(properties.text(TRANSPORT_HEADERS).encode("utf-8", "replace"))
    yield from eml.headers([each for each in headers if each[0] != "subject"], reading)
    sensitivity = _SENSITIVITIES.get(properties.numbers.get(SENSITIVITY, 0), "")
    if _worth(sensitivity, reading):
        yield Passage(Zone.DOC_PROPERTY, sensitivity, Place(part="header-field"), name="sensitivity")
    for name, kind, value in properties.named:
        said = " ".join(properties.read(kind, value).split())[:65536]
        if eml.is_routing(name) or not _worth(f"{name} {said}", reading):
            continue
        if name.lower().startswith("msip_label"):
            yield from eml.labels(said)
        yield Passage(Zone.DOC_PROPERTY, said[:_LONGEST], Place(part="custom-properties"), name=name[:_LONGEST])


def _worth(line: str, reading: Reading) -> bool:
    return bool(line.strip()) and reading.worth(line.encode("utf-8", "replace"), encodings=_UTF8)


def attachment_name(properties: Properties, number: int) -> str:
    """The name an attachment is to be saved under."""
    for each in (LONG_NAME, FILE_NAME, DISPLAY_NAME):
        name = properties.text(each).strip()
        if name:
            return name
    return f"attachment{number}{properties.text(EXTENSION).strip()}"


def is_shown_along(properties: Properties) -> bool:
    """Whether an attachment is a picture that the message's own text shows, as a logo is."""
    inside = bool(properties.text(CONTENT_ID)) and bool(properties.numbers.get(HIDDEN))
    return inside and eml.SHOWN_ALONG.match(properties.text(MIME_TAG)) is not None
