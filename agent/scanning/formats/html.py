"""HTML: pages, saved or written by office programs, in UTF-8, GBK, Big5 or UTF-16, with references of every kind."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec
from lxml import etree

from agent.scanning.formats import data_uris, escapes, markup, text
from agent.scanning.formats.base import Piece, Reading, Source
from agent.scanning.formats.lines import Table, foot_start, head_end, hit_lines, ranges
from agent.scanning.formats.ooxml_tables import Cell, fields, spelled_down, with_periods
from agent.scanning.formats.quoted import values
from protocol.records import Place
from signatures.passages import Passage, Zone

NAME = "html"
MEDIA_TYPES = ("text/html", "image/svg+xml")
LIMITS = {"bytes read as a page": markup.LONGEST}
LIMITATIONS = (
    "of scripts and style sheets only strings that are a marking by themselves are seen",
    "pictures that are written into the page itself are not read",
    "a page larger than 32 MiB is searched as plain text",
)

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        """address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption
        figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li main menu nav ol option
        p pre section select summary svg table tbody td text textarea textpath tfoot th thead title tr ul""",
    )
)
"""Elements that begin and end a line."""
_SKIPPED = frozenset({"script", "style", "noscript", "template"})
_VOIDED = frozenset({"del", "s", "strike"})
_EMPHASIS = frozenset({"b", "strong", "h1", "h2", "h3"})
_HEADINGS = frozenset({"h1", "h2", "h3"})
_SHOWN = frozenset({"alt", "title", "placeholder", "value", "label", "summary", "srcdoc", "content"})
"""Attributes that people see; what others hold counts as data do, where it is a marking by itself."""

_ADDRESSES = frozenset({"href", "src"})
_ENDING = re.compile(r"\.\w{1,5}$")
_FURNITURE = re.compile(r"water-?mark|水印", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\0](?:(?<=[\t\r\n\f\0])[ \t\r\n\f\0]*|\s+)")
"""Blanks that are shown as one; a single space is one already. With one set to begin with `re` skips what is none."""
_UTF8 = frozenset({"utf-8"})
_LAYOUT_ROWS = 4
"""A table with no more rows at the top of a page is a layout of its head."""
_SHORT = 40
_MANY = 3
"""Cells with a literal from which on a table is a list of levels or files, not the marking of this page."""


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages of a page in which there is a literal of some rule; nothing from any other page."""
    if source.size > LIMITS["bytes read as a page"]:
        yield from text.pieces(source, reading)
        return
    raw = escapes.page(markup.plain_bytes(source.read(LIMITS["bytes read as a page"])))
    yield from data_uris.members(raw, reading)
    raw = _with_readings_last(raw)
    if not markup.worth(raw, reading):
        return
    source_text = markup.to_text(raw)
    page = _parse(source_text)
    if page is None:
        lines = markup.xml_lines(markup.without(source_text, _SKIPPED))
        yield from markup.line_passages(lines, hit_lines(reading.sieve, lines))
        return
    yield from _properties(page, reading)
    yield from _body(_Blocks(page).found, reading)
    yield from _asides(page, reading)


def _with_readings_last(raw: bytes) -> bytes:
    """A page in which what stands over letters (``ruby``) parts them no more, and follows as a line of its own."""
    if b"</ruby>" not in raw and b"</RUBY>" not in raw[:_GLIMPSE]:
        return raw
    said = b"".join(_READING.findall(raw))
    return _BASE.sub(b"", _READING.sub(b"", raw)) + b"<p>" + said + b"</p>"


_GLIMPSE = 16 * 1024
_READING = re.compile(rb"(?i)<r(?:t|tc|p)\b[^>]*>([^<]*)(?:</r(?:t|tc|p)>)?")
_BASE = re.compile(rb"(?i)</?(?:ruby|rb)\b[^>]*>")


