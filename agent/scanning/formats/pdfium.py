"""PDFium through its raw C calls: documents, pages, characters with their places, notes, properties, attachments.

PDFium is not thread-safe: one process reads one document at a time. Nothing here decides what text means; that is
`pdf_layout`'s part.
"""

from __future__ import annotations

import codecs
import ctypes
import re
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from types import TracebackType
from typing import Any, NamedTuple, Self

import pypdfium2.raw as pdfium

from agent.scanning.formats import pdf_notes, pdfium_calls
from agent.scanning.formats.base import MiB, NotExamined, Source
from agent.scanning.formats.pdf_characters import Stretch, stretches
from agent.scanning.formats.pdf_font_stand_in import use_stand_in
from agent.scanning.formats.pdf_salvage import mended
from protocol.records import Reason

IN_MEMORY = 32 * MiB
"""Bytes up to which a document is handed over whole; larger ones are read piece by piece as PDFium asks."""
STAMP, WATERMARK = pdfium.FPDF_ANNOT_STAMP, pdfium.FPDF_ANNOT_WATERMARK
FREE_TEXT, WIDGET = pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_WIDGET
"""Kinds of notes that get a zone of their own."""
_MOST_CHARACTERS = 60_000
_MOST_STRING = 4 * MiB
_MOST_BOOKMARKS = 5_000
_MOST_NOTES = 2_000


