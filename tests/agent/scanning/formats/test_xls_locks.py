"""Encrypted old workbooks: opened where Excel put in the password itself, told by their kind otherwise."""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import xls, xls_locks
from agent.scanning.formats.base import Source
from agent.scanning.formats.office_keys import capi_block_key, rc4, rc4_block_key, rc4_key
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ole_objects import compound_file

DATA = Path(__file__).parent / "data"
SALT, VERIFIER = bytes(range(16)), bytes(range(16, 32))


def plain_stream() -> bytes:
    data = (DATA / "register.xls").read_bytes()
    return CompoundFile(Source(io.BytesIO(data), len(data))).read("Workbook", limit=1 << 20)


def locked(told: bytes, keys: Any) -> bytes:
    """A workbook with a lock behind its first record, encrypted with these keys."""
    stream = plain_stream()
    first = 4 + struct.unpack_from("<H", stream, 2)[0]
    whole = stream[:first] + struct.pack("<HH", 0x2F, len(told)) + told + stream[first:]
    return compound_file([(("Workbook",), xls_locks._decrypted(whole, keys))])


def rc4_locked(password: str) -> bytes:
    key = rc4_key(SALT, password)
    hidden = rc4(rc4_block_key(key, 0), VERIFIER + hashlib.md5(VERIFIER, usedforsecurity=False).digest())
    return locked(struct.pack("<HHH", 1, 1, 1) + SALT + hidden, lambda block: rc4_block_key(key, block))


def capi_locked(password: str, bits: int) -> bytes:
    hidden = rc4(
        capi_block_key(SALT, password, bits, 0), VERIFIER + hashlib.sha1(VERIFIER, usedforsecurity=False).digest()
    )
    head = struct.pack("<IIIIIIII", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0)
    told = struct.pack("<HHHII", 1, 2, 2, 4, len(head)) + head
    told += struct.pack("<I", 16) + SALT + hidden[:16] + struct.pack("<I", 20) + hidden[16:]
    return locked(told, lambda block: capi_block_key(SALT, password, bits, block))


def texts(outcome: Any) -> list[str]:
    return [each.text for each in outcome.passages]


@pytest.mark.parametrize("kind", ["rc4", "40", "128"])
def test_a_workbook_with_excels_own_password_is_read_as_if_it_had_none(read_pieces: Any, kind: str) -> None:
    password = "VelvetSweatshop"
    data = rc4_locked(password) if kind == "rc4" else capi_locked(password, int(kind))
    found = read_pieces(xls, data)
    without = read_pieces(xls, compound_file([(("Workbook",), plain_stream())]))
    assert texts(without)
    assert (texts(found), found.problem) == (texts(without), None)


def test_a_workbook_with_somebodys_password_is_told_encrypted_with_its_kind(read_pieces: Any) -> None:
    for data, kind in ((rc4_locked("x"), "Office 97"), (capi_locked("x", 128), "CryptoAPI")):
        found = read_pieces(xls, data)
        assert (found.passages, found.reason) == ([], "encrypted")
        assert kind in str(found.problem)


def test_a_lock_that_is_cut_short_is_told_encrypted(read_pieces: Any) -> None:
    for told in (b"", struct.pack("<HHH", 1, 2, 2), struct.pack("<HHHII", 1, 2, 2, 4, 0xFFFFFFFF)):
        assert read_pieces(xls, locked(told, lambda block: b"12345")).reason == "encrypted"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["test_files__password_2002_128_enhrsa.xls", "test_files__password_2002_40_dss.xls"])
def test_what_excel_itself_encrypted_is_opened_with_its_password(
    read_pieces: Any, shared: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    data = (shared / "corpus" / "real" / "xls" / name).read_bytes()
    assert read_pieces(xls, data).reason == "encrypted"
    monkeypatch.setattr(xls_locks, "PASSWORDS", ("password",))
    assert read_pieces(xls, data).problem is None
