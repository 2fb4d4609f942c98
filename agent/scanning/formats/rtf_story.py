"""What a reader of Rich Text Format builds up: stories of paragraphs and tables, and the state within a group."""

from __future__ import annotations

import msgspec

from agent.scanning.formats.docx_paragraphs import Box, Paragraph
from agent.scanning.formats.word_story import Block, Table, rows_of_cells


class State(msgspec.Struct):
    """What holds within a group: where text goes, how it looks."""

    into: str = "text"
    """``text``, ``skip``, or the name of a group that is gathered."""
    font: int = -1
    skip: int = 1
    """How many characters stand in for one that is given by its number."""
    bold: bool = False
    size: int = 0
    colour: int = 0
    struck: bool = False
    deleted: bool = False
    style: int = 0
    centred: bool = False
    in_table: bool = False
    breaks_before: bool = False

    def plain(self) -> None:
        """Characters look like any other from here on."""
        self.bold = self.struck = self.deleted = False
        self.size = self.colour = 0

    def new_paragraph(self) -> None:
        """Paragraphs look like any other from here on."""
        self.centred = self.in_table = self.breaks_before = False
        self.style = 0


class Story(msgspec.Struct):
    """A text of its own: the body, a header, a note, a box."""

    kind: str
    behind: bool = False
    blocks: list[Block] = msgspec.field(default_factory=list)
    paragraph: Paragraph = msgspec.field(default_factory=Paragraph)
    rows: list[list[list[Paragraph]]] = msgspec.field(default_factory=list)
    row: list[list[Paragraph]] = msgspec.field(default_factory=list)
    cell: list[Paragraph] = msgspec.field(default_factory=list)

    def end_paragraph(self, state: State, *, cell: bool = False) -> None:
        """The paragraph ends; with ``cell`` also the cell of a table."""
        paragraph, self.paragraph = self.paragraph, Paragraph()
        paragraph.style, paragraph.centred = str(state.style), state.centred
        paragraph.breaks_before |= state.breaks_before
        if cell or state.in_table:
            self.cell.append(paragraph)
            if cell:
                self.row.append(self.cell)
                self.cell = []
            return
        self.end_table()
        self.blocks.append(paragraph)

    def end_row(self) -> None:
        """The row of a table ends."""
        if self.row:
            self.rows.append(self.row)
        self.row = []

    def end_table(self) -> None:
        """What was gathered of a table becomes one."""
        if self.cell:
            self.row.append(self.cell)
        if self.row:
            self.rows.append(self.row)
        if self.rows:
            self.blocks.append(rows_of_cells(self.rows))
        self.rows, self.row, self.cell = [], [], []

    def finish(self, state: State) -> None:
        """The end of the text."""
        paragraph = self.paragraph
        if paragraph.parts or paragraph.struck_parts or paragraph.boxes or paragraph.watermarks:
            self.end_paragraph(state)
        self.end_table()

    def as_box(self) -> Box:
        """The text of a text box."""
        box = Box([], [], watermark=self.behind)
        for block in self.blocks:
            if isinstance(block, Table):
                box.tables.append(block.rows)
            else:
                box.paragraphs.append(block)
        return box