_ROOM = ctypes.create_string_buffer(128 * 1024)
"""Where the text of a page is written to, unless it is longer."""
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of pairs of surrogates."""


class Note(NamedTuple):
    """An annotation or form field: its kind, its text, and where it stands."""

    subtype: int
    text: str
    left: float
    top: float


class _Drawn(NamedTuple):
    """A note that has a drawing: its kind, what it says by itself, and where it stands."""

    subtype: int
    said: str
    left: float
    bottom: float
    right: float
    top: float


_WITHOUT_LOOK = frozenset({pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_FILEATTACHMENT})


def _wide(call: Callable[..., Any], *arguments: Any) -> str:
    """A string from a call that takes a UTF-16 LE buffer and its size last, and says how many bytes it needs."""
    size = int(call(*arguments, None, 0))
    if size <= 2 or size > _MOST_STRING:
        return ""
    buffer = ctypes.create_string_buffer(size)
    call(*arguments, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0")


class Page:
    """One page, with its text loaded."""

    def __init__(self, document: Any, number: int) -> None:
        self._document, self._index = document, number - 1
        self.page = pdfium.FPDF_LoadPage(document, number - 1)
        if not self.page:
            raise NotExamined(Reason.DAMAGED, "a page cannot be loaded")
        self.text_page = pdfium.FPDFText_LoadPage(self.page)
        self._drawn: list[_Drawn] = []
        """Notes met so far that have a drawing."""

    def close(self) -> None:
        """Give the page back."""
        if self.text_page:
            pdfium.FPDFText_ClosePage(self.text_page)
        pdfium.FPDF_ClosePage(self.page)

    @cached_property
    def text(self) -> bytes:
        """The whole text in one call, UTF-16 LE, lines ended by CR LF."""
        page = pdfium_calls.handle(self.text_page)
        count = pdfium_calls.COUNT_CHARACTERS(page)
        if count <= 0:
            return b""
        room = _ROOM if 4 * (count + 1) <= len(_ROOM) else ctypes.create_string_buffer(2 * (count + 1))
        units = pdfium_calls.GET_TEXT(page, 0, count, room)
        return ctypes.string_at(room, max(0, 2 * (units - 1)))

    @cached_property
    def letters(self) -> str:
        """The same as characters; half a pair of surrogates stays what it is."""
        return codecs.utf_16_le_decode(self.text, "surrogatepass", True)[0]

    def box(self) -> tuple[float, float, float, float, int]:
        """Left, bottom, right and top of what is shown, in points, and by how many right angles it is turned."""
        rectangle = pdfium.FS_RECTF()
        if not pdfium.FPDF_GetPageBoundingBox(self.page, rectangle):
            return 0.0, 0.0, 595.0, 842.0, 0
        left, right = sorted((rectangle.left, rectangle.right))
        bottom, top = sorted((rectangle.bottom, rectangle.top))
        return left, bottom, right, top, max(0, pdfium.FPDFPage_GetRotation(self.page)) % 4

    def stretches(self) -> Iterator[Stretch]:
        """All characters with their places, in the order of the content."""
        return stretches(pdfium_calls.handle(self.text_page), self._each())

    def _each(self) -> str:
        """The characters in their order, as many as are read of one page."""
        count = pdfium.FPDFText_CountChars(self.text_page)
        plain = len(self.text) == 2 * count == 2 * len(self.letters) and count <= _MOST_CHARACTERS
        if plain and not _HALVES.search(self.letters):
            return self.letters  # each has one code unit and none was left out: told in one call
        unicode_of = pdfium.FPDFText_GetUnicode
        codes = (int(unicode_of(self.text_page, index)) for index in range(min(count, _MOST_CHARACTERS)))
        return "".join(chr(code) if code <= 0x10FFFF else "\0" for code in codes)

    def colour(self, index: int) -> tuple[int, int, int, int]:
        """Red, green, blue and opacity (0-255) of one character."""
        return pdfium_calls.colour(pdfium_calls.handle(self.text_page), index) or (0, 0, 0, 255)

    def size(self, index: int) -> float:
        """The type size in points that one character's font was set in."""
        return float(pdfium_calls.SIZE_OF(pdfium_calls.handle(self.text_page), index))

    def bold(self, index: int) -> bool:
        """Whether one character stands in bold type."""
        return bool(pdfium_calls.WEIGHT_OF(pdfium_calls.handle(self.text_page), index) >= 600)

    def artifact(self, index: int) -> str:
        """``watermark``, ``header``, ``footer`` or ``artifact`` where one character belongs to such content."""
        subject = pdfium.FPDFText_GetTextObject(self.text_page, index)
        for number in range(pdfium.FPDFPageObj_CountMarks(subject) if subject else 0):
            mark = pdfium.FPDFPageObj_GetMark(subject, number)
            if _mark_name(mark) == "Artifact":
                subtype = _mark_parameter(mark, b"Subtype").lower()
                return subtype if subtype in ("watermark", "header", "footer") else "artifact"
        return ""

    def picture_share(self) -> float:
        """How much of the page (0-1) its largest picture covers; 0 where it has none."""
        left, bottom, right, top, _turn = self.box()
        area = max((right - left) * (top - bottom), 1.0)
        edges = [ctypes.c_float() for _ in range(4)]
        largest = 0.0
        for number in range(min(pdfium.FPDFPage_CountObjects(self.page), 5_000)):
            part = pdfium.FPDFPage_GetObject(self.page, number)
            if not _has_picture(part, 0) or not pdfium.FPDFPageObj_GetBounds(part, *edges):
                continue
            x0, y0, x1, y1 = (edge.value for edge in edges)
            largest = max(largest, (x1 - x0) * (y1 - y0) / area, 0.001)
        return min(largest, 1.0)

    @property
    def has_notes(self) -> bool:
        """Whether there are annotations or form fields."""
        return bool(pdfium_calls.COUNT_NOTES(pdfium_calls.handle(self.page)) > 0)

    def notes(self) -> Iterator[Note]:
        """Annotations and form fields with their texts: contents, value, subject."""
        for number in range(min(pdfium.FPDFPage_GetAnnotCount(self.page), _MOST_NOTES)):
            note = pdfium.FPDFPage_GetAnnot(self.page, number)
            if not note:
                continue
            try:
                yield self._note(note)
            finally:
                pdfium.FPDFPage_CloseAnnot(note)

    def _note(self, note: Any) -> Note:
        subtype = pdfium.FPDFAnnot_GetSubtype(note)
        texts = pdf_notes.texts(partial(_wide, pdfium.FPDFAnnot_GetStringValue, note), subtype)
        edges = pdfium.FS_RECTF()
        pdfium.FPDFAnnot_GetRect(note, edges)
        (left, right), (bottom, top) = sorted((edges.left, edges.right)), sorted((edges.bottom, edges.top))
        text = "\n".join(texts)
        if subtype not in _WITHOUT_LOOK and _wide(
            pdfium.FPDFAnnot_GetAP, note, pdfium.FPDF_ANNOT_APPEARANCEMODE_NORMAL
        ):
            self._drawn.append(_Drawn(subtype, text, left, bottom, right, top))
        return Note(subtype, text, left, top)

    def looks(self) -> list[Note]:
        """What the drawings say that stand for notes (a stamp drawn with words of its own, a filled-in field).

        Of those that `notes` met. They are made part of the page, and its notes are gone afterwards: ask for all else
        first.
        """
        if not self._drawn or pdfium.FPDFPage_Flatten(self.page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_SUCCESS:
            return []
        page = pdfium.FPDF_LoadPage(self._document, self._index)
        text_page = pdfium.FPDFText_LoadPage(page) if page else None
        try:
            return [
                Note(note.subtype, text, note.left, note.top)
                for note in self._drawn
                if text_page and (text := _within(text_page, note)) not in (note.said, _within(self.text_page, note))
            ]
        finally:
            if text_page:
                pdfium.FPDFText_ClosePage(text_page)
            if page:
                pdfium.FPDF_ClosePage(page)

    def attachments(self) -> Iterator[Any]:
        """Files that hang on the page as annotations."""
        for number in range(min(pdfium.FPDFPage_GetAnnotCount(self.page), _MOST_NOTES)):
            note = pdfium.FPDFPage_GetAnnot(self.page, number)
            if note and pdfium.FPDFAnnot_GetSubtype(note) == pdfium.FPDF_ANNOT_FILEATTACHMENT:
                attached = pdfium.FPDFAnnot_GetFileAttachment(note)
                if attached:
                    yield attached
            if note:
                pdfium.FPDFPage_CloseAnnot(note)


def _within(text_page: Any, place: _Drawn) -> str:
    """The text of a page that stands in a place."""
    edges = (place.left, place.top, place.right, place.bottom)
    count = pdfium.FPDFText_GetBoundedText(text_page, *edges, None, 0)
    if not 0 < count <= _MOST_STRING // 2:
        return ""
    buffer = ctypes.create_string_buffer(2 * (count + 1))
    pdfium.FPDFText_GetBoundedText(text_page, *edges, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), count)
    return buffer.raw[: 2 * count].decode("utf-16-le", "replace").strip("\0 \r\n")


