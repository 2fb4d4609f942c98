"""What is left of a PDF that was cut short: its objects are there, its catalogue or the way to it is not.

PDFium finds objects by itself where the cross-reference is gone (as ISO 32000-2, 7.5.8.4 lets readers do), but needs a
trailer that names the catalogue. It is given one, and a catalogue with all pages that are met, where that is gone too.
"""

from __future__ import annotations

import re

_OBJECT = re.compile(rb"(?<!\d)(\d{1,7})[ \r\n]+(\d{1,5})[ \r\n]+obj\b")
_CATALOGUE = re.compile(rb"/Type\s*/Catalog\b")
_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
_NEAR = 2000
"""Bytes of an object in which its type is looked for."""
_MOST_PAGES = 5000


def mended(data: bytes) -> bytes | None:
    """The same file with a trailer that says where to begin; None where nothing is there to begin with.

    An encrypted file is left alone: without its own trailer nothing in it can be read.
    """
    if b"/Encrypt" in data:
        return None
    pages: dict[int, bytes] = {}
    root, highest = b"", 0
    for found in _OBJECT.finditer(data):
        number = int(found[1])
        highest = max(highest, number)
        body = data[found.end() : found.end() + _NEAR].split(b"endobj")[0].split(b"stream")[0]
        if _CATALOGUE.search(body):
            root = b"%d %d R" % (number, int(found[2]))
        elif _PAGE.search(body) and len(pages) < _MOST_PAGES:
            pages[number] = b"%d %d R" % (number, int(found[2]))
    last = data.rfind(b"endobj") + len(b"endobj")
    # What was cut in the midst would swallow what is added.
    if b"stream" in data[last:]:
        data += b"\nendstream\nendobj"
    elif last >= len(b"endobj"):
        data = data[:last]
    if root:
        return data + _trailer(root, highest + 1)
    if not pages:
        return None
    catalogue, tree = highest + 1, highest + 2
    kids = b" ".join(pages.values())
    added = b"\n%d 0 obj\n<</Type/Pages/Count %d/Kids[%s]>>\nendobj" % (tree, len(pages), kids)
    added += b"\n%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj" % (catalogue, tree)
    return data + added + _trailer(b"%d 0 R" % catalogue, highest + 3)


def _trailer(root: bytes, size: int) -> bytes:
    return b"\ntrailer\n<</Root %s/Size %d>>\nstartxref\n0\n%%%%EOF\n" % (root, size)
