"""Mail, saved pages: subjects, headers, bodies, attachments, nested mail, encrypted, broken and hostile ones."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.scanning.formats import eml, mime
from agent.scanning.formats.base import Budget
from signatures.passages import Zone

PROSE = "会议听取了项目组汇报，原则同意实施方案，要求进一步细化进度节点。\n"


class LineSieve:
    """Knows one word, in UTF-8, and says where it is."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return "机密".encode() in bytes(data)

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        raw, word = bytes(data), "机密".encode()
        places = [at for at in range(len(raw)) if raw.startswith(word, at)]
        return [(at, at + len(word), "utf-8") for at in places]


@pytest.fixture
def read(read_pieces: Any) -> Any:
    """Run the reader with a sieve that also tells places, as text bodies need it."""
    return lambda data, budget=None: read_pieces(eml, data, budget, LineSieve())


def mail(subject: str = "工作安排", body: str = PROSE, charset: str = "utf-8") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "a@example.org"
    message["Subject"] = subject
    message.set_content(body, charset=charset)
    return message


def test_a_mail_without_any_literal_gives_nothing(read: Any) -> None:
    outcome = read(bytes(mail()))
    assert (outcome.passages, outcome.members, outcome.problem) == ([], [], None)


def test_what_stands_in_the_head_behind_a_line_that_is_no_header_is_text(read: Any) -> None:
    broken = "From: a@example.org\nSubject: x\nquite X-Told: b\nX-More: c\n机密★20年\nMessage-ID: <1@a>\n\n" + PROSE
    assert any("机密★20年" in passage.text for passage in read(broken.encode()).passages)
    without_a_body = "From: a@example.org\nMessage-ID: <1@a>\nSubject: x\n机密★20年\n" + PROSE
    assert any("机密★20年" in passage.text for passage in read(without_a_body.encode()).passages)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "big5"])
def test_the_first_line_of_a_body_is_its_head_in_every_charset(read: Any, charset: str) -> None:
    outcome = read(bytes(mail(body="机密★20年\n\n" + ("" if charset == "big5" else PROSE), charset=charset)))
    assert outcome.only(Zone.P1_TOP_LEFT).text.strip() == "机密★20年"


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?b?" + base64.b64encode("【机密】安排".encode()).decode() + "?=",
        "=?GB2312?B?" + base64.b64encode("【机密】安排".encode("gbk")).decode() + "?=",
        "=?gbk?Q?" + "".join(f"={byte:02X}" for byte in "【机密】安排".encode("gbk")) + "?=",
        # Three bytes of a character split over two words, as old mailers do.
        "=?utf-8?b?" + base64.b64encode("【机密】安排".encode()[:4]).decode() + "?=\r\n =?utf-8?b?"
        + base64.b64encode("【机密】安排".encode()[4:]).decode() + "?=",
        "【机密】安排",
    ],
)  # fmt: skip
def test_a_subject_is_read_however_it_is_encoded(read: Any, subject: str) -> None:
    outcome = read(f"Subject: {subject}\r\nFrom: a@example.org\r\n\r\nx".encode())
    assert outcome.only(Zone.SUBJECT).text == "【机密】安排"


def test_a_subject_in_raw_gbk_is_read(read: Any) -> None:
    assert read("Subject: 机密文件安排\r\n\r\nx".encode("gbk")).only(Zone.SUBJECT).text == "机密文件安排"


def test_headers_that_speak_of_classification_are_properties_and_routing_is_not(read: Any) -> None:
    raw = (
        "Received: 机密\r\nFrom: 机密 <a@example.org>\r\nX-Classification: 机密\r\n"
        "msip_labels: MSIP_Label_1_Enabled=True; MSIP_Label_1_Name=机密;\r\n\r\n"
    ).encode()
    found = {each.name: each.text for each in read(raw).passages}
    assert found["x-classification"] == "机密"
    assert found["MSIP_Label_1_Name"] == "机密"
    assert "received" not in found
    assert "from" not in found


def test_a_page_in_a_mail_is_read_in_the_charset_of_the_mail(read: Any) -> None:
    message = mail()
    message.add_alternative('<html><meta charset="big5"><p>机密★20年</p></html>', subtype="html", charset="gb18030")
    assert read(bytes(message)).only(Zone.P1_TOP_LEFT).text == "机密★20年"