def _has_picture(part: Any, depth: int) -> bool:
    kind = pdfium.FPDFPageObj_GetType(part)
    if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
        return True
    if kind != pdfium.FPDF_PAGEOBJ_FORM or depth > 4:
        return False
    count = min(pdfium.FPDFFormObj_CountObjects(part), 500)
    return any(_has_picture(pdfium.FPDFFormObj_GetObject(part, number), depth + 1) for number in range(count))


def _mark_name(mark: Any) -> str:
    buffer, needed = ctypes.create_string_buffer(128), ctypes.c_ulong()
    wide = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
    pdfium.FPDFPageObjMark_GetName(mark, wide, len(buffer), needed)
    return buffer.raw[: min(needed.value, 128)].decode("utf-16-le", "replace").rstrip("\0")


def _mark_parameter(mark: Any, key: bytes) -> str:
    buffer, needed = ctypes.create_string_buffer(128), ctypes.c_ulong()
    wide = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
    if not pdfium.FPDFPageObjMark_GetParamStringValue(mark, key, wide, len(buffer), needed):
        return ""
    return buffer.raw[: min(needed.value, 128)].decode("utf-16-le", "replace").rstrip("\0")


class Document:
    """An open document. Raises `NotExamined` ``encrypted`` or ``damaged`` where it cannot be opened."""

    def __init__(self, source: Source, whole: bytes | None) -> None:
        use_stand_in()
        self._source, self._whole = source, whole
        if whole is not None:
            self.handle = pdfium.FPDF_LoadMemDocument64(whole, len(whole), None)
        else:
            self._access = pdfium.FPDF_FILEACCESS()
            self._access.m_FileLen = source.size
            self._block = pdfium.FPDF_FILEACCESS._fields_[1][1](self._read)
            self._access.m_GetBlock = self._block
            self.handle = pdfium.FPDF_LoadCustomDocument(self._access, None)
        self.mended = False
        """Whether it was cut short, and what is left of it was put together."""
        if not self.handle and pdfium.FPDF_GetLastError() in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise NotExamined(Reason.ENCRYPTED, "the document is encrypted")
        pages = int(pdfium.FPDF_GetPageCount(self.handle)) if self.handle else 0
        if not pages and whole is not None and (rest := mended(whole)) is not None:
            pdfium.FPDF_CloseDocument(self.handle)
            self.mended, self._whole = True, rest
            self.handle = pdfium.FPDF_LoadMemDocument64(rest, len(rest), None)
        if not self.handle:
            raise NotExamined(Reason.DAMAGED, "the document cannot be opened")
        self.pages: int = pdfium.FPDF_GetPageCount(self.handle)

    def _read(self, _parameter: Any, position: int, buffer: Any, size: int) -> int:
        try:
            self._source.stream.seek(position)
            data = self._source.stream.read(size)
        except OSError:
            return 0
        if len(data) < size:
            return 0
        ctypes.memmove(buffer, data, size)
        return 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        pdfium.FPDF_CloseDocument(self.handle)

    def page(self, number: int) -> Page:
        """One page, counted from 1. Raises `NotExamined` ``damaged``."""
        return Page(self.handle, number)

    def property(self, name: str) -> str:
        """One property of the information dictionary, empty where it is not there."""
        return _wide(pdfium.FPDF_GetMetaText, self.handle, name.encode("utf-8"))

    def bookmarks(self) -> Iterator[str]:
        """Titles of the outline, in no particular order."""
        first = pdfium.FPDFBookmark_GetFirstChild(self.handle, None)
        waiting = [first] if first else []
        for _ in range(_MOST_BOOKMARKS):
            if not waiting:
                return
            mark = waiting.pop()
            yield _wide(pdfium.FPDFBookmark_GetTitle, mark)
            for found in (
                pdfium.FPDFBookmark_GetNextSibling(self.handle, mark),
                pdfium.FPDFBookmark_GetFirstChild(self.handle, mark),
            ):
                if found:
                    waiting.append(found)

    def attachments(self) -> Iterator[Any]:
        """Files embedded in the document as a whole."""
        for number in range(max(0, pdfium.FPDFDoc_GetAttachmentCount(self.handle))):
            attached = pdfium.FPDFDoc_GetAttachment(self.handle, number)
            if attached:
                yield attached

    def form_packets(self) -> Iterator[bytes]:
        """The XML packets of an XFA form."""
        for number in range(min(max(0, pdfium.FPDF_GetXFAPacketCount(self.handle)), 32)):
            needed = ctypes.c_ulong()
            pdfium.FPDF_GetXFAPacketContent(self.handle, number, None, 0, needed)
            if not 0 < needed.value <= 4 * _MOST_STRING:
                continue
            buffer = ctypes.create_string_buffer(needed.value)
            if pdfium.FPDF_GetXFAPacketContent(self.handle, number, buffer, needed.value, needed):
                yield buffer.raw


def attachment_name(attached: Any) -> str:
    """The name an embedded file goes by."""
    return _wide(pdfium.FPDFAttachment_GetName, attached)


def attachment_size(attached: Any) -> int | None:
    """Bytes of an embedded file, None where it cannot be reached."""
    needed = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(attached, None, 0, needed):
        return None
    return int(needed.value)


def attachment_data(attached: Any, size: int) -> bytes | None:
    """The bytes of an embedded file, None where they cannot be reached."""
    buffer, needed = ctypes.create_string_buffer(max(size, 1)), ctypes.c_ulong()
    if size and not pdfium.FPDFAttachment_GetFile(attached, buffer, size, needed):
        return None
    return buffer.raw[:size]
