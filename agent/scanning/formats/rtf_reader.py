"""Rich Text Format read group by group: paragraphs, tables, headers, notes and boxes as they look to a reader."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from agent.scanning.formats.base import NotExamined
from agent.scanning.formats.docx_front import Style, Styles
from agent.scanning.formats.docx_paragraphs import shown_by
from agent.scanning.formats.ole_properties import Property, decoded
from agent.scanning.formats.ooxml_drawing import is_red
from agent.scanning.formats.rtf_story import State, Story
from agent.scanning.formats.rtf_words import (
    CHARACTERS,
    CHARSETS,
    GATHERING,
    INFORMATION,
    SETTINGS,
    SHOWN,
    SILENT,
    STORIES,
    SWITCHES,
    SYMBOL_CHARSET,
    THROUGH,
    description,
    document_codec,
    end_of_group,
    idle_words,
    of_hexadecimal,
    unit,
)
from agent.scanning.formats.word_story import PAGE_FIELD, SYMBOLS
from protocol.records import Reason

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|((?:\\'[0-9a-fA-F]{2})+)|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+"
    rb"|\\'?"
)
_ROW = re.compile(rb"(?:\\u-?\d{1,10} ?(?:\\'[0-9a-fA-F]{2}|[^\\{}\r\n])){2,}")
"""Characters by their numbers, each with the one byte that older programs show instead."""
_UNIT = re.compile(rb"\\u(-?\d{1,10})")
_HALF = re.compile("[\ud800-\udfff]")  # of a character beyond the first plane
_DEEPEST = 1_000
_MOST_PARAGRAPHS = 500_000
_MOST_STORIES_OPEN = 50
_MOST_FONTS = 10_000
_GATHERED = 4_000
_SYMBOL_FIELD = re.compile(r"SYMBOL\s+(\d{1,5})\b.*(?:Wingdings|Symbol)", re.IGNORECASE | re.DOTALL)


class Reader:
    """Reads one file; what it saw is in its fields afterwards.

    Raises `NotExamined` ``too-large`` where there is more than is held at once.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._codec = document_codec(data)
        self._state = State()
        self._groups: list[tuple[State, int]] = []
        """States of the groups around, each with the number of stories that were open when it began."""
        self._open = [Story("body")]
        self._fields: list[tuple[int, list[str]]] = []
        """Fields: the depth of their group, and what they are to do."""
        self._bytes = bytearray()
        self._high = 0
        self._to_skip = 0
        self._fresh = self._starred = self._pass_group = self._behind = False
        self._gathered: list[str] = []
        self._name = ""
        self._fonts: dict[int, int] = {}
        self._reds: list[bool] = []
        self._colour = [0, 0, 0]
        self._paragraphs = 0
        self.styles: Styles = {}
        self.stories: list[Story] = []
        """Headers, footers, notes and comments."""
        self.properties: list[Property] = []
        self.skipped: list[tuple[int, int]] = []
        """Begin and end of groups that nobody reads."""
        self.damaged = False
        self._run()
        self.body = self._open[0]

    def _run(self) -> None:
        data, at = self._data, max(0, self._data.find(b"{"))
        while (token := _TOKEN.match(data, at)) is not None:
            at = token.end()
            word, number, written, sign, brace, text = token.groups()
            if text is not None:
                self._take(text)
            elif word is not None:
                if word not in _TELLING and not self._fresh:
                    self._idle()
                    if (idle := _IDLE.match(data, at)) is not None:
                        at = idle.end()
                    continue
                if word == b"bin":
                    at += max(0, int(number or 0))
                elif word == b"u" and self._state.skip == 1 and (row := _ROW.match(data, token.start())) is not None:
                    at = row.end()
                    self._units(row.group())
                else:
                    self._word(word.decode("ascii"), None if number is None else int(number))
            elif brace == b"{":
                self._begin()
            elif brace is not None:
                if not self._end():
                    return
            elif written is not None:
                self._take(of_hexadecimal(written))
            elif sign is not None:
                self._sign(sign)
            if self._state.into == "skip":
                begun, at = at, end_of_group(data, at)
                self.skipped.append((begun, at))
                if described := description(data, begun, at):
                    self._open[-1].paragraph.descriptions.append(described)
        self._flush()
        self.damaged = True
        while self._groups:
            self._end()
        self._open[0].finish(self._state)

    def _begin(self) -> None:
        self._flush()
        self._to_skip = 0
        self._groups.append((self._state, len(self._open)))
        self._state = replace(self._state)
        self._fresh, self._starred = True, False
        if len(self._groups) > _DEEPEST:
            self.damaged = True
            self._state.into = "skip"
        elif self._pass_group:
            self._pass_group = False
            self._state.into = "skip"

    def _end(self) -> bool:
        """Close a group; False where that was the last one."""
        self._flush()
        self._to_skip = 0
        if not self._groups:
            return False
        state, (outer, stories) = self._state, self._groups.pop()
        if state.into == "stylesheet":
            self._name_style(state.style)
        elif state.into == "docvar" or state.into not in ("text", "skip", outer.into):
            self._deliver(state.into)
        while len(self._open) > max(1, stories):
            self._close_story(state)
        self._state = outer
        while self._fields and self._fields[-1][0] > len(self._groups):
            if shown := shown_by(" ".join(self._fields.pop()[1])):
                self._emit(shown)
        self._fresh = self._starred = False
        if not self._groups:
            self._open[0].finish(state)
        return bool(self._groups)

    def _close_story(self, state: State) -> None:
        story = self._open.pop()
        story.finish(state)
        if story.kind != "box":
            self.stories.append(story)
            return
        box, paragraph = story.as_box(), self._open[-1].paragraph
        for inner in box.paragraphs:
            paragraph.boxes += inner.boxes
            paragraph.watermarks += inner.watermarks
        paragraph.boxes.append(box)

    def _take(self, raw: bytes) -> None:
        """Bytes of text, of which those that only stand in for a ``\\u`` are passed over."""
        self._fresh = False
        if self._to_skip:
            passed = min(self._to_skip, len(raw))
            self._to_skip -= passed
            raw = raw[passed:]
        self._bytes += raw

    def _flush(self) -> None:
        """Turn the bytes gathered so far into text, in the code page of their font."""
        if not self._bytes:
            return
        raw = bytes(self._bytes)
        self._bytes.clear()
        charset = self._fonts.get(self._state.font, 0)
        if charset == SYMBOL_CHARSET and self._state.into == "text":
            self._emit("".join(SYMBOLS.get(0xF000 | byte, chr(byte)) for byte in raw))
            return
        codec = CHARSETS.get(charset, self._codec)
        text = decoded(raw, codec)
        if "\ufffd" in text:
            text = min((text, decoded(raw, self._codec), decoded(raw, "cp1252")), key=lambda each: each.count("\ufffd"))
        self._emit(text)

    def _emit(self, text: str) -> None:
        state = self._state
        if state.into == "colortbl":
            for _ in range(text.count(";")):
                self._reds.append(is_red(bytes(self._colour).hex()))
                self._colour = [0, 0, 0]
        elif state.into != "text":
            if len(self._gathered) < _GATHERED:
                self._gathered.append(text)
        elif state.struck or state.deleted:
            self._open[-1].paragraph.struck_parts.append(text)
        else:
            paragraph = self._open[-1].paragraph
            paragraph.parts.append(text)
            if text.strip():
                paragraph.bold |= state.bold
                paragraph.size = max(paragraph.size, state.size)
                paragraph.red |= 0 < state.colour < len(self._reds) and self._reds[state.colour]

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._starred = True
        elif sign in b"\\{}":
            self._take(sign)
        elif sign in b"\r\n":
            self._word("par", None)
        elif self._to_skip:
            self._to_skip -= 1
        elif sign in b"~_":
            self._flush()
            self._emit("\u00a0" if sign == b"~" else "-")

    def _unit(self, number: int) -> None:
        """A character by its number; those beyond the first plane come in two halves."""
        number &= 0xFFFF
        if 0xD800 <= number < 0xDC00:
            self._high = number
            return
        if 0xDC00 <= number < 0xE000 and self._high:
            self._emit(chr(0x10000 + ((self._high & 0x3FF) << 10) + (number & 0x3FF)))
        else:
            self._emit(SYMBOLS.get(number, unit(number)))
        self._high = 0

    def _units(self, row: bytes) -> None:
        """A row of characters by their numbers, as if they came one by one."""
        self._flush()
        self._fresh = self._starred = False
        self._to_skip = 0
        written = row.split(b"\\u")[1:]
        text = "".join(map(SHOWN.__getitem__, written))
        if self._high or _HALF.search(text):
            for number in _UNIT.findall(row):
                self._unit(int(number))
        else:
            self._emit(text)

    def _idle(self) -> None:
        """A word that says nothing that matters here, as most of them."""
        if self._bytes:
            self._flush()
        self._starred = False
        self._to_skip = 0

    def _word(self, name: str, number: int | None) -> None:
        self._flush()
        fresh, starred = self._fresh, self._starred
        self._fresh = self._starred = False
        state = self._state
        if name == "u":
            self._unit(number or 0)
            self._to_skip = min(max(state.skip, 0), 8)
            return
        self._to_skip = 0
        value = 1 if number is None else number
        if name in SWITCHES:
            setattr(state, SWITCHES[name], value != 0)
        elif name in SETTINGS:
            setattr(state, SETTINGS[name], value)
        elif name in _HANDLERS:
            _HANDLERS[name](self, value)
        elif name in CHARACTERS:
            self._emit(CHARACTERS[name])
        elif fresh:
            self._group(name, starred=starred)

    def _group(self, name: str, *, starred: bool) -> None:
        """What the first word of a group says the group is."""
        state = self._state
        if name in SILENT:
            state.into = "skip"
        elif name in STORIES:
            if len(self._open) < _MOST_STORIES_OPEN:
                self._open.append(Story(STORIES[name], behind=self._behind and STORIES[name] == "box"))
            self._state = State(font=state.font, skip=state.skip)
        elif name in GATHERING:
            state.into = name
            self._gathered = []
        elif name in INFORMATION and state.into == "info":
            state.into = f"={INFORMATION[name]}"
            self._gathered = []
        elif starred and name not in THROUGH:
            state.into = "skip"

    def _deliver(self, into: str) -> None:
        """A group that was gathered has ended."""
        text = "".join(self._gathered).strip()
        self._gathered = []
        paragraph = self._open[-1].paragraph
        if into.startswith("=") and text:
            self.properties.append(Property(into[1:], text, "core-properties"))
        elif into == "docvar" and text:  # its name, then its value
            self.properties.append(Property("", text, "setting"))
        elif into in ("propname", "sn"):
            self._name = text
        elif into == "staticval" and self._name and text:
            self.properties.append(Property(self._name, text, "custom-properties"))
        elif into == "fldinst" and self._fields:
            self._fields[-1][1].append(text)
        elif into == "sv" and self._name == "gtextUNICODE" and text and text not in paragraph.watermarks:
            paragraph.watermarks.append(text)
        elif into == "sv" and self._name == "wzDescription" and text:
            paragraph.descriptions.append(text)

    def _name_style(self, number: int) -> None:
        name = "".join(self._gathered).partition(";")[0].strip().lower()
        self._gathered = []
        if name:
            self.styles.setdefault(str(number), Style(name, 0, centred=False))

    # --- what single words do ----------------------------------------------------------------------------------

    def _charset(self, number: int) -> None:
        if self._state.into == "fonttbl" and len(self._fonts) < _MOST_FONTS:
            self._fonts[self._state.font] = number

    def _colour_part(self, index: int, number: int) -> None:
        self._colour[index] = number & 0xFF

    def _aligned(self, _: int) -> None:
        self._state.centred = False

    def _par(self, _: int, *, cell: bool = False) -> None:
        self._paragraphs += 1
        if self._paragraphs > _MOST_PARAGRAPHS:
            raise NotExamined(Reason.TOO_LARGE, "more paragraphs than are held at once")
        if self._state.into == "text":
            self._open[-1].end_paragraph(self._state, cell=cell)

    def _page(self, _: int) -> None:
        paragraph = self._open[-1].paragraph
        if paragraph.parts:
            paragraph.breaks_after = True
        else:
            paragraph.breaks_before = True

    def _section(self, _: int) -> None:
        self._open[-1].paragraph.breaks_after = True
        self._par(1)

    def _row(self, _: int) -> None:
        self._open[-1].end_row()

    def _field_begins(self, _: int) -> None:
        self._fields.append((len(self._groups), []))

    def _field_result(self, _: int) -> None:
        told = " ".join(self._fields[-1][1]) if self._fields else ""
        if self._fields and not told.lstrip().upper().startswith("EQ"):
            self._fields[-1][1].clear()  # shown is its result; that of EQ is always empty
        symbol = _SYMBOL_FIELD.search(told)
        shown = SYMBOLS.get(0xF000 | int(symbol[1]) & 0xFFF, "") if symbol else ""
        if shown or PAGE_FIELD.search(told):
            self._emit(shown or "\n")
            self._state.into = "skip"

    def _behind_text(self, number: int) -> None:
        self._behind = number != 0

    def _unicode_follows(self, _: int) -> None:
        """Of two versions of a text the first is for old programs."""
        self._pass_group = True


_HANDLERS: dict[str, Callable[[Reader, int], None]] = {
    "fcharset": Reader._charset,
    "red": lambda reader, number: reader._colour_part(0, number),
    "green": lambda reader, number: reader._colour_part(1, number),
    "blue": lambda reader, number: reader._colour_part(2, number),
    "plain": lambda reader, _: reader._state.plain(),
    "pard": lambda reader, _: reader._state.new_paragraph(),
    **dict.fromkeys(("ql", "qr", "qj", "qd"), Reader._aligned),
    **dict.fromkeys(("par", "nestcell"), lambda reader, _: reader._par(1)),
    "cell": lambda reader, _: reader._par(1, cell=True),
    "row": Reader._row,
    "page": Reader._page,
    "sect": Reader._section,
    "field": Reader._field_begins,
    "fldrslt": Reader._field_result,
    "shp": lambda reader, _: reader._behind_text(0),
    "shpfblwtxt": Reader._behind_text,
    "upr": Reader._unicode_follows,
}
_TELLING = frozenset(name.encode("ascii") for name in ("u", "bin", *SWITCHES, *SETTINGS, *_HANDLERS, *CHARACTERS))
"""Words that do something wherever they stand; all others only as the first of a group."""

_IDLE = idle_words(_TELLING)
