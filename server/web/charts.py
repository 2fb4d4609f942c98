"""Drawings of a few bars as shapes for SVG, each with the table that says the same in words.

A drawing is 360 units wide, about the width of a telephone, so that its letters are never scaled down to nothing.
Colours come from style sheets by class (`chart.css`); numbers stand beside or in the bars, never colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from unicodedata import east_asian_width

from django.utils.translation import get_language

WIDTH = 360
_ROW, _BAR = 30, 16
"""Height of a row with one bar, and of the bar."""
_LEFT = 96
"""Where the bars of rows begin; their names stand before."""
_NAME = 14
"""Breadth of such a name, a Chinese character being two."""
_COLUMNS = 128
"""Height of columns."""
_OVER = 10
"""How far the last name below columns may stand out into the margin beside the drawing."""
_DIGIT = 7.5
"""Width of a digit, about."""


@dataclass(frozen=True)
class Bar:
    """One bar; ``look`` is the part of its class that says its colour."""

    x: float
    y: float
    width: float
    height: float
    look: str
    title: str


@dataclass(frozen=True)
class Label:
    """Words at a place; ``look`` says how they are set."""

    x: float
    y: float
    words: str
    look: str = ""
    anchor: str = "start"


@dataclass(frozen=True)
class Series:
    """One row of numbers with a name and a look."""

    name: str
    look: str
    numbers: Sequence[int]


@dataclass(frozen=True)
class Chart:
    """A drawing and its table."""

    key: str
    title: str
    corner: str
    """Head of the table's first column."""
    names: Sequence[str]
    series: Sequence[Series]
    height: float
    bars: list[Bar] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        """The table: each name with its numbers."""
        return [(name, [one.numbers[place] for one in self.series]) for place, name in enumerate(self.names)]

    @property
    def total(self) -> int:
        """The sum of all numbers; 0 where there is nothing to draw."""
        return sum(sum(one.numbers) for one in self.series)


def columns(key: str, title: str, corner: str, names: Sequence[str], series: Sequence[Series]) -> Chart:
    """Columns side by side, one group for each name: for what goes on in time."""
    chart = Chart(key, title, corner, names, series, _COLUMNS + 44)
    most = max((number for one in series for number in one.numbers), default=0) or 1
    step = WIDTH / max(1, len(names))
    wide = (step - 6) / max(1, len(series))
    base = _COLUMNS + 18.0
    for place, name in enumerate(names):
        for number, one in enumerate(series):
            value = one.numbers[place]
            tall = _COLUMNS * value / most
            left = step * place + 3 + wide * number
            said = f"{name} · {one.name}: {value}"
            chart.bars.append(
                Bar(round(left, 1), round(base - tall, 1), round(wide - 1, 1), round(tall, 1), one.look, said)
            )
            if value:
                middle = round(left + wide / 2, 1)
                words = _brief(value)
                middle = max(middle, _DIGIT * len(words) / 2)  # the first one begins with the drawing
                chart.labels.append(Label(middle, round(base - tall - 3, 1), words, "chart__number", "middle"))
        if len(names) <= 6 or (len(names) - place) % 2:  # every second one, the last among them
            # The last one ends with the drawing: in the middle of its column it would be cut off.
            last = place == len(names) - 1 and len(names) > 6
            along, anchor = (float(WIDTH + _OVER), "end") if last else (round(step * (place + 0.5), 1), "middle")
            chart.labels.append(Label(along, base + 16, name, "chart__name", anchor))
    return chart


def stacked(
    key: str, title: str, corner: str, names: Sequence[str], series: Sequence[Series], *, rest: bool = False
) -> Chart:
    """A row for each name, its bar made of one piece for each series: for what there is today.

    ``rest``: the last row are all others together; only their number is told, for its bar would dwarf the others.
    """
    chart = Chart(key, title, corner, names, series, _ROW * len(names) + 6)
    sums = [sum(one.numbers[place] for one in series) for place in range(len(names))]
    drawn = len(names) - rest
    most = max(sums[:drawn], default=0) or 1
    beside = max((_DIGIT * len(f"{one:,}") for one in sums[:drawn]), default=0.0)
    room = WIDTH - _LEFT - max(38.0, beside + 8)
    for place, name in enumerate(names):
        top, left = _ROW * place + 6.0, float(_LEFT)
        chart.labels.append(Label(_LEFT - 6, top + 12, _short(name), "chart__name", "end"))
        for one in series:
            value = one.numbers[place]
            wide = room * value / most
            if not value or place >= drawn:
                continue
            said = f"{name} · {one.name}: {value}"
            chart.bars.append(Bar(round(left, 1), top, round(max(1.0, wide - 1), 1), _BAR, one.look, said))
            words = f"{value:,}"
            if wide > _DIGIT * len(words) + 4:
                inside = f"chart__inside chart__inside--{one.look}"
                chart.labels.append(Label(round(left + wide / 2, 1), top + 12, words, inside, "middle"))
            left += wide
        chart.labels.append(Label(round(left + 4, 1), top + 12, f"{sums[place]:,}", "chart__number"))
    return chart


def _brief(number: int) -> str:
    """A number as it finds room above a column; the table has it whole."""
    if number < 10_000:
        return str(number)
    chinese = (get_language() or "zh").startswith("zh")
    unit, word = (10_000, "万") if chinese else (1_000, "k")
    told = f"{number / unit:.1f}".removesuffix(".0") if number < 10 * unit else str(number // unit)
    return f"{told}{word}"


def _short(name: str) -> str:
    """A name cut to the room before its bar; the table has it whole."""
    room = _NAME
    for place, char in enumerate(name):
        room -= 2 if east_asian_width(char) in "WF" else 1
        if room < 0:
            return f"{name[: place - 1]}…"
    return name
