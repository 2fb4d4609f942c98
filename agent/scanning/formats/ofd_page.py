"""Where the characters of an OFD page stand, told as `pdf_layout` wants them: points, upwards from the lower left.

GB/T 33190-2016, 7.7 (page), 11 (text): millimetres, downwards from the upper left; each object has a boundary and a
transformation of its own, and a text object tells where its first character stands and how far each is from the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
from lxml import etree

from agent.scanning.formats.ooxml import attribute, child, local
from agent.scanning.formats.pdf_characters import Character, Stretch, together

POINTS = 72 / 25.4
"""Points in a millimetre."""
Matrix = tuple[float, float, float, float, float, float]
_SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_MOST_OBJECTS = 50_000
_MOST_CHARACTERS = 200_000
_DEEPEST = 12
_A4 = (0.0, 0.0, 210.0, 297.0)
_BLACK = (0, 0, 0, 255)
_FAR = 1e5
"""Millimetres beyond which nothing is on any page."""


class Resources(msgspec.Struct):
    """What pages refer to by number: fonts, drawing parameters, composite graphics."""

    bold_fonts: set[str] = msgspec.field(default_factory=set)
    parameters: dict[str, etree._Element] = msgspec.field(default_factory=dict)
    composites: dict[str, etree._Element] = msgspec.field(default_factory=dict)

    def take(self, root: etree._Element) -> None:
        """Take in one resource file."""
        for each in root.iter():
            name, number = local(each), attribute(each, "ID")
            if name == "Font":
                face = f"{attribute(each, 'FontName')} {attribute(each, 'FamilyName')}".lower()
                if attribute(each, "Bold") == "true" or "bold" in face or "黑体" in face or "simhei" in face:
                    self.bold_fonts.add(number)
            elif name == "DrawParam":
                self.parameters[number] = each
            elif name in ("CompositeGraphicUnit", "VectorG", "CompositeGraphicsUnit"):
                self.composites[number] = each

    def colour(self, parameter: str) -> etree._Element | None:
        """The colour a drawing parameter fills with; of the one it builds on where it has none itself."""
        for _ in range(_DEEPEST):
            found = self.parameters.get(parameter)
            if found is None:
                return None
            colour = child(found, "FillColor")
            if colour is not None:
                return colour
            parameter = attribute(found, "Relative")
        return None


class _Run(msgspec.Struct):
    """How one text object is set."""

    size: float
    bold: bool
    colour: tuple[int, int, int, int]


class TextPage:
    """The characters of one page, in the shape in which `pdf_layout.lay_out` takes a page."""

    def __init__(self, resources: Resources, area: tuple[float, float, float, float]) -> None:
        self._resources = resources
        self._area = area
        self._runs: list[_Run] = []
        self._characters: list[Character] = []
        self._objects = 0
        self.picture = 0.0
        """Share of the page that its largest picture covers."""

    def add(self, container: etree._Element, matrix: Matrix = _SAME, depth: int = 0, parameter: str = "") -> None:
        """Take in the objects of a layer, block, appearance or composite, in order."""
        if depth > _DEEPEST:
            return
        for each in container:
            name = local(each)
            own = attribute(each, "DrawParam") or parameter
            if name in ("Layer", "PageBlock", "Content"):
                self.add(each, matrix, depth + 1, own)
                continue
            if name not in ("TextObject", "CompositeObject", "ImageObject", "PathObject"):
                continue
            self._objects += 1
            if self._objects > _MOST_OBJECTS:
                return
            placed = times(matrix, _placed(each))
            if name == "TextObject":
                self._text(each, placed, own)
            elif name == "ImageObject":
                self._picture(each)
            elif name == "PathObject":  # it may be filled with a pattern that has text in it (8.3.2)
                for cell in each.iter("{*}CellContent"):
                    self.add(cell, placed, depth + 1, own)
            else:
                inner = self._resources.composites.get(attribute(each, "ResourceID"))
                if inner is not None:
                    self.add(inner, placed, depth + 1, own)

    # --- what pdf_layout asks ----------------------------------------------------------------------------------

    def box(self) -> tuple[float, float, float, float, int]:
        """Left, bottom, right and top of the page, in points; never turned."""
        _, _, width, height = self._area
        return 0.0, 0.0, width * POINTS, height * POINTS, 0

    def stretches(self) -> Iterator[Stretch]:
        """All characters with their places, in the order of the content."""
        return together(self._characters)

    def colour(self, index: int) -> tuple[int, int, int, int]:
        """Red, green, blue and opacity of a character."""
        return self._runs[index].colour

    def size(self, index: int) -> float:
        """The size a character is set in, in points."""
        return self._runs[index].size

    def bold(self, index: int) -> bool:
        """Whether a character is bold."""
        return self._runs[index].bold

    def artifact(self, index: int) -> str:  # noqa: ARG002 - OFD marks none
        """What a character is beside the text; OFD does not tell."""
        return ""

    # --- objects -----------------------------------------------------------------------------------------------

    def _text(self, element: etree._Element, matrix: Matrix, parameter: str) -> None:
        size = _number(attribute(element, "Size"), 3.5)
        colour = child(element, "FillColor")
        if colour is None and parameter:
            colour = self._resources.colour(parameter)
        weight = attribute(element, "Weight")
        self.add_run(
            size,
            (weight.isdecimal() and int(weight) >= 600) or attribute(element, "Font") in self._resources.bold_fonts,
            _colour(colour, attribute(element, "Alpha")),
            matrix,
        )
        stretch = _number(attribute(element, "HScale"), 1.0)
        x, y = 0.0, 0.0
        for code in element:
            if local(code) == "TextCode":
                x = _number(attribute(code, "X"), x)
                y = _number(attribute(code, "Y"), y)
                x, y = self._code(code, matrix, x, y, size, stretch)

    def _code(
        self, code: etree._Element, matrix: Matrix, x: float, y: float, size: float, stretch: float
    ) -> tuple[float, float]:
        """The characters of one text code; returns where the next would stand."""
        text = code.text or ""
        across, down = _deltas(attribute(code, "DeltaX"), len(text)), _deltas(attribute(code, "DeltaY"), len(text))
        if not down and size >= 0.0 <= stretch and abs(y) < _FAR and _is_upright(matrix):
            return self._row(text, across, matrix, x, y, size, stretch), y
        for index, letter in enumerate(text[:_MOST_CHARACTERS]):
            wide = (size if letter > "\u2e7f" else 0.5 * size) * stretch
            step = across[index] if index < len(across) else 0.0 if down else wide
            # Digits are often set as wide as other characters: no blank stands beside them for that.
            drawn = step if 0 < step <= 1.2 * size * stretch else wide
            self.add_letter(letter, matrix, (x, y, drawn, size))
            x += step
            y += down[index] if index < len(down) else 0.0
        return x, y

    def _row(
        self, text: str, across: list[float], matrix: Matrix, x: float, y: float, size: float, stretch: float
    ) -> float:
        """The characters of an upright row, as nearly all are; returns where in it the next would stand.

        They are what `add_letter` makes of each, told once where it is the same for all of them.
        """
        left, top, _, height = self._area
        a, _, _, d, e, f = matrix
        low = (height - (d * (y + 0.2 * size) + f - top)) * POINTS
        high = (height - (d * (y - 0.8 * size) + f - top)) * POINTS
        line = (height - (d * y + f - top)) * POINTS
        wide, narrow, widest, at = size * stretch, 0.5 * size * stretch, 1.2 * size * stretch, len(self._runs) - 1
        steps = len(across)
        for index, letter in enumerate(text[: _MOST_CHARACTERS - len(self._characters)]):
            drawn = wide if letter > "\u2e7f" else narrow
            step = across[index] if index < steps else drawn
            drawn = step if 0 < step <= widest else drawn
            if -_FAR < x < _FAR:
                begin, end = (a * x + e - left) * POINTS, (a * (x + drawn) + e - left) * POINTS
                shown = " " if letter.isspace() else letter
                self._characters.append(Character(shown, begin, line, begin, low, end, high, 0.0, at))
            x += step
        return x

    def add_run(self, size: float, bold: bool, colour: tuple[int, int, int, int], matrix: Matrix) -> None:
        """Letters that are dressed alike begin; ``size`` in millimetres before the ``matrix`` is applied."""
        a, b, c, d, _, _ = matrix
        scale = math.sqrt(abs(a * d - b * c)) or 1.0
        self._runs.append(_Run(size * scale * POINTS, bold, colour))

    def add_letter(self, letter: str, matrix: Matrix, place: tuple[float, float, float, float]) -> None:
        """One letter of the run that began last; ``place``: x and y of its origin, how wide it is drawn, its size."""
        if len(self._characters) < _MOST_CHARACTERS and abs(place[0]) < _FAR and abs(place[1]) < _FAR:
            self._characters.append(self._character(letter, matrix, place))

    def _character(self, letter: str, matrix: Matrix, place: tuple[float, float, float, float]) -> Character:
        x, y, wide, size = place
        left, top, _, height = self._area
        text, at = " " if letter.isspace() else letter, len(self._runs) - 1
        a, b, _, d, e, f = matrix
        if _is_upright(matrix) and wide >= 0.0 <= size:
            begin, end = (a * x + e - left) * POINTS, (a * (x + wide) + e - left) * POINTS
            low = (height - (d * (y + 0.2 * size) + f - top)) * POINTS
            high = (height - (d * (y - 0.8 * size) + f - top)) * POINTS
            line = (height - (d * y + f - top)) * POINTS
            return Character(text, begin, line, begin, low, end, high, 0.0, at)
        corners = [_moved(matrix, one, other) for one in (x, x + wide) for other in (y + 0.2 * size, y - 0.8 * size)]
        across = [(one - left) * POINTS for one, _ in corners]
        upward = [(height - (other - top)) * POINTS for _, other in corners]
        origin_x, origin_y = _moved(matrix, x, y)
        return Character(
            text,
            (origin_x - left) * POINTS,
            (height - (origin_y - top)) * POINTS,
            min(across),
            min(upward),
            max(across),
            max(upward),
            math.atan2(-b, a),
            at,
        )

    def _picture(self, element: etree._Element) -> None:
        _, _, width, height = rectangle(attribute(element, "Boundary")) or (0.0, 0.0, 0.0, 0.0)
        self.picture = max(self.picture, width * height / (self._area[2] * self._area[3]))


def page_area(
    page: etree._Element | None, common: tuple[float, float, float, float] | None
) -> tuple[float, float, float, float]:
    """Left, top, width and height of a page: its own area, else the document's, else A4."""
    area = None if page is None else child(page, "Area", "PhysicalBox")
    own = None if area is None else rectangle(area.text or "")
    return own or common or _A4


