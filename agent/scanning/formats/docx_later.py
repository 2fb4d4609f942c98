"""The text of a Word document after the head of its first page: heads of later pages, blocks of short lines, prose.

An annex begins on a page of its own with a mark of its own. The companions of an authority block (``Classified by``,
``Derived from``, ``Declassify on``) only count together, and so does vertical writing.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats import page_heads
from agent.scanning.formats.docx_front import StyleSource, body_zone
from agent.scanning.formats.docx_paragraphs import Paragraph
from protocol.records import Place
from signatures.passages import Passage, Zone

_LETTERS = 2
"""Characters of a paragraph that may be one sign, or one number, of vertical writing."""


class Later:
    """Gathers paragraphs that belong together and yields everything else as it comes.

    ``turn`` says that a new page begins, ``take`` a paragraph, ``flush`` what was gathered, before anything else.
    """

    def __init__(self, styles: StyleSource) -> None:
        self.previous = ""
        """The text of the last paragraph with text."""
        self._styles = styles
        self._kind = Zone.BODY
        self._lines: list[str] = []
        self._letters = False
        self._emphasis = False
        self._place = Place()
        self._at_head = False

    def turn(self) -> Iterator[Passage]:
        """A new page begins: what comes next may be its head."""
        yield from self.flush()
        self._at_head = True
        self.previous = ""

    def take(self, paragraph: Paragraph, place: Place) -> Iterator[Passage]:
        """Take a paragraph and yield what is complete."""
        text = paragraph.text
        if not text:
            return
        zone = body_zone(paragraph, self._styles, self.previous)
        self.previous = text
        if self._at_head and self._joins_head(text, zone):
            yield from self._add(Zone.P1_BLOCK, paragraph, place)
            return
        if self._at_head:
            yield from self._end_head(runs_into_text=zone is Zone.BODY)
        if len(text) <= _LETTERS or (zone is Zone.BODY and page_heads.is_field(text)):
            yield from self._add(Zone.BODY, paragraph, place)
            return
        if self._lines:
            yield from self.flush()
        yield Passage(zone, text, place, emphasis=paragraph.emphasis)

    def _joins_head(self, text: str, zone: Zone) -> bool:
        """Whether a paragraph at the top of a page is one more line of a head; a title or prose ends it."""
        lines = text.split("\n")
        gathered = len(self._lines) if self._kind is Zone.P1_BLOCK else 0
        return (
            zone is Zone.BODY
            and gathered + len(lines) <= page_heads.MOST_LINES
            and all(map(page_heads.may_be_head, lines))
        )

    def _add(self, kind: Zone, paragraph: Paragraph, place: Place) -> Iterator[Passage]:
        letters = kind is Zone.BODY and len(paragraph.text) <= _LETTERS
        if self._lines and (kind, letters) != (self._kind, self._letters):
            yield from self.flush()
        if not self._lines:
            self._kind, self._letters, self._place = kind, letters, place
        self._lines.append(paragraph.text)
        self._emphasis |= paragraph.emphasis

    def _end_head(self, *, runs_into_text: bool) -> Iterator[Passage]:
        """Yield the lines that are the head of this page, and as text those that are not."""
        self._at_head = False
        if self._kind is not Zone.P1_BLOCK:
            return
        lines = [line for text in self._lines for line in text.split("\n")]
        count = page_heads.head_of(lines, runs_into_text=runs_into_text)
        for zone, part in ((Zone.P1_BLOCK, lines[:count]), (Zone.BODY, lines[count:])):
            if part:
                yield Passage(zone, "\n".join(part), self._place, emphasis=self._emphasis)
        self._forget()

    def flush(self) -> Iterator[Passage]:
        """The lines gathered so far; the page has gone on."""
        yield from self._end_head(runs_into_text=False)
        if self._lines:
            yield Passage(self._kind, "\n".join(self._lines), self._place, emphasis=self._emphasis)
        self._forget()

    def _forget(self) -> None:
        self._kind, self._lines, self._emphasis = Zone.BODY, [], False
