"""Encrypted Office documents: opened with the passwords Office puts in by itself, told by their kind otherwise."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
from pathlib import Path
from typing import Any

import docx as python_docx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from agent.scanning.formats import ole_encrypted
from agent.scanning.formats.ole_objects import compound_file
from signatures.passages import Zone

SALT, KEY = bytes(range(16)), bytes(range(32))


def closed(key: bytes, start: bytes, data: bytes) -> bytes:
    opener = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return opener.update(data + bytes(-len(data) % 16))


def paper(text: str) -> bytes:
    out = io.BytesIO()
    document = python_docx.Document()
    document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def agile(package: bytes, password: str, said_spins: int = 1000, cipher: str = "AES") -> bytes:
    """The package as Office 2010 and later encrypt it, with 1000 rounds whatever it says."""
    digest = hashlib.sha512(SALT + password.encode("utf-16-le")).digest()
    for number in range(1000):
        digest = hashlib.sha512(struct.pack("<I", number) + digest).digest()

    def told(purpose: str, data: bytes) -> str:
        key = hashlib.sha512(digest + bytes.fromhex(purpose)).digest()[:32]
        return base64.b64encode(closed(key, SALT, data)).decode()

    verifier = bytes(16)
    salt, said = base64.b64encode(SALT).decode(), f'cipherAlgorithm="{cipher}" cipherChaining="ChainingModeCBC"'
    xml = (
        '<?xml version="1.0"?><encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" '
        'xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">'
        f'<keyData blockSize="16" keyBits="256" {said} hashAlgorithm="SHA512" saltValue="{salt}"/>'
        f'<p:encryptedKey spinCount="{said_spins}" blockSize="16" keyBits="256" {said} hashAlgorithm="SHA512" '
        f'saltValue="{salt}" encryptedVerifierHashInput="{told("fea7d2763b4b9e79", verifier)}" '
        f'encryptedVerifierHashValue="{told("d7aa0f6d3061344e", hashlib.sha512(verifier).digest())}" '
        f'encryptedKeyValue="{told("146e0be7abacd0d6", KEY)}"/></encryption>'
    )
    body = struct.pack("<Q", len(package))
    for number, at in enumerate(range(0, len(package), 4096)):
        start = hashlib.sha512(SALT + struct.pack("<I", number)).digest()[:16]
        body += closed(KEY, start, package[at : at + 4096])
    info = struct.pack("<HHI", 4, 4, 0x40) + xml.encode()
    return compound_file([(("EncryptionInfo",), info), (("EncryptedPackage",), body)])


@pytest.mark.parametrize("password", ole_encrypted.PASSWORDS)
def test_a_document_with_a_password_of_offices_own_is_read_as_any_other(read_pieces: Any, password: str) -> None:
    found = read_pieces(ole_encrypted, agile(paper("机密★10年"), password))
    assert found.texts(Zone.P1_TOP_LEFT) == ["机密★10年"]
    assert found.problem is None


def test_a_document_with_a_password_of_somebody_is_told_encrypted_with_its_kind(read_pieces: Any) -> None:
    found = read_pieces(ole_encrypted, agile(paper("机密★10年"), "somebody's"))
    assert (found.passages, found.reason) == ([], "encrypted")
    assert "agile" in str(found.problem)


def test_a_cipher_that_is_not_opened_is_named(read_pieces: Any) -> None:
    found = read_pieces(ole_encrypted, agile(paper("x"), "VelvetSweatshop", cipher="RC2"))
    assert found.reason == "encrypted"
    assert "RC2" in str(found.problem)


def test_more_rounds_of_hashing_than_anybody_needs_are_not_done(read_pieces: Any) -> None:
    assert read_pieces(ole_encrypted, agile(paper("x"), "VelvetSweatshop", 9_999_999_999)).reason == "encrypted"


@pytest.mark.parametrize(
    ("info", "reason"),
    [(b"", "damaged"), (struct.pack("<HHI", 3, 3, 0), "encrypted"), (struct.pack("<HHI", 4, 4, 0) + b"<", "encrypted")],
)
def test_an_encryption_that_cannot_be_told_is_said(read_pieces: Any, info: bytes, reason: str) -> None:
    found = read_pieces(ole_encrypted, compound_file([(("EncryptionInfo",), info), (("EncryptedPackage",), b"x" * 64)]))
    assert found.reason == reason


def test_rights_management_is_told_by_its_name(read_pieces: Any) -> None:
    streams = [(("\x06DataSpaces",), None), (("\x06DataSpaces", "DRMEncryptedTransform"), b"x")]
    found = read_pieces(ole_encrypted, compound_file([*streams, (("EncryptedPackage",), b"x")]))
    assert "rights management" in str(found.problem)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("xlsx/msoffcrypto-tool__example_password.xlsx", "Password1234_"),
        ("xlsx/ExcelDataReader__agile_AES192_SHA512_CBC_pwd_password.xlsx", "password"),
        ("docx/poi__bug53475-password-is-pass.docx", "pass"),
    ],
)
def test_what_office_itself_encrypted_is_opened_with_its_password(
    read_pieces: Any, shared: Path, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    data = (shared / "corpus" / "real" / name).read_bytes()
    assert read_pieces(ole_encrypted, data).reason == "encrypted"
    monkeypatch.setattr(ole_encrypted, "PASSWORDS", (password,))
    assert read_pieces(ole_encrypted, data).problem is None
