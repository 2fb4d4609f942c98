"""Pages as Windows prints them into a file (.xps, .oxps; ECMA-388): runs of glyphs at places, laid out as OFD's are."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import cast

from lxml import etree

from agent.scanning.formats import pdf_layout
from agent.scanning.formats.base import NotExamined, Piece, Reading, Source
from agent.scanning.formats.careful_xml import in_utf8
from agent.scanning.formats.ofd_page import Matrix, Resources, TextPage, times
from agent.scanning.formats.ooxml import MEMBER_BYTES, PART_BYTES, Package, attribute, child, local, resolved
from agent.scanning.formats.ooxml_properties import properties
from agent.scanning.formats.pdfium import Page
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "xps"
MEDIA_TYPES = ("application/vnd.ms-xpsdocument",)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES, "pages": 5_000, "pages laid out": 60}
LIMITATIONS = (
    "Pictures and drawings are not read; a document with a page that is nothing else is told as unsupported.",
    "Runs of glyphs that do not say which characters they are cannot be read.",
)

_PART = re.compile(r"(?i)\.(?:fpage|fdoc)(?:/\[\d{1,6}\](?:\.last)?\.piece)?$")
_PIECE = re.compile(r"(?i)/\[(\d{1,6})\](?:\.last)?\.piece$")
_UNICODE = re.compile(rb"""UnicodeString\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_UNIT = 25.4 / 96
"""Millimetres of one unit, which is a 96th of an inch."""
_WIDE = "\u2190"
"""From the arrows and stars on, characters are as wide as they are high in the fonts of East Asia."""
_DEEPEST = 60
_SHAPES = 100
_MOST_RUNS = 50_000


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield, where a rule's literal is in the text, every passage with its zone."""
    package = Package(source, reading)
    parts = _parts(package)
    pages = _in_order(package, parts)
    if not pages:
        package.finish("xps without pages/")
    texts = {page: b"".join(one or other for one, other in _UNICODE.findall(parts[page])) for page in pages}
    if package.worth(texts.values()):
        yield from _passages(package, [(parts[page], texts[page]) for page in pages])
    package.finish()
    if len(pages) >= LIMITS["pages"]:
        raise NotExamined(Reason.TOO_LARGE, "the document has too many pages")
    if any(not texts[page].strip() and _shows_more(parts[page]) for page in pages):
        raise NotExamined(Reason.UNSUPPORTED, "pages are pictures, or drawn in lines")


def _shows_more(page: bytes) -> bool:
    """Whether a page without text may show some: in a picture, or in shapes as many as letters are."""
    return b"ImageBrush" in page or page.count(b"<Path") >= _SHAPES


def _parts(package: Package) -> dict[str, bytes]:
    """Pages and documents by name, in UTF-8; those that a printer wrote in several pieces put together."""
    pieces_of: dict[str, list[tuple[int, str]]] = {}
    for name in package.others(_PART):
        piece = _PIECE.search(name)
        whole = name[: piece.start()] if piece else name
        pieces_of.setdefault(whole, []).append((int(piece[1]) if piece else 0, name))
    return {
        whole: bytes(in_utf8(b"".join(package.raw(name) for _, name in sorted(found))))
        for whole, found in pieces_of.items()
    }


def _in_order(package: Package, parts: dict[str, bytes]) -> list[str]:
    """The pages' parts in the order in which the documents name them, then those that none names."""
    spelled = {name.lower(): name for name in parts}
    named: dict[str, None] = {}
    for part, xml in parts.items():
        root = package.parsed(xml) if part.lower().endswith(".fdoc") else None
        for each in () if root is None else root.iter("{*}PageContent"):
            target = resolved(part.rpartition("/")[0], attribute(each, "Source")).lower()
            if target in spelled:
                named[spelled[target]] = None
    pages = [name for name in parts if name.lower().endswith(".fpage")]
    return [*named, *(page for page in pages if page not in named)][: LIMITS["pages"]]


def _passages(package: Package, pages: list[tuple[bytes, bytes]]) -> Iterator[Passage]:
    """The passages of pages, of each its XML and its text."""
    layouts: dict[int, pdf_layout.Layout] = {}
    for number, (xml, text) in enumerate(pages, 1):
        if number > 1 and not package.hit(text):
            continue
        if len(layouts) < LIMITS["pages laid out"]:
            root = package.parsed(xml)
            if root is not None:
                # A text page answers all that is asked of a page while it is laid out.
                layouts[number] = pdf_layout.lay_out(cast("Page", _XpsPage(root)), number)
        else:
            yield Passage(Zone.BODY, text.decode("utf-8", "replace"), Place(page=number))
    repeated = Counter(key for layout in layouts.values() for key in pdf_layout.margin_lines(layout))
    for layout in layouts.values():
        yield from pdf_layout.passages(layout, repeated)
    yield from properties(package)


