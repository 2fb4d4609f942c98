"""Where the words of a PDF page stand: characters to lines, lines to zones (marking-grammar 3.2).

A PDF knows only characters with places. Those that run on are joined to fragments; fragments on one height form a
row; where a fragment stands, how large and of what colour it is decides its zone. Pages that are turned, text that
runs upwards and one-character-per-line text are brought into reading order first.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from itertools import chain, pairwise
from statistics import median

import msgspec

from agent.scanning.formats import ooxml_tables, page_heads
from agent.scanning.formats.ooxml_tables import Cell
from agent.scanning.formats.pdf_characters import Character, alone
from agent.scanning.formats.pdf_fragments import Fragment, fragments
from agent.scanning.formats.pdf_order import slanted_lines, symbols_are_in_line, with_symbols_in_line
from agent.scanning.formats.pdfium import Page
from protocol.records import Place
from signatures.passages import Passage, Zone

TOP, LEFT = 0.75, 0.5
"""The top left of page 1: the upper quarter and the left half, in shares of height and width."""
MARGIN = 0.08
"""Share of the height that counts as margin on a page of its own."""
WIDE_MARGIN = 0.15
"""The same for lines that stand on several pages."""
_LINE = 0.6
"""Share of the width from which a line is one of running text."""
BLOCK_ROWS = 12
COVER_CHARACTERS = 240
LARGE, COVER_TYPE, WATERMARK_TYPE = 14.0, 18.0, 24.0
"""Points from which type is large, fit for a cover, or fit for a watermark where it is pale as well."""
_MOST_FIELDS = 200


class Layout(msgspec.Struct):
    """One page, laid out."""

    number: int
    width: float
    height: float
    fragments: list[Fragment] = msgspec.field(default_factory=list)
    """In the order of the content."""
    slanted: list[str] = msgspec.field(default_factory=list)
    """Text across the page."""

    def rows(self) -> list[list[Fragment]]:
        """Fragments of one height together, from the top, each row from the left."""
        rows: list[list[Fragment]] = []
        for fragment in sorted(self.fragments, key=lambda one: -one.y):
            if rows and abs(rows[-1][0].y - fragment.y) < 0.4 * max(rows[-1][0].height, fragment.height):
                rows[-1].append(fragment)
            else:
                rows.append([fragment])
        for row in rows:
            row.sort(key=lambda one: one.x)
        return rows

    def high(self, fragment: Fragment) -> float:
        """How high a fragment stands, 0 at the bottom, 1 at the top."""
        return fragment.y / self.height


def lay_out(page: Page, number: int) -> Layout:
    """Read one page's characters and bring them into lines."""
    left, bottom, right, top, turned = page.box()
    stretches = list(page.stretches())
    turns = {angle: _quarter(angle) for angle in {one.angle for one in stretches}}
    quarters: Counter[int] = Counter()
    for one in stretches:
        if (quarter := turns[one.angle]) is not None:
            quarters[quarter] += len(one.text)
    up = quarters.most_common(1)[0][0] if quarters else turned
    width, height = (right - left, top - bottom) if up % 2 == 0 else (top - bottom, right - left)
    layout = Layout(number, max(width, 1.0), max(height, 1.0))
    corner = {0: (left, bottom), 1: (bottom, right), 2: (right, top), 3: (top, left)}[up]
    upright = [one for one in stretches if turns[one.angle] == up]
    if up or corner != (0.0, 0.0) or not symbols_are_in_line(upright):
        characters = (character for one in upright for character in one.characters())
        in_line = with_symbols_in_line([_turn(one, up, corner) for one in characters])
        parts = fragments(map(alone, in_line))
    else:
        parts = fragments(upright)
    layout.fragments = _join_rows(list(parts))
    if len(upright) < len(stretches):
        slanted = (one.characters() for one in stretches if turns[one.angle] != up)
        layout.slanted = list(slanted_lines(chain.from_iterable(slanted)))
    layout.fragments = _join_vertical(layout.fragments)
    _dress(page, layout)
    return layout


def _quarter(angle: float) -> int | None:
    """How many right angles, counter-clockwise; None for a slant."""
    quarters = angle / (math.pi / 2)
    nearest = round(quarters)
    return nearest % 4 if abs(quarters - nearest) < 0.06 else None


def _turn(one: Character, up: int, corner: tuple[float, float]) -> Character:
    """The character as one reads the page, from its lower left corner."""
    across, along = corner
    text, x, y, left, bottom, right, top, angle, at = one
    if up == 0:
        return Character(
            text, x - across, y - along, left - across, bottom - along, right - across, top - along, angle, at
        )
    if up == 1:
        return Character(
            text, y - across, along - x, bottom - across, along - right, top - across, along - left, angle, at
        )
    if up == 2:
        return Character(
            text, across - x, along - y, across - right, along - top, across - left, along - bottom, angle, at
        )
    return Character(text, across - y, x - along, across - top, left - along, across - bottom, right - along, angle, at)


