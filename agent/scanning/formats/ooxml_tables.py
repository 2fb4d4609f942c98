"""Tables of any of the three formats: which cells are a field, which stand for themselves, which are just data.

A register lists the levels of other documents and a regulation explains them in a table: such cells mark nothing.
So a cell counts for itself only where it is alone in its row or no table runs through it; a pair of label and value
is a field; everything else is a row, with tabs between its cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import msgspec

from protocol.records import Place
from signatures.characters import STARS
from signatures.passages import NOWHERE, Passage, Zone

_LABEL = re.compile(
    r"(?i)密\s*级|[涉保]\s*密|定密|商密|保密期限|期\s*限|敏感|等\s*级|公开(?:属性|方式)|标\s*[志识]|"
    r"classif|sensitiv|marking|caveat|protective|handling|distribution|dissemination|releas|label|level|tlp"
)
_PERIOD_LABEL = re.compile(r"期\s*限|(?i:duration|period|declassify)")
_LABELLED = re.compile(r"\s*(?P<label>[^:：\t]{1,24}?)\s*[:：]\s*(?P<value>\S[^\t]{0,59})")
_LEVEL = re.compile(r"[绝絕机機秘祕]\s?密")
_TERM = re.compile(r"长期|長期|永久|至?[\d０-９一二三四五六七八九十〇零]{1,4}\s?(?:年|个?月|個月).{0,8}|.{2,8}[前后後]")
_MARK = re.compile(rf"{_LEVEL.pattern}\s?[{''.join(sorted(STARS))}]\s?(?:{_TERM.pattern})?")
_SPELLED = re.compile(
    rf"{_LEVEL.pattern}[{''.join(sorted(STARS))}]"
    r"(?:长期|長期|永久|至?[\d０-９一二三四五六七八九十〇零]{1,4}(?:年(?:\d{1,2}月(?:\d{1,2}日)?)?|个?月|個月)|启用前|公[布开]前)?"
)
_BLANKS = re.compile(r"[^\S\n]+")
_EXAMPLE = re.compile(r"示例|样例|样式|举例|例[:：如]|形式|格式|标注|标志|含义|说明")
_BOX = re.compile(r"\s*[□☐■☑☒✓✔○◻◼]")
_LONGEST_LABEL = 24
_LONGEST_CELL = 60


class Cell(msgspec.Struct, frozen=True):
    """One cell that is not empty: its text, its column (for comparing rows), its address where it has one."""

    text: str
    column: int
    address: str | None = None
    emphasis: bool = False


Row = Sequence[Cell]


def is_label(text: str) -> bool:
    """Whether a cell names what its neighbour holds (密级, 保密期限, Classification)."""
    text = text.strip()
    return 0 < len(text) <= _LONGEST_LABEL and "★" not in text and _LABEL.search(text) is not None


def tabular(rows: Sequence[Row], index: int) -> bool:
    """Whether a row is one of a table of data: a neighbour has its columns (two or more of them) too."""
    columns = {cell.column for cell in rows[index]}
    if len(columns) < 2:
        return False
    for other in (index - 1, index + 1):
        if 0 <= other < len(rows):
            theirs = {cell.column for cell in rows[other]}
            if len(columns & theirs) >= 2 and len(columns ^ theirs) <= max(1, len(columns) // 2):
                return True
    return False


def passages(rows: Sequence[Row], place: Place = NOWHERE, *, zone: Zone = Zone.CELL) -> Iterator[Passage]:
    """The passages of a whole table. ``zone`` is where cells that stand for themselves are."""
    rows = with_periods(rows)
    # Two rows, the labels above their values; a label beside another word that is none (密级, 份数) is no field.
    if (
        len(rows) == 2
        and len(rows[0]) == len(rows[1])
        and not any(_LEVEL.search(told.text.partition("\t")[2]) for row in rows for told in fields(row, place))
    ):
        yield from fields([cell for pair in zip(rows[0], rows[1], strict=True) for cell in pair], place)
    lone = lone_marks(rows, place)
    yield from spelled_down(rows, place, zone=zone)
    for index, row in enumerate(rows):
        told = list(row_passages(row, place, data=tabular(rows, index), zone=zone))
        yield from told
        for mark in lone:
            if mark in row and not any(each.zone is zone and each.text == mark.text for each in told):
                yield Passage(zone, mark.text, _at(place, mark), emphasis=mark.emphasis)


def row_passages(row: Row, place: Place, *, data: bool, zone: Zone = Zone.CELL) -> Iterator[Passage]:
    """The passages of one row; ``data`` says that it belongs to a table of data."""
    if not row:
        return
    told = list(fields(row, place))
    yield from told
    yield from _scattered(row, place)
    if len(row) == 1 or (not data and not told and len(row) <= 4):
        for cell in row:
            short = len(cell.text) <= _LONGEST_CELL
            yield Passage(zone if short else Zone.BODY, cell.text, _at(place, cell), emphasis=cell.emphasis)
    elif not told or data:
        yield Passage(Zone.BODY, "\t".join(_flat(cell.text) for cell in row), _at(place, row[0]))


def fields(row: Row, place: Place) -> Iterator[Passage]:
    """The labels of a row, each with the value beside it, and the period that follows the level."""
    if not any(_BOX.match(cell.text) for cell in row):  # a form with boxes: no telling which is whose
        for cell in row:
            yield from _own_fields(cell, place)
    index = 0
    while index + 1 < len(row):
        label, value = row[index], row[index + 1]
        if is_label(label.text) and not is_label(value.text) and len(value.text) <= _LONGEST_CELL:
            text = f"{_flat(label.text)}\t{_flat(value.text)}"
            # The period that follows belongs to the level: 密级 机密 保密期限 10年.
            following = row[index + 2 : index + 4]
            if len(following) == 2 and _PERIOD_LABEL.search(following[0].text):
                text += f"\t{_flat(following[0].text)}\t{_flat(following[1].text)}"
                index += 2
            yield Passage(Zone.TABLE_FIELD, text, _at(place, value), emphasis=value.emphasis)
            index += 2
        else:
            index += 1


def _own_fields(cell: Cell, place: Place) -> Iterator[Passage]:
    """Lines of a cell that are label and value themselves: ``密级：秘密★1年``."""
    if len(cell.text) > _LONGEST_LABEL + _LONGEST_CELL:
        return
    for line in cell.text.split("\n"):
        found = _LABELLED.fullmatch(line)
        if found and is_label(found["label"]):
            text = f"{_flat(found['label'])}\t{_flat(found['value'])}"
            yield Passage(Zone.TABLE_FIELD, text, _at(place, cell), emphasis=cell.emphasis)


def _scattered(row: Row, place: Place) -> Iterator[Passage]:
    """A mark whose level, star and period stand in a cell each: ``机密|★|10年``."""
    for index in range(1, len(row)):
        if row[index].text.strip() in STARS and _LEVEL.fullmatch(row[index - 1].text.strip()):
            cells = list(row[index - 1 : index + 1])
            if index + 1 < len(row) and _TERM.fullmatch(row[index + 1].text.strip()):
                cells.append(row[index + 1])
            text = "".join(_flat(cell.text) for cell in cells)
            yield Passage(Zone.CELL, text, _at(place, cells[0]), emphasis=any(cell.emphasis for cell in cells))


def spelled_down(rows: Sequence[Row], place: Place, *, zone: Zone = Zone.CELL) -> Iterator[Passage]:
    """A starred mark that is spelled down a column, a piece to each cell, where the table has no second one."""
    columns: dict[int, list[Cell]] = {}
    for row in rows:
        for cell in row:
            columns.setdefault(cell.column, []).append(cell)
    found = [
        Passage(zone, mark, _at(place, cells[first]), emphasis=cells[first].emphasis)
        for cells in columns.values()
        for first, mark in spelled([_flat(cell.text) for cell in cells])
    ]
    if len(found) == 1:
        yield found[0]


def spelled(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Each starred mark that several of these texts make, whole ones in a row, and which is the first of them."""
    whole = "".join(texts)
    if len(texts) < 2 or not STARS.intersection(whole):
        return
    begins = {begin: number for number, begin in enumerate(accumulate(map(len, texts), initial=0))}
    for mark in _SPELLED.finditer(whole):
        first, last = begins.get(mark.start()), begins.get(mark.end())
        if first is None or last is None or last - first < 2:
            continue
        # A sentence that is spelled so may quote a mark.
        if all(len(one) != 1 for one in (*texts[max(0, first - 1) : first], *texts[last : last + 1])):
            yield first, mark[0]


