"""Mail as programs leave it lying about: Maildir, saved pages, with names that tell nothing."""

from __future__ import annotations

import io
from typing import Any

import pytest

from agent.scanning.formats import eml, format_for
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone

HEAD = "Return-Path: <a@example.org>\nMessage-ID: <1@example.org>\nFrom: a@example.org\nMIME-Version: 1.0\n"


@pytest.mark.parametrize(
    "name", ["1700000000.M1P2.host:2,S", "1700000000.M1P2.host,S=512:2,RS", "1700000000.V801I2.host", "x.txt"]
)
def test_a_message_in_a_maildir_is_read_as_mail_whatever_its_name(read_pieces: Any, name: str) -> None:
    data = f"{HEAD}Subject: SECRET\nContent-Type: text/plain; charset=utf-8\n\n机密★10年\n".encode()
    identity = identify(Source(io.BytesIO(data), len(data)), name)
    assert format_for(identity.media_type) is eml
    found = read_pieces(eml, data)
    assert found.texts(Zone.SUBJECT) == ["SECRET"]
    assert any("机密★10年" in each.text for each in found.passages)


@pytest.mark.parametrize("name", ["page.mht", "page.mhtml", "page"])
def test_a_saved_page_is_read_and_its_pictures_are_no_members(read_pieces: Any, name: str) -> None:
    data = (
        b"From: <Saved by a browser>\nSubject: page\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n"
        b"--b\nContent-Type: text/html; charset=gb2312\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<html><body><h1>=BB=FA=C3=DC</h1></body></html>\n--b\nContent-Type: image/png\nContent-Location: a.png\n"
        b"Content-Transfer-Encoding: base64\n\niVBORw==\n--b--\n"
    )
    identity = identify(Source(io.BytesIO(data), len(data)), name)
    assert format_for(identity.media_type) is eml
    found = read_pieces(eml, data)
    assert "机密" in [each.text for each in found.passages]
    assert found.members == []
