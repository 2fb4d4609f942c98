"""What a note or form field of a PDF says in words: its contents, value, subject, and the name of a standard stamp."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pypdfium2.raw as pdfium

_TAG = re.compile(r"<[^>]{0,4000}>")
_LINE_END = re.compile(r"(?i)<(?:/p|/div|br\s*/?)>")


def texts(value: Callable[[bytes], str], subtype: int) -> list[str]:
    """The texts of one note, each once; ``value`` gives an entry of its dictionary by name (ISO 32000-1, 12.5)."""
    found: list[str] = []
    for key in (b"Contents", b"V", b"DV", b"T" if subtype == pdfium.FPDF_ANNOT_POPUP else b"Subj"):
        text = value(key)
        if text and text not in found:
            found.append(text)
    if not found and (rich := plain(value(b"RC"))):
        found.append(rich)
    if subtype == pdfium.FPDF_ANNOT_STAMP and (name := value(b"Name")):
        found.append(stamp_text(name))
    return found


def plain(rich: str) -> str:
    """The words of rich text, which is XHTML (ISO 32000-1, 12.7.3.4): a paragraph is a line."""
    return html.unescape(_TAG.sub("", _LINE_END.sub("\n", rich))).strip()


def stamp_text(name: str) -> str:
    """What a standard stamp says by its name: ``TopSecret`` says TOP SECRET (ISO 32000-1, 12.5.6.12)."""
    words = name.lstrip("#").removeprefix("SB")
    spaced = "".join(f" {letter}" if letter.isupper() and at else letter for at, letter in enumerate(words))
    return spaced.upper() if not words.isupper() else words