def lone_marks(rows: Sequence[Row], place: Place) -> list[Cell]:
    """The one starred mark of a table, where no label of its row says what it is."""
    return [mark for mark in _lone_mark(rows) if not any(list(fields(row, place)) for row in rows if mark in row)]


def _lone_mark(rows: Sequence[Row]) -> Iterator[Cell]:
    """A starred mark that fills a cell of a table of data, where it is the only one and no column of levels.

    A register and a table of examples have such cells too, but under a head that names them or several of them.
    """
    marks = [(at, cell) for at, row in enumerate(rows) for cell in row if _MARK.fullmatch(cell.text.strip())]
    if not marks:  # or fills a line of one, as where a whole head stands in a cell
        marks = [
            (at, cell)
            for at, row in enumerate(rows)
            for cell in row
            if len(cell.text) <= _LONGEST_CELL and any(map(_SPELLED.fullmatch, _BLANKS.sub("", cell.text).split("\n")))
        ]
    if len(marks) != 1:
        return
    at, mark = marks[0]
    above = [cell for row in rows[:at] for cell in row]
    if any(cell.column == mark.column and is_label(cell.text) for cell in above):
        return
    if not any(_EXAMPLE.search(cell.text) for row in rows for cell in row):
        yield mark


def with_periods(rows: Sequence[Row]) -> list[Row]:
    """The rows, a period that stands below its level moved beside it: a mark is both."""
    joined: list[Row] = []
    for row in rows:
        above = joined[-1] if joined else ()
        if len(row) == len(above) == 2 and is_label(above[0].text) and _PERIOD_LABEL.search(row[0].text):
            joined[-1] = [*above, *row]
        else:
            joined.append(row)
    return joined


def _flat(text: str) -> str:
    """One line: what stands in a cell on several lines is still one cell."""
    return re.sub(r"\s*[\t\n]\s*", " ", text.strip())


def _at(place: Place, cell: Cell) -> Place:
    if cell.address is None:
        return place
    return Place(page=place.page, sheet=place.sheet, slide=place.slide, cell=cell.address, part=place.part)


def filled(cells: Iterable[Cell]) -> list[Cell]:
    """The cells that hold something, their text trimmed."""
    return [Cell(text, cell.column, cell.address, cell.emphasis) for cell in cells if (text := cell.text.strip())]
