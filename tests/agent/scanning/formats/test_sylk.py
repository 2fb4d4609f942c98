"""Tables in SYLK: cells by their places, in the encodings that programs write."""

from __future__ import annotations

from typing import Any

import pytest

from agent.scanning.formats import sylk
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone

HEAD = "ID;PWXL;N;E\r\nP;PGeneral\r\n"


@pytest.mark.parametrize("order", ["C;X1;Y1;K", "C;Y1;X1;K"])
def test_a_marking_alone_in_the_first_row_is_a_cell(read_pieces: Any, order: str) -> None:
    table = f'{HEAD}{order}"机密★10年"\r\nC;Y2;X1;K"序号"\r\nC;X2;K"名称"\r\nE\r\n'.encode()
    assert identify(Source.of(table), "a.slk").media_type in sylk.MEDIA_TYPES
    found = read_pieces(sylk, table)
    assert found.texts(Zone.CELL)[0] == "机密★10年"


def test_a_cell_without_a_row_is_in_the_row_before(read_pieces: Any) -> None:
    rows = 'C;Y1;X1;K"登记表"\r\nF;Y3;X1\r\nC;K"密级"\r\nC;X2;K"机密"\r\nE\r\n'
    assert read_pieces(sylk, (HEAD + rows).encode()).texts(Zone.TABLE_FIELD) == ["密级\t机密"]


def test_semicolons_in_a_text_are_no_ends_of_it(read_pieces: Any) -> None:
    assert "机密;甲" in read_pieces(sylk, (HEAD + 'C;Y1;X1;K"机密;;甲"\r\nE\r\n').encode()).texts(Zone.CELL)