def _parse(source: str) -> etree._Element | None:
    """The page as a tree; None where there is no element in it, or where it is nested too deep to be read whole.

    Never fetches anything and never raises for broken markup.
    """
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
    try:
        page = etree.fromstring(source.replace("\0", "").encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None
    whole = all(entry.type_name != "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    return page if whole else None


@lru_cache(maxsize=1024)
def _name(tag: object) -> str:
    """The name of an element without its namespace."""
    return str(tag).rsplit("}", 1)[-1].lower()


class _Block(msgspec.Struct):
    """A paragraph, heading, list item or table cell, as one line of text."""

    text: str
    tag: str
    zone: Zone | None
    """Where its element says it stands; None for the flow of the page."""
    row: tuple[int, int] | None
    """Number of its table and of its row."""
    emphasis: bool
    struck: bool


class _State(msgspec.Struct):
    """What holds inside an element."""

    tag: str
    zone: Zone | None
    row: tuple[int, int] | None
    emphasis: bool
    struck: bool


class _Blocks:
    """All blocks of a page in order, made in one walk without recursion."""

    def __init__(self, page: etree._Element) -> None:
        self.found: list[_Block] = []
        self._text: list[str] = []
        self._emphasis = self._plain = self._struck = 0
        self._tables = 0
        self._rows: Counter[int] = Counter()
        state = _State("", None, None, False, False)
        around: list[tuple[str, _State]] = []
        """Elements that are open: the name of each, and what holds around it."""
        tables: list[int] = []
        for event, element in etree.iterwalk(page, events=("start", "end", "comment", "pi")):
            if event == "start":
                tag = _name(element.tag)
                if tag in _BLOCKS:
                    self._flush(state)
                if tag == "table":
                    self._tables += 1
                    tables.append(self._tables)
                elif tag == "tr" and tables:
                    self._rows[tables[-1]] += 1
                around.append((tag, state))
                state = self._inside(tag, element, state, tables)
                if text_ := element.text:
                    self._add(text_, state)
                continue
            if event == "end":
                tag, outer = around.pop()
                if tag in _BLOCKS:
                    self._flush(state)
                if tag == "table" and tables:
                    tables.pop()
                state = outer
            if text_ := element.tail:
                self._add(text_, state)
        self._flush(state)

    def _inside(self, tag: str, element: etree._Element, outer: _State, tables: list[int]) -> _State:
        name = style = ""
        if element.attrib:
            name = f"{element.get('id') or ''} {element.get('class') or ''}"
            style = (element.get("style") or "").lower().replace(" ", "")
        zone = outer.zone
        if name and _FURNITURE.search(name):
            zone = Zone.WATERMARK
        elif tag in ("header", "footer"):
            zone = Zone.HEADER if tag == "header" else Zone.FOOTER
        elif tag in _SKIPPED or tag in ("title", "head"):
            tag = "skipped"
        row = (tables[-1], self._rows[tables[-1]]) if tag in ("td", "th") and tables else outer.row
        return _State(
            tag="skipped" if outer.tag == "skipped" else tag,
            zone=zone,
            row=row if tables else None,
            emphasis=outer.emphasis or tag in _EMPHASIS or "font-weight:bold" in style,
            struck=outer.struck or tag in _VOIDED or "line-through" in style,
        )

    def _add(self, text_: str | None, state: _State) -> None:
        if not text_ or state.tag == "skipped":
            return
        self._text.append(text_)
        if written := len(text_.strip()):
            self._plain += written
            self._emphasis += written * state.emphasis
            self._struck += written * state.struck

    def _flush(self, state: _State) -> None:
        """End a block. Emphasis and strokes count where they cover all of it."""
        if not self._text:
            return
        line = _one_line("".join(self._text).strip()) if self._plain else ""  # else there are blanks alone
        if line:
            self.found.append(
                _Block(
                    line,
                    state.tag,
                    state.zone,
                    state.row,
                    emphasis=self._emphasis == self._plain,
                    struck=self._struck == self._plain,
                )
            )
        self._text.clear()
        self._emphasis = self._plain = self._struck = 0


def _one_line(text_: str) -> str:
    """The text of a block with its blanks as they are shown."""
    plain = " ".join(text_.split())
    return text_ if plain == text_ and "\0" not in text_ else _BLANKS.sub(" ", text_).strip()


def _body(blocks: list[_Block], reading: Reading) -> Iterator[Passage]:
    """The visible text of the page, block by block."""
    lines = [block.text for block in blocks]
    hits = hit_lines(reading.sieve, lines)
    if not hits:
        return
    rows_of = Counter(table for table, _ in {block.row for block in blocks if block.row})
    low, high = _head(blocks, rows_of), len(blocks)
    if min(hits) < low:
        yield _passage(Zone.P1_TOP_LEFT, blocks, 0, low)
    foot = foot_start(lines)
    if foot in hits and foot >= low and blocks[foot].row is None:
        yield _passage(Zone.FOOTER, blocks, foot, foot + 1)
        high = foot
    tabular = _tabular(blocks)
    yield from _labelled(blocks, hits, tabular)
    yield from _tables(blocks, {hit for hit in hits if hit >= low}, tabular)
    rest = []
    for hit in sorted(hits):
        block = blocks[hit]
        flow = low <= hit < high
        if block.struck:
            yield _passage(block.zone or (Zone.P1_TOP_LEFT if hit < low else Zone.BODY), blocks, hit, hit + 1)
        elif block.zone is not None:
            yield _passage(block.zone, blocks, hit, hit + 1)
        elif flow and block.tag in _HEADINGS:
            yield _passage(Zone.TITLE, blocks, hit, hit + 1)
        elif flow and block.row not in tabular:
            rest.append(hit)
    for start, end in ranges(rest, len(blocks)):
        yield _passage(Zone.BODY, blocks, max(start, low), min(end, high))


def _passage(zone: Zone, blocks: list[_Block], start: int, end: int) -> Passage:
    """Some blocks as one passage. What is struck stands alone, or not at all."""
    part = blocks[start:end]
    return Passage(
        zone,
        "\n".join(block.text for block in part if len(part) == 1 or not block.struck),
        Place(paragraph=start + 1),
        emphasis=len(part) == 1 and part[0].emphasis,
        struck=len(part) == 1 and part[0].struck,
    )


def _head(blocks: list[_Block], rows_of: Counter[int]) -> int:
    """How many blocks make the head of the page; a real table ends it."""
    lines = []
    for block in blocks[:60]:
        if block.row and rows_of[block.row[0]] > _LAYOUT_ROWS:
            break
        lines.append(block.text)
    return head_end(lines)


def _tabular(blocks: list[_Block]) -> dict[tuple[int, int] | None, list[int]]:
    """Rows of two and more short cells, each with the indices of its blocks."""
    rows: dict[tuple[int, int] | None, list[int]] = defaultdict(list)
    for number, block in enumerate(blocks):
        if block.row:
            rows[block.row].append(number)
    return {row: found for row, found in rows.items() if all(len(blocks[n].text) <= _SHORT for n in found)}


def _labelled(
    blocks: list[_Block], hits: set[int], tabular: dict[tuple[int, int] | None, list[int]]
) -> Iterator[Passage]:
    """Label and value in cells side by side, in the head of the page too, with the period that follows or is below."""
    tables: dict[int, list[Sequence[Cell]]] = defaultdict(list)
    for row, numbers in tabular.items():
        if row is not None:
            tables[row[0]].append([Cell(blocks[n].text.rstrip(":： "), at, str(n)) for at, n in enumerate(numbers)])
    for rows in tables.values():
        if any(int(cell.address or 0) in hits for row in rows for cell in row):
            for told in spelled_down(rows, Place()):
                yield Passage(Zone.CELL, told.text, Place(paragraph=int(told.place.cell or 0) + 1))
        for each in with_periods(rows):
            own = [number for cell in each if (number := int(cell.address or 0)) in hits]
            if own:
                place, struck = Place(paragraph=own[0] + 1), all(blocks[number].struck for number in own)
                texts = dict.fromkeys(passage.text for passage in fields(each, place))
                values = {text for told in texts for text in told.split("\t")[1::2]}
                others = Table.fields([cell.text for cell in each])
                texts |= dict.fromkeys(f"{label}\t{value}" for label, value in others if value not in values)
                for text_ in texts:
                    yield Passage(Zone.TABLE_FIELD, text_, place, struck=struck)


def _tables(
    blocks: list[_Block], hits: set[int], tabular: dict[tuple[int, int] | None, list[int]]
) -> Iterator[Passage]:
    """Cells: label and value, or alone; in a list of levels or files the row is body text."""
    in_table = Counter(blocks[hit].row[0] for hit in hits if (row := blocks[hit].row) in tabular and row)  # type: ignore[index]
    for row, cells in tabular.items():
        own = [number for number in cells if number in hits]
        if not own or row is None:
            continue
        texts = [blocks[number].text for number in cells]
        place = Place(paragraph=own[0] + 1)
        struck = all(blocks[number].struck for number in own)
        if in_table[row[0]] >= _MANY:
            yield Passage(Zone.BODY, "\t".join(texts), place, struck=struck)
            continue
        for number in own:
            block = blocks[number]
            yield Passage(Zone.CELL, block.text, Place(paragraph=number + 1), emphasis=block.emphasis, struck=struck)


def _properties(page: etree._Element, reading: Reading) -> Iterator[Passage]:
    """The title and what ``meta`` elements say of the document."""
    for title in page.iter("title"):
        line = " ".join("".join(str(part) for part in title.itertext()).split())
        if _worth(line, reading):
            yield Passage(Zone.TITLE, line, Place(part="title"))
    for meta in page.iter("meta"):
        name = str(meta.get("name") or meta.get("property") or meta.get("http-equiv") or "")
        content = " ".join(str(meta.get("content") or "").split())
        if name and _worth(f'"{name}" {content}', reading):
            yield Passage(Zone.DOC_PROPERTY, content, Place(part="meta"), name=name)


def _asides(page: etree._Element, reading: Reading) -> Iterator[Passage]:
    """What is not in the flow: comments, attributes, and what scripts and templates hold."""
    held: list[tuple[str, str, str]] = []
    for element in page.iter():
        if isinstance(element, etree._Comment):
            if _worth(element.text or "", reading):
                yield Passage(Zone.BODY, element.text or "", Place(part="comment"))
            continue
        tag: object = element.tag  # of an instruction or entity it is a function
        if not isinstance(tag, str):
            continue
        held += [(tag, str(name), " ".join(str(value).split())) for name, value in element.items() if value]
        if tag in _SKIPPED:
            yield from _program(element, reading)
    if _worth("\n".join(value for _, _, value in held), reading):
        for tag, name, value in held:
            if _worth(value, reading):
                yield from _attribute(tag, name, value)


def _attribute(tag: str, name: str, value: str) -> Iterator[Passage]:
    if name == "content" and tag == "meta":
        return  # told as a property
    if name in _ADDRESSES:  # the name of the file it leads to
        value = _ENDING.sub("", value.rpartition("/")[2])
    if name == "srcdoc":
        value = "\n".join(markup.xml_lines(value))
    yield Passage(Zone.CAPTION if tag == "img" and name in _SHOWN else Zone.BODY, value, Place(part="attribute"))


def _program(element: etree._Element, reading: Reading) -> Iterator[Passage]:
    """The strings of a script or style sheet, and the lines of what is kept for later."""
    code = element.tag in ("script", "style")
    told = "\n".join(map(str, element.itertext()))
    for line in told.split("\n") if _worth(told, reading) else ():
        if _worth(line, reading):
            for value in values(line, code=True) if code else (line.strip(),):
                if _worth(value, reading):
                    yield Passage(Zone.BODY, value, Place(part="script" if code else "template"))


def _worth(line: str, reading: Reading) -> bool:
    return bool(line) and reading.worth(line.encode("utf-8", "replace"), encodings=_UTF8)
