"""The cheap look into a PDF: most documents are told to hold no literal of any rule without PDFium.

`surely_without` answers yes only where every word the document can show was understood: pages with all their forms,
properties, outline. Pages that are pictures, forms to fill in, attached files, notes, encryption, fonts that do not
tell their characters, anything odd in the file: all that is PDFium's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from agent.scanning.formats.base import Reading
from agent.scanning.formats.pdf_content import Contents
from agent.scanning.formats.pdf_file import File
from agent.scanning.formats.pdf_objects import CannotTell, Ref, Stream, text_string

_MOST_PAGES = 2_000
_MOST_TITLES = 5_000
_COMPATIBLE = re.compile("[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb4f]")
_LITTLE = 60
"""Characters of a page below which its picture is what matters on it (as `pdf_drawn.LITTLE`)."""
_OUTLINES = 1500
"""Bytes of drawing from which a page may show letters as outlines: those of one Chinese character or two."""
_APART = "\uffff"
XMP = re.compile(rb"<x:xmpmeta.{0,2000000}?</x:xmpmeta>", re.S)
"""A packet of XMP properties lying open in the file."""


def opened(data: bytes) -> File | None:
    """The file's objects, to be read one by one; None where they cannot be told apart."""
    try:
        return File(data)
    except (CannotTell, RecursionError):
        return None


def surely_without(file: File | None, reading: Reading) -> bool:
    """Whether no literal of any rule is in what this PDF shows. False means: not, or that it cannot be told."""
    if file is None:
        return False
    data = file.data
    try:
        catalog = file.entries(file.trailer.get("Root"))
        properties = information(file)
        texts = [*properties.keys(), *properties.values(), *_outline(file, catalog), *_pages(file, catalog)]
        packets = [*XMP.findall(data), *metadata(file)] if b"<x:xmpmeta" in data or "Metadata" in catalog else []
        _check_catalog(file, catalog)
    except (CannotTell, RecursionError):
        return False
    text = _APART.join(texts)
    text = f"{text}{_APART}{' '.join(text.split())}"  # PDFium makes one blank of several
    if _COMPATIBLE.search(text):
        text = f"{text}{_APART}{unicodedata.normalize('NFKC', text)}"
    if reading.worth(text.encode("utf-16-le", "surrogatepass"), encodings=frozenset({"utf-16-le"})):
        return False
    return not any(reading.worth(packet, encodings=frozenset({"utf-8", "ent"})) for packet in packets)


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


def _check_catalog(file: File, catalog: dict[str, Any]) -> None:
    if {"AF", "Collection"} & catalog.keys() or "EmbeddedFiles" in file.entries(catalog.get("Names")):
        raise CannotTell
    form = file.entries(catalog.get("AcroForm"))
    if "XFA" in form or file.items(form.get("Fields")):
        raise CannotTell


def _outline(file: File, catalog: dict[str, Any]) -> Iterator[str]:
    waiting = [file.entries(catalog.get("Outlines")).get("First")]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if value is None:
            continue
        if not isinstance(value, Ref) or value.number in seen or len(seen) > _MOST_TITLES:
            raise CannotTell
        seen.add(value.number)
        item = file.entries(value)
        title = file.resolve(item.get("Title"))
        if isinstance(title, bytes):
            yield text_string(title)
        waiting += (item.get("Next"), item.get("First"))


def _pages(file: File, catalog: dict[str, Any]) -> Iterator[str]:
    contents = Contents(file)
    count = 0
    for page, resources in _leaves(file, catalog.get("Pages"), None, set()):
        count += 1
        if count > _MOST_PAGES or "AF" in page:
            raise CannotTell
        for note in file.items(page.get("Annots")):
            entries = file.entries(note)
            if entries.get("Subtype") != "Link" or "Contents" in entries or "AP" in entries:
                raise CannotTell
        shown = contents.page(page.get("Contents"), file.entries(resources))
        texts = shown.texts()
        if (shown.picture or shown.drawing > _OUTLINES) and len(texts[0].strip()) < _LITTLE:
            raise CannotTell
        yield from texts
    if not count:
        raise CannotTell


def _leaves(file: File, node: Any, resources: Any, seen: set[int]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each page with the resources it has or inherits."""
    if not isinstance(node, Ref) or node.number in seen or len(seen) > 4 * _MOST_PAGES:
        raise CannotTell
    seen.add(node.number)
    entries = file.entries(node)
    resources = entries.get("Resources", resources)
    if "Kids" not in entries:
        yield entries, resources
        return
    for kid in file.items(entries["Kids"]):
        yield from _leaves(file, kid, resources, seen)