def test_attachments_come_with_their_names_and_bytes(read: Any) -> None:
    message = mail()
    for name in ("机密方案.docx", "a b.txt"):
        message.add_attachment(b"\x00\x01PK", maintype="application", subtype="octet-stream", filename=name)
    message.add_attachment(bytes(mail("机密")), maintype="application", subtype="octet-stream", filename="旧.eml")
    members = read(bytes(message)).members
    assert [member.name for member in members] == ["机密方案.docx", "a b.txt", "旧.eml"]
    assert members[0].data == b"\x00\x01PK"


def test_a_forwarded_mail_is_a_member_and_is_read_as_mail(read: Any) -> None:
    outer = mail()
    outer.add_attachment(mail("【机密】安排"))
    (member,) = read(bytes(outer)).members
    assert member.name == "part-2.eml"
    assert read(member.data).only(Zone.SUBJECT).text == "【机密】安排"


def test_pictures_a_page_shows_are_no_members_but_attached_ones_are(read: Any) -> None:
    message = mail()
    message.add_alternative("<p>x</p>", subtype="html")
    message.get_payload()[1].add_related(b"PNG", maintype="image", subtype="png", cid="<1>")
    message.add_attachment(b"PNG", maintype="image", subtype="png", filename="照片.png")
    assert [member.name for member in read(bytes(message)).members] == ["照片.png"]


def test_files_uuencoded_in_a_text_are_members(read: Any) -> None:
    raw = b"Subject: x\n\nhello\nbegin 644 plan.txt\n#0V%T\n`\nend\nbye\n"
    (member,) = read(raw).members
    assert (member.name, member.data) == ("plan.txt", b"Cat")


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\nabc\r\n-----END PGP MESSAGE-----\r\n",
        b"Subject: x\r\nContent-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nVersion: 1\r\n--b--\r\n",
    ],
)
def test_encrypted_mail_is_told(read: Any, raw: bytes) -> None:
    assert read(raw).reason == "encrypted"


def test_a_lost_boundary_and_a_cut_end_lose_nothing_else(read: Any) -> None:
    raw = (
        "Subject: x\r\nContent-Type: multipart/mixed\r\n\r\n--abc\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "机密★20年\r\n--abc\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n5py65a+"
    ).encode()
    outcome = read(raw)
    assert outcome.texts(Zone.P1_TOP_LEFT)[0].strip() == "机密★20年"
    assert outcome.problem is None


def test_parts_in_parts_without_end_are_told(read: Any) -> None:
    raw = b"Subject: x\r\n"
    for number in range(60):
        raw += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number)
    assert read(raw + b"\r\nx").reason == "too-deep"
    many = b"Content-Type: multipart/mixed; boundary=b\r\nSubject: x\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 6000
    assert read(many).reason == "too-large"


def test_a_budget_that_is_spent_keeps_the_names(read: Any) -> None:
    message = mail()
    message.add_attachment(bytes(9999), maintype="application", subtype="x", filename="a.bin")
    (member,) = read(bytes(message), Budget(expanded=500)).members
    assert (member.name, member.data, str(member.problem.reason)) == ("a.bin", None, "bomb")


@pytest.mark.parametrize("charset", ["rot13", "zip", "unicode_escape", "no-such", "utf-16\0", "idna", ""])
def test_charsets_that_are_none_are_guessed(charset: str) -> None:
    assert mime.characters("机密文件的安排".encode("gbk"), charset) == "机密文件的安排"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nothing_but_not_examined_leaves_a_mutated_mail(read: Any, data: st.DataObject) -> None:
    message = mail("机密", "机密★20年\n" + PROSE)
    message.add_attachment(b"PK", maintype="application", subtype="x", filename="机密.docx")
    raw = bytearray(bytes(message))
    for _ in range(data.draw(st.integers(0, 15))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    outcome = read(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    assert outcome.problem is None or outcome.reason in ("encrypted", "too-deep", "too-large")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_make_a_header_and_a_part(raw: bytes) -> None:
    headers, body = mime.split(raw)
    assert all(isinstance(mime.decoded_header(value), str) for _, value in headers)
    assert isinstance(mime.transferred(body, "base64"), bytes)
    assert isinstance(mime.content_type(mime.decoded_header(raw))[1], dict)


@pytest.mark.shared
def test_no_real_mail_raises_anything_but_not_examined(read: Any, shared: Path) -> None:
    files = [path for kind in ("eml", "mhtml") for path in (shared / "corpus/real" / kind).iterdir()]
    assert len(files) > 10
    assert all(read(path.read_bytes()).problem is None for path in files)
