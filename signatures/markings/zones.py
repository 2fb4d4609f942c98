"""Zones: what each is worth as evidence, and which forms of a marking it may carry (marking-grammar 3.2)."""

from __future__ import annotations

from signatures.passages import Zone

FRONT = frozenset({Zone.P1_TOP_LEFT, Zone.P1_BLOCK, Zone.COVER, Zone.TITLE})
"""The front of a document: where GB/T 9704-2012 7.2.2 puts the mark, and around it."""
FURNITURE = frozenset(
    {
        Zone.HEADER,
        Zone.FOOTER,
        Zone.WATERMARK,
        Zone.STAMP,
        Zone.SHEET_HEADER,
        Zone.SLIDE_FOOTER,
        Zone.SLIDE_MASTER,
    }
)
"""What is repeated around the content."""
CELLS = frozenset({Zone.CELL, Zone.TABLE_FIELD})
NAMES = frozenset({Zone.FILENAME, Zone.PATH, Zone.ARCHIVE_MEMBER})
FIELDS = CELLS | {Zone.DOC_PROPERTY, Zone.SHEET_TAB}
LEADS = frozenset({Zone.CAPTION, Zone.PARA_LEAD, Zone.SUBJECT})
ENDS = frozenset({Zone.NOTE_END})

GROUPS: dict[str, frozenset[Zone]] = {
    "front": FRONT,
    "furniture": FURNITURE,
    "fields": FIELDS,
    "leads": LEADS,
    "names": NAMES,
    "ends": ENDS,
    "marking": FRONT | FURNITURE | FIELDS | LEADS | ENDS,
    "body": frozenset({Zone.BODY, Zone.PARA_LEAD}),
}
"""Names of groups that a rule may give in ``zones`` beside the names of single zones."""

TAKES_LEADS = FRONT | LEADS | {Zone.SHEET_TAB, Zone.NOTE_END, Zone.DOC_PROPERTY, Zone.BODY, Zone.HEADER, Zone.FOOTER}
"""Zones where a bracket at the start of a longer line is a marking of what follows."""

TAKES_TAILS = FRONT | {Zone.SUBJECT, Zone.CAPTION, Zone.CELL}
"""Zones where a bracket at the end of a title is a marking of the whole; in a cell only one with a term."""

BONUS: dict[Zone, int] = {
    Zone.P1_TOP_LEFT: 25,
    Zone.P1_BLOCK: 5,
    Zone.COVER: 25,
    Zone.HEADER: 20,
    Zone.FOOTER: 20,
    Zone.WATERMARK: 30,
    Zone.STAMP: 30,
    Zone.SHEET_HEADER: 25,
    Zone.SHEET_TAB: 20,
    Zone.CELL: 15,
    Zone.SLIDE_FOOTER: 25,
    Zone.SLIDE_MASTER: 25,
    Zone.TITLE: 15,
    Zone.CAPTION: 15,
    Zone.PARA_LEAD: 15,
    Zone.TABLE_FIELD: 25,
    Zone.FILENAME: 20,
    Zone.PATH: 20,
    Zone.ARCHIVE_MEMBER: 20,
    Zone.SUBJECT: 20,
    Zone.DOC_PROPERTY: 25,
    Zone.NOTE_END: 0,
    Zone.BODY: 0,
}
"""Points for standing there. A repeated header or footer gets 10 more; the block around the mark of page 1 gets
10 more for each neighbour cue, and 5 at once so that a lone, bare word in a text box is looked at by a person."""


def zones_of(names: list[str]) -> frozenset[Zone]:
    """The zones that a rule names, singly or by group. Raises `KeyError` with the name that is neither."""
    found: set[Zone] = set()
    for name in names:
        if name in GROUPS:
            found |= GROUPS[name]
        elif name in Zone.__members__.values():
            found.add(Zone(name))
        else:
            raise KeyError(name)
    return frozenset(found)


def side_of(zone: Zone) -> str:
    """The independent source that a zone belongs to, for the agreement of two sources."""
    if zone in NAMES:
        return "name"
    if zone is Zone.DOC_PROPERTY:
        return "property"
    return "page"
