"""Messages of Outlook: every text of them has its zone, every attachment is handed on, whatever form it is kept in."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import msg
from agent.scanning.formats.ole_objects import compound_file
from signatures.passages import Zone

Streams = list[tuple[tuple[str, ...], bytes | None]]
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def wide(number: int, text: str) -> tuple[tuple[str, ...], bytes]:
    return ((f"__substg1.0_{number:04X}001F",), text.encode("utf-16-le"))


def numbers(head: int, **values: int) -> tuple[tuple[str, ...], bytes]:
    rows = b"".join(struct.pack("<HHIQ", 3, int(key[1:], 16), 6, value) for key, value in values.items())
    return (("__properties_version1.0",), bytes(head) + rows)


def below(folder: str, streams: Streams) -> Streams:
    return [((folder,), None), *(((folder, *path), data) for path, data in streams)]


def attachment(number: int, name: str, streams: Streams, method: int = 1) -> Streams:
    own: Streams = [wide(0x3707, name), numbers(8, x3705=method), *streams]
    return below(f"__attach_version1.0_#{number:08X}", own)


def test_subject_and_text_are_found_in_their_zones(read_pieces: Any) -> None:
    data = compound_file([wide(0x37, "关于机密事项"), wide(0x1000, "机密★10年\r\n\r\n各位同事：\r\n附上文稿。\r\n")])
    found = read_pieces(msg, data)
    assert found.texts(Zone.SUBJECT) == ["关于机密事项"]
    assert found.texts(Zone.P1_TOP_LEFT)[0].startswith("机密★10年")
    assert found.problem is None


def test_a_message_in_a_code_page_of_its_own_is_read(read_pieces: Any) -> None:
    narrow = (("__substg1.0_0037001E",), "机密通知".encode("gbk"))
    found = read_pieces(msg, compound_file([numbers(32, x3FFD=936), narrow]))
    assert found.texts(Zone.SUBJECT) == ["机密通知"]


@pytest.mark.parametrize("kind", ["0102", "001F"])
def test_a_message_that_is_a_page_of_html_is_read_as_one(read_pieces: Any, kind: str) -> None:
    page = "<html><body><h1>绝密</h1><p>text</p></body></html>"
    raw = page.encode("utf-8") if kind == "0102" else page.encode("utf-16-le")
    found = read_pieces(msg, compound_file([((f"__substg1.0_1013{kind}",), raw)]))
    assert "绝密" in "".join(each.text for each in found.passages)


def test_a_message_in_rich_text_is_read_where_there_is_no_page(read_pieces: Any) -> None:
    rich = b"{\\rtf1\\ansi\\ansicpg936 " + "".join(f"\\u{ord(letter)}?" for letter in "机密★5年").encode() + b"\\par}"
    packed = struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich
    found = read_pieces(msg, compound_file([(("__substg1.0_10090102",), packed)]))
    assert "机密★5年" in "".join(each.text for each in found.passages)


def test_headers_and_labels_that_speak_of_classification_are_found(read_pieces: Any) -> None:
    head = "Received: by SECRET\r\nX-Classification: SECRET\r\nSubject: CONFIDENTIAL\r\n\r\n"
    name = "msip_labels".encode("utf-16-le")
    named: Streams = below(
        "__nameid_version1.0",
        [
            (("__substg1.0_00030102",), struct.pack("<IHH", 0, 7, 0)),
            (("__substg1.0_00040102",), struct.pack("<I", len(name)) + name),
        ],
    )
    label = (("__substg1.0_8000001F",), "MSIP_Label_1_Name=SECRET;MSIP_Label_1_Enabled=true".encode("utf-16-le"))
    found = read_pieces(msg, compound_file([wide(0x7D, head), label, *named]))
    assert {(each.name, each.text) for each in found.passages if each.zone is Zone.DOC_PROPERTY} >= {
        ("x-classification", "SECRET"),
        ("MSIP_Label_1_Name", "SECRET"),
    }
    assert not any(each.name in ("received", "subject") for each in found.passages)


def test_the_sensitivity_that_outlook_offers_is_a_property(read_pieces: Any) -> None:
    class Confidential:
        def worth(self, data: bytes, *, encodings: object = None) -> bool:
            return b"onfidential" in data

        def spans(self, data: bytes, *, encodings: object = None) -> list[tuple[int, int, str]]:
            return []

    found = read_pieces(msg, compound_file([numbers(32, x0036=3), wide(0x37, "x")]), sieve=Confidential())
    assert [(each.name, each.text) for each in found.passages] == [("sensitivity", "Company-Confidential")]


def test_attached_files_messages_and_objects_are_members(read_pieces: Any) -> None:
    inner: Streams = [wide(0x37, "机密"), wide(0x1000, "text")]
    storage = below("__substg1.0_3701000D", inner)
    package = below("__substg1.0_3701000D", [(("Package",), b"PK whatever")])
    streams: Streams = [
        *attachment(0, "a.txt", [(("__substg1.0_37010102",), b"some text")]),
        *attachment(1, "关于通知", storage, method=5),
        *attachment(2, "table", package, method=6),
    ]
    members = read_pieces(msg, compound_file(streams)).members
    assert [member.name for member in members] == ["a.txt", "关于通知.msg", "table"]
    assert members[0].data == b"some text"
    assert members[1].data.startswith(OLD)
    assert members[2].data == b"PK whatever"
    assert read_pieces(msg, members[1].data).texts(Zone.SUBJECT) == ["机密"]


def test_a_picture_that_the_text_shows_is_passed_over_and_an_attached_one_is_not(read_pieces: Any) -> None:
    shown = [wide(0x3712, "image001"), wide(0x370E, "image/png"), (("__substg1.0_37010102",), b"png")]
    hidden = struct.pack("<HHIQ", 0x0B, 0x7FFE, 6, 1)
    first = attachment(0, "a.png", shown)
    first = [(path, data + hidden if path[-1].startswith("__prop") and data else data) for path, data in first]
    members = read_pieces(msg, compound_file([*first, *attachment(1, "b.png", shown)])).members
    assert [member.name for member in members] == ["b.png"]


def test_more_attachments_than_are_opened_end_as_too_large(read_pieces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(msg.LIMITS, "attachments", 1)
    streams = [each for n in range(3) for each in attachment(n, f"{n}", [(("__substg1.0_37010102",), b"x")])]
    found = read_pieces(msg, compound_file([*streams, wide(0x37, "机密")]))
    assert found.reason == "too-large"
    assert found.texts(Zone.SUBJECT) == ["机密"]
    assert len(found.members) == 1


def test_an_ordinary_message_gives_nothing(read_pieces: Any) -> None:
    found = read_pieces(msg, compound_file([wide(0x37, "Lunch"), wide(0x1000, "at noon"), numbers(32, x0036=0)]))
    assert (found.passages, found.members, found.problem) == ([], [], None)


def test_a_message_that_breaks_off_is_damaged(read_pieces: Any) -> None:
    data = compound_file([wide(0x37, "机密"), wide(0x1000, "x" * 5000)])
    found = read_pieces(msg, data[:600])
    assert found.reason == "damaged"


@pytest.mark.shared
def test_real_messages_give_their_attachments(read_pieces: Any, shared: Path) -> None:
    folder = shared / "corpus" / "real" / "msg"
    inside = {
        path.name: [member.name for member in read_pieces(msg, path.read_bytes()).members] for path in folder.iterdir()
    }
    assert inside["MSGReader__EmailWithMsgAttachment.msg"] == ["Msg Attachment Test.msg"]
    assert inside["docling__msg_with_attachment.msg"] == ["test.txt", "report.pdf"]