class _XpsPage(TextPage):
    """The characters of one fixed page."""

    def __init__(self, root: etree._Element) -> None:
        size = [
            _figure(attribute(root, name), otherwise) * _UNIT for name, otherwise in (("Width", 794), ("Height", 1123))
        ]
        super().__init__(Resources(), (0.0, 0.0, max(size[0], 1.0), max(size[1], 1.0)))
        self._into(root, (_UNIT, 0.0, 0.0, _UNIT, 0.0, 0.0), 0)

    def _into(self, container: etree._Element, matrix: Matrix, depth: int) -> None:
        for each in container:
            name = local(each)
            if name == "Canvas" and depth < _DEEPEST:
                self._into(each, times(matrix, _transform(each)), depth + 1)
            elif name == "Glyphs" and len(self._runs) < _MOST_RUNS:
                self._glyphs(each, times(matrix, _transform(each)))

    def _glyphs(self, element: etree._Element, matrix: Matrix) -> None:
        size = _figure(attribute(element, "FontRenderingEmSize"), 12.0)
        text = attribute(element, "UnicodeString").removeprefix("{}")
        self.add_run(
            size, "Bold" in attribute(element, "StyleSimulations"), _colour(attribute(element, "Fill")), matrix
        )
        steps = _advances(attribute(element, "Indices"), len(text))
        x, y = _figure(attribute(element, "OriginX"), 0.0), _figure(attribute(element, "OriginY"), 0.0)
        for letter, step in zip(text, steps, strict=True):
            wide = size if letter >= _WIDE else 0.5 * size
            self.add_letter(letter, matrix, (x, y, min(step * size, wide * 1.2) if step else wide, size))
            x += step * size if step else wide


def _transform(element: etree._Element) -> Matrix:
    """From an element's own space to that of its container."""
    said = attribute(element, "RenderTransform")
    if not said:
        inner = child(element, f"{local(element)}.RenderTransform", "MatrixTransform")
        inner = _below(element) if inner is None else inner
        said = "" if inner is None else attribute(inner, "Matrix")
    numbers = [_figure(one, math.nan) for one in said.split(",")]
    if len(numbers) != 6 or not all(math.isfinite(one) for one in numbers):
        return 1.0, 0.0, 0.0, 1.0, 0.0, 0.0
    return numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]


def _below(element: etree._Element) -> etree._Element | None:
    """The transformation in an element of its own, whose name has a dot in it."""
    for each in element:
        if isinstance(each.tag, str) and each.tag.endswith(".RenderTransform"):
            return each[0] if len(each) else None
    return None


def _advances(indices: str, count: int) -> list[float]:
    """Of each character how far the next is, in sizes of the type; 0 where the font would tell."""
    steps: list[float] = []
    for one in indices.split(";") if indices else ():
        cluster, _, rest = one.rpartition(")")
        told = rest.split(",")
        # Several characters for one glyph: the glyph's step counts for the first of them.
        many = (
            int(cluster[1:].split(":")[0]) if cluster.startswith("(") and cluster[1:].split(":")[0].isdecimal() else 1
        )
        steps.append(_figure(told[1], 0.0) / 100 if len(told) > 1 and told[1] else 0.0)
        steps += [0.0] * (min(many, count) - 1)
        if len(steps) >= count:
            break
    return [*steps, *[0.0] * count][:count]


def _colour(fill: str) -> tuple[int, int, int, int]:
    """Red, green, blue and opacity of ``#AARRGGBB`` or ``#RRGGBB``; black for anything else."""
    digits = fill.removeprefix("#")
    if len(digits) not in (6, 8) or not re.fullmatch("[0-9A-Fa-f]+", digits):
        return 0, 0, 0, 255
    alpha, red, green, blue = bytes.fromhex(digits.rjust(8, "F"))
    return red, green, blue, alpha


def _figure(said: str, otherwise: float) -> float:
    try:
        number = float(said)
    except ValueError:
        return otherwise
    return number if abs(number) < 1e7 else otherwise
