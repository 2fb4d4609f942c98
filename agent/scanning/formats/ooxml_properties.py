"""Document properties: core, extended (app), custom, and the custom XML that document systems leave in a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from agent.scanning.formats.ooxml import Package, all_text, attribute, local
from protocol.records import Place
from signatures.passages import Passage, Zone

_CORE = re.compile(r"(?i)^docprops/core[^/]*\.xml$|\.psmdcp$")
_APP = re.compile(r"(?i)^docprops/app\.xml$")
_CUSTOM = re.compile(r"(?i)^docprops/custom\.xml$")
_CUSTOM_XML = re.compile(r"(?i)^customxml/[^/]+\.xml$")
_CORE_NAMES = frozenset(
    {"title", "subject", "keywords", "category", "description", "contentStatus", "contentType", "created"}
)
_APP_NAMES = frozenset({"Manager", "Company", "Template", "HyperlinkBase"})
_LABELS = re.compile(r"(?i)^docmetadata/labelinfo\.xml$")
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_TRUE = ("1", "true")
_LONGEST = 400
_MOST_CUSTOM_XML = 200


def properties(package: Package) -> Iterator[Passage]:
    """Yield each property as a passage of zone doc_property, its name in ``name``.

    Custom ones keep the name they have in the file (``密级``, ``Classification``, ``MSIP_Label_…_Name``).
    """
    for name in package.names(_CORE):
        yield from _named(package.tree(name), _CORE_NAMES, "core-properties")
    for name in package.names(_APP):
        yield from _named(package.tree(name), _APP_NAMES, "app-properties")
    for name in package.names(_CUSTOM):
        root = package.tree(name)
        for each in () if root is None else root:
            yield from _property(attribute(each, "name"), "".join(all_text(each)), "custom-properties")
    for name in package.names(_LABELS):
        yield from _labels(package.tree(name))
    for name in package.names(_CUSTOM_XML):
        yield from _custom_xml(package.tree(name))


def office_2003(root: etree._Element) -> Iterator[Passage]:
    """The properties in the one-file forms of Office 2003: known ones, and custom ones by their own names."""
    for each in root:
        if local(each) == "DocumentProperties":
            for found in each:
                name = local(found)
                if name in _OLD_NAMES:
                    yield from _property(_OLD_NAMES[name], "".join(all_text(found)), "core-properties")
        elif local(each) == "CustomDocumentProperties":
            for found in each:
                name = _CODED.sub(lambda code: chr(int(code[1], 16)), local(found))
                yield from _property(name, "".join(all_text(found)), "custom-properties")


_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_OLD_NAMES = {
    "Title": "title", "Subject": "subject", "Keywords": "keywords", "Category": "category",
    "Description": "description", "Manager": "Manager", "Company": "Company", "HyperlinkBase": "HyperlinkBase",
}  # fmt: skip


def _named(root: etree._Element | None, names: frozenset[str], part: str) -> Iterator[Passage]:
    for each in () if root is None else root:
        if local(each) in names:
            yield from _property(local(each), "".join(all_text(each)), part)


def _labels(root: etree._Element | None) -> Iterator[Passage]:
    """The sensitivity labels in force ([MS-OFFCRYPTO] 2.6.4), named as the older properties of Purview are."""
    for each in () if root is None else root:
        identifier = attribute(each, "id").strip().strip("{}")
        if local(each) == "label" and attribute(each, "removed") not in _TRUE and _ID.fullmatch(identifier):
            enabled = attribute(each, "enabled") or "1"
            yield from _property(f"MSIP_Label_{identifier}_Enabled", enabled, "label-info")
            yield from _property(f"MSIP_Label_{identifier}_Id", identifier, "label-info")


def _custom_xml(root: etree._Element | None) -> Iterator[Passage]:
    """The leaves of a custom XML part and their values: forms and document systems keep the level there."""
    left = _MOST_CUSTOM_XML
    for each in () if root is None else root.iter():
        if left <= 0:
            return
        name = local(each)
        if name and len(each) == 0:
            for value in (each.text or "", attribute(each, "value"), attribute(each, "val")):
                for passage in _property(name, str(value), "custom-xml"):
                    left -= 1
                    yield passage


def _property(name: str, value: str, part: str) -> Iterator[Passage]:
    value = value.strip()
    if value:
        yield Passage(Zone.DOC_PROPERTY, value[:_LONGEST], Place(part=part), name=name)