def _join_rows(fragments: list[Fragment]) -> list[Fragment]:
    """Join pieces of one line that the content holds in another order than one reads."""
    order = {id(one): at for at, one in enumerate(fragments)}
    joined: list[Fragment] = []
    for row in Layout(0, 1.0, 1.0, fragments).rows():
        current = row[0]
        for one in row[1:]:
            gap = one.x - current.right
            reach = 0.5 * one.height if min(len(one.text), len(current.text)) <= 2 else 0.05 * one.height
            if -0.3 * one.height <= gap <= reach and abs(one.y - current.y) < 0.2 * one.height:
                current.text += (" " if gap > 0.22 * one.height else "") + one.text
                current.right, current.last = one.right, one.last
                order[id(current)] = min(order[id(current)], order[id(one)])
            else:
                joined.append(current)
                current = one
        joined.append(current)
    joined.sort(key=lambda one: order[id(one)])
    return joined


def _join_vertical(fragments: list[Fragment]) -> list[Fragment]:
    """Join one-character lines below each other to one fragment of several lines, columns from the right."""
    single = [one for one in fragments if len(one.text) == 1 or (len(one.text) <= 3 and one.text.isdigit())]
    if len(single) < 2:
        return fragments
    taken: set[int] = set()
    columns: list[list[Fragment]] = []
    for one in sorted(single, key=lambda one: (-round((one.x + one.right) / 2 / max(one.height, 4.0)), -one.y)):
        last = columns[-1][-1] if columns else None
        if (
            last is not None
            and abs((one.x + one.right) - (last.x + last.right)) < one.height
            and 0.3 * one.height < last.y - one.y < 3.2 * one.height
        ):
            columns[-1].append(one)
        else:
            columns.append([one])
    made: list[Fragment] = []
    for column in columns:
        if len(column) < 2:
            continue
        taken.update(id(one) for one in column)
        first = column[0]
        text = "\n".join(one.text for one in column)
        made.append(Fragment(text, first.x, first.y, first.right, first.height, first.at, first.x))
    return made + [one for one in fragments if id(one) not in taken]


def _dress(page: Page, layout: Layout) -> None:
    """Look at the size, weight, colour and marks of each fragment's first character."""
    pale: list[Fragment] = []
    for one in layout.fragments:
        set_in = page.size(one.at)
        one.size = max(one.height, set_in) if set_in < 2 * one.height else one.height
        red, green, blue, opacity = page.colour(one.at)
        is_red = red > 150 and green < 110 and blue < 110
        one.emphasis = one.size >= LARGE or is_red or page.bold(one.at)
        one.artifact = page.artifact(one.at)
        one.watermark = one.artifact == "watermark"
        if min(red, green, blue) > 150 or opacity < 140:
            pale.append(one)
    if 2 * len(pale) <= len(layout.fragments):  # white lettering on a dark slide is no watermark
        for one in pale:
            one.watermark = one.watermark or one.size >= WATERMARK_TYPE


# Zones


def margin_key(text: str) -> str:
    """A line of the margin as it is compared between pages: page numbers and blanks do not count."""
    return re.sub(r"\s+", "", re.sub(r"\d+", "#", text))


def margin_lines(layout: Layout) -> set[str]:
    """Keys of the lines that stand near the top or the bottom of a page, and of those across it."""
    keys = {
        margin_key(one.text)
        for one in layout.fragments
        if not WIDE_MARGIN <= layout.high(one) <= 1 - WIDE_MARGIN or one.watermark
    }
    return keys | {margin_key(text) for text in layout.slanted}


def passages(layout: Layout, repeated: Counter[str]) -> Iterator[Passage]:
    """The passages of one page. ``repeated`` says on how many pages each margin line stands."""
    place = Place(page=layout.number)
    for text in layout.slanted:
        yield Passage(Zone.WATERMARK, text, place, pages=max(1, repeated[margin_key(text)]), emphasis=True)
    rest: list[Fragment] = []
    for one in layout.fragments:
        zone, pages = _margin_zone(layout, one, repeated)
        if zone is None:
            rest.append(one)
        else:
            yield Passage(zone, one.text, place, pages=pages, emphasis=one.emphasis)
    if layout.number == 1:
        rest = yield from _first_page(layout, rest, place)
    else:
        yield from _labelled(layout.rows(), place, set())
        head = _later_head(layout, rest)
        if head:
            yield _joined(Zone.P1_BLOCK, head, place)
        taken = {id(one) for one in head}
        rest = [one for one in rest if id(one) not in taken]
    if rest:
        yield Passage(Zone.BODY, "\n".join(one.text for one in rest), place)


def _margin_zone(layout: Layout, one: Fragment, repeated: Counter[str]) -> tuple[Zone | None, int]:
    high = layout.high(one)
    if WIDE_MARGIN <= high <= 1 - WIDE_MARGIN and not one.watermark and not one.artifact:
        return None, 1  # as most of a page
    pages = max(1, repeated[margin_key(one.text)])
    if one.watermark:
        return Zone.WATERMARK, pages
    if one.artifact == "header" or (pages > 1 and high > 1 - WIDE_MARGIN):
        return Zone.HEADER, pages
    if one.artifact == "footer" or (pages > 1 and high < WIDE_MARGIN) or high < MARGIN:
        return Zone.FOOTER, pages
    first = layout.number == 1
    # Page 1's top left is a zone of its own; what stands to its right is where companies put their label.
    if high > (1 - WIDE_MARGIN if first else 1 - MARGIN) and not (first and one.x <= LEFT * layout.width):
        return Zone.HEADER, pages
    return None, 1


