"""Styles of OpenDocument, resolved: what a paragraph, run or shape looks like, its parents' styles counted in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from agent.scanning.formats.docx_front import Style, Styles
from agent.scanning.formats.ooxml import attribute, local
from agent.scanning.formats.ooxml_drawing import is_red

_LENGTH = re.compile(r"([-+]?\d{1,9}(?:\.\d{0,9})?)\s*(pt|cm|mm|in|px|pc)?$")
_POINTS = {"pt": 1.0, "cm": 28.3465, "mm": 2.83465, "in": 72.0, "px": 0.75, "pc": 12.0, None: 1.0}
_MOST_PARENTS = 20
_BOLD = frozenset({"bold", "600", "700", "800", "900"})
_CONTAINERS = ("styles", "automatic-styles", "master-styles")

Look = dict[str, str]
"""Attributes of all ``…-properties`` of a style and its parents, by local name."""


class StyleSheet:
    """The styles one body can use: the common ones and its own automatic ones."""

    def __init__(self, containers: Iterable[etree._Element]) -> None:
        self._elements: dict[tuple[str, str], etree._Element] = {}
        self._looks: dict[tuple[str, str], Look] = {}
        self._defaults: dict[str, etree._Element] = {}
        for container in containers:
            for each in container:
                if local(each) == "style":
                    # "presentation" is a family of its own kind of graphic.
                    family = attribute(each, "family")
                    self._elements["graphic" if family == "presentation" else family, attribute(each, "name")] = each

    def look(self, family: str, name: str) -> Look:
        """What a style says, its parents' word counted in; nothing where there is no such style."""
        if not name:
            return {}
        key = (family, name)
        if key not in self._looks:
            look: Look = {}
            line = list(self._line(family, name))
            for style in reversed(line):
                for properties in style:
                    if local(properties).endswith("properties"):
                        look.update((_plain(str(one)), str(value)) for one, value in properties.attrib.items())
            if line and (master := attribute(line[0], "master-page-name")):
                look["master-page-name"] = master
            self._looks[key] = look
        return self._looks[key]

    def _line(self, family: str, name: str) -> Iterator[etree._Element]:
        """A style and its parents; a circle of parents ends."""
        for _ in range(_MOST_PARENTS):
            style = self._elements.get((family, name))
            if style is None:
                return
            yield style
            name = attribute(style, "parent-style-name")

    def chosen(self, family: str, name: str) -> str:
        """The name, in small letters and without codes, of the nearest style that a person chose."""
        for style in self._line(family, name):
            parent = style.getparent()
            if parent is not None and local(parent) == "styles":
                shown = attribute(style, "display-name") or attribute(style, "name")
                return shown.replace("_20_", " ").lower()
        return name.replace("_20_", " ").lower()

    def as_front(self) -> Styles:
        """The named paragraph styles in the form in which the head of a page is judged."""
        found: Styles = {}
        for (family, name), style in self._elements.items():
            parent = style.getparent()
            if family == "paragraph" and parent is not None and local(parent) == "styles":
                look = self.look(family, name)
                shown = self.chosen(family, name)
                found[shown] = Style(shown, type_size(look), centred=look.get("text-align") == "center")
        return found


def style_containers(root: etree._Element | None) -> list[etree._Element]:
    """The parts of a document that hold styles."""
    return [] if root is None else [each for each in root if local(each) in _CONTAINERS]


def _plain(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def points(length: str) -> float | None:
    """A length such as ``2.5cm`` in points; None where it is none."""
    found = _LENGTH.match(length.strip())
    return None if found is None else float(found[1]) * _POINTS[found[2]]


def type_size(look: Look) -> int:
    """The size of type in half-points; 0 where it is not told, or told as a share of another."""
    sizes = (points(look.get(name, "")) for name in ("font-size", "font-size-asian"))
    return round(2 * max((size for size in sizes if size is not None), default=0.0))


def emphasised(look: Look) -> bool:
    """Whether type is bold."""
    return look.get("font-weight") in _BOLD or look.get("font-weight-asian") in _BOLD


def is_red_type(look: Look) -> bool:
    """Whether type is red."""
    colour = look.get("color", "")
    return colour.startswith("#") and len(colour) == 7 and is_red(colour[1:])


def is_struck(look: Look) -> bool:
    """Whether type is struck through. Old files say it in ``text-crossing-out``."""
    names = ("text-line-through-style", "text-line-through-type", "text-crossing-out")
    # Any of the two may be absent; "none" in either takes the line away.
    said = [value for name in names if (value := look.get(name))]
    return bool(said) and "none" not in said


def is_behind(look: Look) -> bool:
    """Whether a shape lies behind the text."""
    return look.get("run-through") == "background" and look.get("wrap") == "run-through"
