"""Passages and zones: the one form in which every format hands its text to the grammar."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from protocol.records import Place

NOWHERE = Place()


class Zone(StrEnum):
    """Where in a document a passage stands (marking-grammar 3.2)."""

    P1_TOP_LEFT = "p1_top_left"
    P1_BLOCK = "p1_block"
    COVER = "cover"
    HEADER = "header"
    FOOTER = "footer"
    WATERMARK = "watermark"
    STAMP = "stamp"
    SHEET_HEADER = "sheet_header"
    SHEET_TAB = "sheet_tab"
    CELL = "cell"
    SLIDE_FOOTER = "slide_footer"
    SLIDE_MASTER = "slide_master"
    TITLE = "title"
    CAPTION = "caption"
    PARA_LEAD = "para_lead"
    TABLE_FIELD = "table_field"
    FILENAME = "filename"
    PATH = "path"
    ARCHIVE_MEMBER = "archive_member"
    SUBJECT = "subject"
    DOC_PROPERTY = "doc_property"
    NOTE_END = "note_end"
    BODY = "body"


class Passage(msgspec.Struct, frozen=True):
    """Text of one zone, with its place.

    ``text`` may have several lines (``\\n``): the lines around a marking are its neighbours (copy number above,
    urgency below). A table field is ``label\\tvalue``; a table row ``a\\tb\\tc``.
    """

    zone: Zone
    text: str
    place: Place = NOWHERE
    pages: int = 1
    """On how many pages it is repeated, as a header is; 1 where not known."""
    emphasis: bool = False
    """Large (≥ 14 pt), bold or red, where the format tells."""
    struck: bool = False
    """Struck through or deleted: what stands here was voided."""
    name: str = ""
    """Of a property: its name (``密级``, ``Classification``, ``title``)."""
