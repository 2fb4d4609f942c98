"""What cannot be read is told with its reason, never passed over."""

from __future__ import annotations

import io
from typing import Any

import pytest

from agent.scanning.formats import not_read
from agent.scanning.formats.base import Source
from agent.scanning.identify import Kind, identify


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"!BDN" + bytes(6) + b"\x17\0" + bytes(600), "mail.pst", "unsupported"),
        (b"!BDN" + bytes(6) + b"\x0e\0" + bytes(600), "mail.ost", "unsupported"),
        (b"\0" * 600, "mail.pst", "unsupported"),
        (b"LUKS\xba\xbe\0\1" + bytes(600), "locked", "encrypted"),
        (b"QFI\xfb\0\0\0\3" + bytes(600), "disk.qcow2", "unsupported"),
        (b"KDMV\1\0\0\0" + bytes(600), "disk.vmdk", "unsupported"),
        (b"vhdxfile" + bytes(600), "disk.vhdx", "unsupported"),
        (b"conectix" + bytes(600), "disk.vhd", "unsupported"),
        (b"<<< Oracle VM VirtualBox Disk Image >>>\n" + bytes(600), "disk.vdi", "unsupported"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(600), "photo.heic", "unsupported"),
        (b"\0", "报告.docx.nextcloud", "placeholder"),
        (b"bplist00" + bytes(100), ".report.docx.icloud", "placeholder"),
        (b'{"url": "https://example.org/open?id=1", "doc_id": "1"}', "report.gdoc", "placeholder"),
    ],
)
def test_it_is_told_with_its_reason(read_pieces: Any, data: bytes, name: str, reason: str) -> None:
    identity = identify(Source(io.BytesIO(data), len(data)), name)
    assert identity.media_type in not_read.MEDIA_TYPES
    assert identity.kind in (Kind.CONTAINER, Kind.DOCUMENT, Kind.PICTURE)
    found = read_pieces(not_read, data)
    assert (found.reason, found.passages) == (reason, [])
    assert found.problem.detail


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"a real text", "x.nextcloud"), (b"{}", "x.gdoc"), (b"text", "x.icloud"), (b'{"url": ""}', "x.json")],
)
def test_a_file_that_holds_something_is_no_placeholder(data: bytes, name: str) -> None:
    assert identify(Source(io.BytesIO(data), len(data)), name).kind is Kind.TEXT
