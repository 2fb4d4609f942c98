"""Macros: their packed source is unpacked, and what strings and comments say is told, in old and new documents."""

from __future__ import annotations

import io
from typing import Any

import docx as python_docx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.scanning.formats import doc, docx, vba, xls, xlsx
from agent.scanning.formats.ole_objects import compound_file
from signatures.engine import build
from signatures.literals import Literal
from signatures.passages import Zone

MODULE = (
    'Attribute VB_Name = "Module1"\r\nSub Show()\r\n    MsgBox "机密★10年"\r\n    \' 绝密★20年\r\n'
    '    x = "说明机密的含义"\r\nEnd Sub\r\n'
)


SIEVE = build([Literal("机密"), Literal("绝密")])


def packed(source: bytes) -> bytes:
    """A container of literal bytes only, with what stands before a module's source in its stream."""
    found = bytearray(b"\1")
    for begin in range(0, len(source), 3600):
        part = source[begin : begin + 3600]
        body = b"".join(b"\0" + part[at : at + 8] for at in range(0, len(part), 8))
        found += (0xB000 | len(body) - 1).to_bytes(2, "little") + body
    return bytes(found)


def project(source: str = MODULE) -> bytes:
    stream = b"for the program only\0" * 9 + packed(source.encode("gb18030"))
    return compound_file([(("VBA",), None), (("VBA", "dir"), b"\1"), (("VBA", "Module1"), stream)])


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def told(outcome: Any) -> list[str]:
    return [each.text for each in outcome.passages if each.zone is Zone.BODY and each.place.part == "macro"]


@pytest.mark.parametrize("module", [docx, xlsx])
def test_strings_and_comments_of_macros_are_told(read_pieces: Any, replaced: Any, module: Any) -> None:
    plain = saved(python_docx.Document() if module is docx else openpyxl.Workbook())
    part = "word/vbaProject.bin" if module is docx else "xl/vbaProject.bin"
    outcome = read_pieces(module, replaced(plain, {part: project()}), sieve=SIEVE)
    assert told(outcome) == ["机密★10年", "绝密★20年", "说明机密的含义"]


@pytest.mark.parametrize(("module", "main"), [(doc, "WordDocument"), (xls, "Workbook")])
def test_macros_of_old_documents_are_told(read_pieces: Any, module: Any, main: str) -> None:
    stream = packed(MODULE.encode("gb18030"))
    paths: list[tuple[tuple[str, ...], bytes | None]] = [((main,), b"\xec\xa5\xc1\0" + bytes(900))]
    paths += [(("Macros",), None), (("Macros", "VBA"), None), (("Macros", "VBA", "Module1"), stream)]
    outcome = read_pieces(module, compound_file(paths), sieve=SIEVE)
    assert "机密★10年" in told(outcome) or outcome.reason == "damaged"


def test_the_example_of_the_specification_unpacks() -> None:
    example = bytes.fromhex(
        "012fb000236161616263646582660070616768696a013808616b6c00306d6e6f70067102700410727374757610777879 7a003c"
    )
    assert vba.expanded(example) == b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"


@given(st.binary(max_size=200))
def test_no_bytes_unpack_to_more_than_is_allowed_or_raise(data: bytes) -> None:
    assert len(vba.expanded(b"\1" + data)) <= vba.STREAM_BYTES


@given(st.binary(max_size=9000))
def test_what_is_packed_comes_back(data: bytes) -> None:
    assert vba.expanded(packed(data)) == data