def rectangle(said: str) -> tuple[float, float, float, float] | None:
    """Left, top, width and height in millimetres; None where they make no rectangle."""
    numbers = [_number(one, math.nan) for one in said.split()[:4]]
    if len(numbers) < 4 or any(not abs(one) < _FAR for one in numbers) or numbers[2] < 1 or numbers[3] < 1:
        return None
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _placed(element: etree._Element) -> Matrix:
    """From an object's own space to that of its container."""
    numbers = [_number(one, math.nan) for one in attribute(element, "CTM").split()[:6]]
    whole = len(numbers) == 6 and all(abs(one) < _FAR for one in numbers)
    a, b, c, d, e, f = numbers if whole else _SAME
    corner = [_number(one, 0.0) for one in attribute(element, "Boundary").split()[:2]]
    x, y = corner if len(corner) == 2 else (0.0, 0.0)
    return a, b, c, d, e + x, f + y


def times(outer: Matrix, inner: Matrix) -> Matrix:
    """Both transformations, the inner one first."""
    a, b, c, d, e, f = inner
    x, y = _moved(outer, e, f)
    return (
        outer[0] * a + outer[2] * b,
        outer[1] * a + outer[3] * b,
        outer[0] * c + outer[2] * d,
        outer[1] * c + outer[3] * d,
        x,
        y,
    )


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    return matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]


