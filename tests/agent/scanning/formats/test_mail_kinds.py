"""Mail as programs leave it lying about: Maildir, saved pages, with names that tell nothing."""

from __future__ import annotations

import base64
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


MARK = "机密★10年"
COVERED = "=?utf-8?B?" + base64.b64encode(f"【{MARK}】会议".encode()).decode() + "?="


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/mixed; boundary=b", f"{MARK}\n--b\n\nhello\n--b--\n"),
        ("multipart/mixed; boundary=b", f"--b\n\nhello\n--b--\n{MARK}\n"),
        ("text/enriched; charset=utf-8", f"<bold>{MARK[:2]}</bold><color><param>red</param>{MARK[2:]}</color>\n"),
        ("multipart/report; boundary=b", f"--b\nContent-Type: text/rfc822-headers\n\nSubject: {COVERED}\n--b--\n"),
    ],
)
def test_a_marking_beside_the_parts_of_a_mail_is_found(read_pieces: Any, kind: str, body: str) -> None:
    found = read_pieces(eml, f"{HEAD}Content-Type: {kind}\n\n{body}".encode())
    assert any(MARK in each.text for each in found.passages)


def test_what_programs_write_before_the_parts_of_a_mail_tells_nothing(read_pieces: Any) -> None:
    mail = f"{HEAD}Content-Type: multipart/mixed; boundary=b\n\nThis is a multi-part message.\n--b\n\nhello\n--b--\n"
    assert read_pieces(eml, mail.encode()).passages == []
