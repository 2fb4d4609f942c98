"""What a PDF shows beside its pages: layers, page labels, tips, texts to be read aloud, scripts; and its past.

Read from its objects, so only where these can be told apart. A file that was changed by appending still holds what it
said before (ISO 32000-1, 7.5.6): where the text of a page was replaced so, the earlier state is a file of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agent.scanning.formats.base import Member, NotExamined, Reading
from agent.scanning.formats.pdf_file import File
from agent.scanning.formats.pdf_objects import CannotTell, Parser, Stream, text_string
from agent.scanning.formats.quoted import values as strings
from protocol.records import Place
from signatures.passages import Passage, Zone

_UTF8 = frozenset({"utf-8"})
_MOST = 5_000
"""Nodes of one tree that are looked at."""
_ALOUD = re.compile(rb"/(?:ActualText|Alt|TU)[\0\t\n\f\r ]*(?=[(<])")
_NO_TEXT = frozenset({"XObject", "Metadata", "ObjStm", "XRef", "EmbeddedFile", "Pattern", "CMap"})


def passages(file: File, reading: Reading) -> Iterator[Passage]:
    """The values in which there is a literal, each once."""
    found: dict[str, None] = {}
    for corner in (_layers, _labels, _tips, _scripts, _aloud):
        try:
            found.update(dict.fromkeys(corner(file)))
        except (CannotTell, RecursionError):
            continue  # the file is read by PDFium all the same
    if found and _worth("\n".join(found), reading):
        for text in found:
            if _worth(text, reading):
                yield Passage(Zone.BODY, text, Place(part="setting"))


def _worth(text: str, reading: Reading) -> bool:
    return reading.worth(text.encode("utf-8", "replace"), encodings=_UTF8)


def _root(file: File) -> dict[str, Any]:
    return file.entries(file.trailer.get("Root"))


def _text(file: File, value: Any) -> str:
    raw = file.resolve(value)
    return text_string(raw).strip() if isinstance(raw, bytes) else ""


def _layers(file: File) -> Iterator[str]:
    """Names of layers (ISO 32000-1, 8.11.2)."""
    for layer in file.items(file.entries(_root(file).get("OCProperties")).get("OCGs"))[:_MOST]:
        yield _text(file, file.entries(layer).get("Name"))


def _nodes(file: File, top: Any, below: str = "Kids") -> Iterator[dict[str, Any]]:
    """The dictionaries of a tree, each before what is below it."""
    waiting = [top]
    for _ in range(_MOST):
        if not waiting:
            return
        node = file.entries(waiting.pop())
        yield node
        waiting += file.items(node.get(below))


def _labels(file: File) -> Iterator[str]:
    """What stands before the numbers of pages (12.4.2)."""
    if (top := _root(file).get("PageLabels")) is not None:
        for node in _nodes(file, top):
            for label in file.items(node.get("Nums"))[1 : 2 * _MOST : 2]:
                yield _text(file, file.entries(label).get("P"))


def _tips(file: File) -> Iterator[str]:
    """What a field says of itself when somebody points at it (12.7.3.1)."""
    for top in file.items(file.entries(_root(file).get("AcroForm")).get("Fields"))[:_MOST]:
        for field in _nodes(file, top):
            yield _text(file, field.get("TU"))


def _scripts(file: File) -> Iterator[str]:
    """The strings in scripts of the document (12.6.4.16)."""
    root = _root(file)
    actions = [root["OpenAction"]] if isinstance(file.resolve(root.get("OpenAction")), dict) else []
    if (top := file.entries(root.get("Names")).get("JavaScript")) is not None:
        for node in _nodes(file, top):
            actions += file.items(node.get("Names"))[1 : 2 * _MOST : 2]
    for action in actions:
        script = file.resolve(file.entries(action).get("JS"))
        raw = file.decoded(script) if isinstance(script, Stream) else script
        if isinstance(raw, bytes):
            for line in text_string(raw).splitlines():
                yield from strings(line, code=True)


def _aloud(file: File) -> Iterator[str]:
    """Texts that stand for parts of a tagged document (14.9.3 and 14.9.4), by their own bytes: such trees are large."""
    if "StructTreeRoot" not in _root(file):
        return
    for data in file.with_objects():
        for sign in _ALOUD.finditer(data):
            try:
                value = Parser(data, sign.end()).value()
            except CannotTell:
                continue
            if isinstance(value, bytes):
                yield text_string(value).strip()


def past(file: File, reading: Reading) -> Iterator[Member]:
    """The state before the last change, where text of a page was replaced by it; that one has its own past."""
    end = file.before_last_change()
    if not end:
        return
    try:
        before = File(file.data[:end])
        replaced = any(_is_text(before.object(number)) for number in file.changed if before.has(number))
    except (CannotTell, RecursionError):
        return
    if replaced:
        try:
            reading.budget.spend(end)
        except NotExamined as problem:
            yield Member("earlier.pdf", None, end, problem)
        else:
            yield Member("earlier.pdf", before.data, end)


def _is_text(value: Any) -> bool:
    """Whether an object may be what draws a page."""
    if not isinstance(value, Stream) or value.entries.get("Subtype") == "Image":
        return False
    return value.entries.get("Type") not in _NO_TEXT
