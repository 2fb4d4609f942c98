"""Text of DrawingML and VML: shapes, charts, diagrams, wherever they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from lxml import etree

from agent.scanning.formats.officeart import is_slanted
from agent.scanning.formats.ooxml import all_text, attribute, child, local
from protocol.records import Place
from signatures.passages import Passage, Zone

_LARGE = 1_400
"""Hundredths of a point: 14 pt."""
_DEGREE = 60_000
_LONGEST_NUMBER = 12
_ROTATION = re.compile(r"(?:^|;)\s*rotation:\s*-?(\d{1,9}(?:\.\d{1,9})?)(fd)?\s*(?:;|$)")
"""The turn of a shape in VML, in degrees or in 65536ths of one."""


class Body(msgspec.Struct):
    """The text of one shape: what stands, what is struck through, whether any of it is large, bold or red."""

    text: str
    struck: str
    emphasis: bool


def read_body(body: etree._Element) -> Body:
    """A ``txBody``: its paragraphs as lines, without page numbers and dates that fill themselves in."""
    lines: list[str] = []
    struck: list[str] = []
    emphasis = False
    for paragraph in body.iter("{*}p"):
        line: list[str] = []
        gone: list[str] = []
        for run in paragraph:
            name = local(run)
            if name == "br":
                line.append("\n")
            elif name == "r" or (name == "fld" and not attribute(run, "type").startswith(("slidenum", "datetime"))):
                text, is_struck, is_strong = _run(run)
                (gone if is_struck else line).append(text)
                emphasis |= is_strong and bool(text.strip())
        lines.append("".join(line))
        struck.append("".join(gone))
    return Body(_joined(lines), _joined(struck), emphasis)


def _run(run: etree._Element) -> tuple[str, bool, bool]:
    text, struck, strong = "", False, False
    for each in run:
        if local(each) == "t":
            text += each.text or ""
        elif local(each) == "rPr":
            size = attribute(each, "sz")
            struck = attribute(each, "strike") in ("sngStrike", "dblStrike")
            strong = attribute(each, "b") in ("1", "true") or (size.isdecimal() and int(size) >= _LARGE)
            strong |= any(is_red(attribute(colour, "val")) for colour in each.iter("{*}srgbClr"))
    return text, struck, strong


def _joined(lines: list[str]) -> str:
    parts = (part.strip(" \t\r\u3000\u00a0\u000b") for line in lines for part in line.split("\n"))
    return "\n".join(part for part in parts if part)


def text_bodies(root: etree._Element, zone: Zone, place: Place) -> Iterator[Passage]:
    """Every text body under ``root`` (a chart, a diagram, a sheet's drawing, VML), each as one passage."""
    for each in root.iter():
        name = local(each)
        if name in ("txBody", "rich") or (name == "t" and local_parent(each) == "pt"):
            body = read_body(each)
            if body.text:
                yield Passage(zone, body.text, place, emphasis=body.emphasis)
            if body.struck:
                yield Passage(zone, body.struck, place, struck=True)
        elif name == "textpath" and attribute(each, "string").strip():
            yield Passage(Zone.WATERMARK, attribute(each, "string"), place)
        elif name == "textbox":
            text = _joined(list(all_text(each)))
            if text:
                yield Passage(zone, text, place)
        elif name in ("cNvPr", "docPr"):
            for word in (attribute(each, "title"), attribute(each, "descr")):
                if word.strip():
                    yield Passage(Zone.CAPTION, word, place)


def is_turned(shape: etree._Element) -> bool:
    """Whether a shape of DrawingML or VML hangs aslant."""
    transform = child(shape, "spPr", "xfrm")
    if transform is not None:
        turned = attribute(transform, "rot").removeprefix("-")
        return turned.isdecimal() and len(turned) < _LONGEST_NUMBER and is_slanted(int(turned) / _DEGREE)
    found = _ROTATION.search(attribute(shape, "style"))
    return found is not None and is_slanted(float(found[1]) / (0x10000 if found[2] else 1))


def local_parent(element: etree._Element) -> str:
    """The local name of an element's parent; empty at the root."""
    parent = element.getparent()
    return "" if parent is None else local(parent)


def is_red(colour: str) -> bool:
    """Whether a colour written RRGGBB is red enough to be a mark's or a red head's."""
    try:
        red, green, blue = bytes.fromhex(colour[-6:])
    except ValueError:
        return False
    return red >= 0xB0 and green <= 0x60 and blue <= 0x60