def _is_upright(matrix: Matrix) -> bool:
    return matrix[1] == 0.0 == matrix[2] and matrix[0] > 0.0 < matrix[3]


def _number(said: str, otherwise: float) -> float:
    try:
        number = float(said)
    except ValueError:
        return otherwise
    return number if abs(number) < 1e9 else otherwise


def _deltas(said: str, count: int) -> list[float]:
    """Steps between characters; ``g 4 3.5`` stands for four steps of 3.5, and the last step goes on."""
    steps: list[float] = []
    tokens = iter(said.split()) if said else iter(())
    for token in tokens:
        if token == "g":
            times = min(int(_number(next(tokens, "0"), 0.0)), count)
            steps += [_number(next(tokens, "0"), 0.0)] * times
        else:
            steps.append(_number(token, 0.0))
        if len(steps) >= count:
            break
    if steps and len(steps) < count - 1:
        steps += [steps[-1]] * (count - 1 - len(steps))
    return steps[:count]


def _colour(element: etree._Element | None, alpha: str) -> tuple[int, int, int, int]:
    """Red, green, blue, opacity of a fill; one figure is a grey, four are cyan, magenta, yellow and black."""
    if element is None:
        said, opacity = "", alpha
    else:
        said, opacity = attribute(element, "Value"), attribute(element, "Alpha") or alpha
    alpha_value = int(min(255, max(0, _number(opacity, 255))))
    parts = [min(255.0, max(0.0, _number(one, 0.0))) for one in said.split()[:4]]
    if len(parts) == 1:
        parts *= 3
    elif len(parts) == 4:
        parts = [(255 - one) * (255 - parts[3]) / 255 for one in parts[:3]]
    if len(parts) != 3:
        return (*_BLACK[:3], alpha_value)
    return int(parts[0]), int(parts[1]), int(parts[2]), alpha_value
