"""Tables of dBASE: the fields of characters, whichever encoding they are in."""

from __future__ import annotations

import struct

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from protocol.records import Reason


def table(rows: list[tuple[str, str]], encoding: str) -> bytes:
    fields = [(b"NAME", 20), (b"MJ", 30)]
    data = struct.pack("<BBBBIHH20x", 3, 124, 1, 1, len(rows), 32 + 32 * len(fields) + 1, 51)
    data += b"".join(struct.pack("<11sc4xBB14x", name, b"C", size, 0) for name, size in fields) + b"\r"
    for row in rows:
        data += b" " + b"".join(
            value.encode(encoding).ljust(size) for value, (_, size) in zip(row, fields, strict=True)
        )
    return data + b"\x1a"


@pytest.mark.parametrize(("encoding", "mark"), [("gbk", "机密★10年"), ("utf-8", "机密★10年"), ("big5", "機密★10年")])
def test_a_field_is_told_by_itself(examiner: Examiner, encoding: str, mark: str) -> None:
    data = table([("王一", "甲"), ("李四一二三六", mark)], encoding)
    (row,) = examiner.examine(Source.of(data), "a.dbf").rows
    assert [finding.level for finding in row.findings] == ["机密"]


def test_a_table_without_markings_is_clean(examiner: Examiner) -> None:
    (row,) = examiner.examine(Source.of(table([("王一", "甲")] * 20, "gbk")), "a.dbf").rows
    assert (row.media_type, row.findings, row.reason) == ("application/x-dbf", (), None)


def test_a_head_without_fields_is_damage(examiner: Examiner) -> None:
    data = bytearray(table([("机密", "机密★10年")], "gbk"))
    data[8:10] = b"\0\0"
    assert identify(Source.of(bytes(data)), "a.dbf").media_type == "application/x-dbf"
    (row,) = examiner.examine(Source.of(bytes(data)), "a.dbf").rows
    assert row.findings or row.reason is Reason.DAMAGED