def _first_page(layout: Layout, rest: list[Fragment], place: Place) -> Generator[Passage, None, list[Fragment]]:
    """Top left, block or cover, title and table fields of page 1. Returns what is left for the body."""
    kept = {id(one) for one in rest}
    rows = [[one for one in row if id(one) in kept] for row in layout.rows()]
    rows = [row for row in rows if row]
    is_cover = (
        len(rows) <= BLOCK_ROWS
        and sum(len(one.text) for one in rest) <= COVER_CHARACTERS
        and any(one.size >= COVER_TYPE for one in rest)
    )
    corner = [one for row in rows for one in row if layout.high(one) >= TOP and one.x <= LEFT * layout.width]
    block = [one for row in rows[:BLOCK_ROWS] for one in row if one not in corner]
    if corner:
        yield _joined(Zone.P1_TOP_LEFT, corner, place)
    if block:
        yield _joined(Zone.COVER if is_cover else Zone.P1_BLOCK, block, place)
    yield from _title(rows[:BLOCK_ROWS], place)
    yield from _fields(layout, rows, place)
    used = {id(one) for one in (*corner, *block)}
    return [one for one in rest if id(one) not in used]


def _joined(zone: Zone, fragments: list[Fragment], place: Place) -> Passage:
    """Lines as one passage. A marking is short: the title above it and the items of a list lend it no emphasis."""
    largest = max(one.size for one in fragments)
    emphasis = any(
        one.emphasis
        and len(one.text) <= 16
        and not page_heads.is_item(one.text)
        and not (page_heads.width(one.text) > 16 and one.size > 0.92 * largest)
        for one in fragments
    )
    return Passage(zone, "\n".join(one.text for one in fragments), place, emphasis=emphasis)


def _later_head(layout: Layout, rest: list[Fragment]) -> list[Fragment]:
    """The head of an annex at the top of a later page: its first lines, as long as each is short and stands alone.

    A page that is wider than high is a slide, and what stands at its top the slide's title.
    """
    if layout.width > layout.height:
        return []
    left = {id(one) for one in rest}
    lines: list[Fragment] = []
    runs_into_text = False
    for row in layout.rows():
        kept = [one for one in row if id(one) in left]
        if len(kept) > 1 or len(lines) == page_heads.MOST_LINES:
            break
        if kept:
            is_long = kept[0].right - kept[0].x > _LINE * layout.width
            runs_into_text = is_long or not page_heads.may_be_head(kept[0].text)
            if runs_into_text:
                break
            lines.append(kept[0])
    count = page_heads.head_of([one.text for one in lines], runs_into_text=runs_into_text)
    return [one for one in lines[:count] if layout.high(one) >= TOP]


def _title(rows: list[list[Fragment]], place: Place) -> Iterator[Passage]:
    """The two largest sizes of type among the first rows: the issuing body's head and the title below it."""
    sizes = [one.size for row in rows for one in row]
    if len(sizes) < 2:
        return
    above, ordinary = max(sizes) + 1, 1.2 * median(sizes)
    for _ in range(2):
        largest = max((size for size in sizes if size < above), default=0.0)
        if largest < ordinary:
            return
        text = "".join(one.text for row in rows for one in row if 0.92 * largest < one.size < above)
        yield Passage(Zone.TITLE, text[:200], place, emphasis=True)
        above = 0.92 * largest


def _fields(layout: Layout, rows: list[list[Fragment]], place: Place) -> Iterator[Passage]:
    """Neighbours of one row as label and value."""
    told: set[str] = set()
    yield from _labelled(layout.rows(), place, told)
    for row in rows:
        for label, value in pairwise(row):
            if len(label.text) <= 12 and len(value.text) <= 24 and "\n" not in label.text + value.text:
                if len(told) >= _MOST_FIELDS:
                    return
                if value.text not in told:
                    told.add(f"{label.text}\t{value.text}")
                    yield Passage(Zone.TABLE_FIELD, f"{label.text}\t{value.text}", place, emphasis=value.emphasis)


def _labelled(rows: list[list[Fragment]], place: Place, told: set[str]) -> Iterator[Passage]:
    """What a label says beside it, with the period that follows or stands below. Fills ``told`` with the values."""
    cells: list[Sequence[Cell]] = [
        [Cell(one.text, number, emphasis=one.emphasis) for number, one in enumerate(row)]
        for row in rows
        if len(row) > 1 and all("\n" not in one.text for one in row)
    ]
    for row in ooxml_tables.with_periods(cells):
        for passage in ooxml_tables.fields(row, place):
            if len(told) >= _MOST_FIELDS:
                return
            told.update(passage.text.split("\t")[1::2])
            yield passage
