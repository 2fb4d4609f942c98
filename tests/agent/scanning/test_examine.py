"""Examining one file: every file ends in a row, whatever it holds and whatever it does to its reader."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage

import pytest
from docx import Document

from agent.scanning import examine
from agent.scanning.examine import Examiner, about_file
from agent.scanning.formats.base import Budget, Member, NotExamined, Piece, Reading, Source
from agent.scanning.wire import Examined
from agent.scanning.worker import OF_OTHERS, OF_TEXT
from protocol.records import Reason, Verdict
from signatures.passages import Passage, Zone

MARKED = "机密★10年\n\n关于开展年度检查工作的通知\n".encode()
ORDINARY = "关于加强保密工作的通知\n各部门应当保守国家秘密。\n".encode()


def rows(examiner: Examiner, data: bytes, name: str, folder: str = "", budget: Budget | None = None) -> list[Examined]:
    return examiner.examine(Source(io.BytesIO(data), len(data)), name, folder, budget).rows


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_marked_text_is_a_finding_with_its_digest(examiner: Examiner) -> None:
    (row,) = rows(examiner, MARKED, "通知.txt")
    assert row.verdict is Verdict.FINDING
    assert row.findings[0].marking == "机密★10年"
    assert row.sha256 == hashlib.sha256(MARKED).hexdigest()


def test_a_text_about_secrecy_is_clean_and_has_no_digest(examiner: Examiner) -> None:
    (row,) = rows(examiner, ORDINARY, "通知.txt")
    assert (row.verdict, row.sha256, row.findings) == (Verdict.CLEAN, None, ())


def test_a_finding_in_a_document_that_could_not_be_read_whole_says_so(examiner: Examiner) -> None:
    named = rows(examiner, zipped({"word/document.xml": b"<w"})[:60], "机密★10年 草稿.docx")[0]
    assert (named.verdict, named.unread) == (Verdict.FINDING, True)
    (read,) = rows(examiner, ORDINARY, "机密★10年 草稿.txt")
    assert (read.verdict, read.unread) == (Verdict.FINDING, False)


def test_an_empty_file_is_clean(examiner: Examiner) -> None:
    (row,) = rows(examiner, b"", "empty.docx")
    assert (row.verdict, row.size) == (Verdict.CLEAN, 0)


def test_a_marking_in_the_name_is_found_whatever_the_file_is(examiner: Examiner) -> None:
    program = b"\x7fELF" + bytes(2000)
    assert rows(examiner, program, "program")[0].verdict is Verdict.CLEAN
    (row,) = rows(examiner, program, "【机密】方案.bin")
    assert row.verdict is Verdict.FINDING
    assert row.findings[0].zone == Zone.FILENAME


def test_a_marking_in_a_folder_name_is_found(examiner: Examiner) -> None:
    (row,) = rows(examiner, b"hello", "a.txt", "项目/绝密★长期/b")
    assert {finding.zone for finding in row.findings} == {Zone.PATH}
    assert rows(examiner, b"hello", "a.txt", "项目/b")[0].verdict is Verdict.CLEAN


def test_members_of_members_are_rows_of_their_own(examiner: Examiner) -> None:
    inner = zipped({"资料/b.txt": MARKED, "c.txt": ORDINARY})
    outer, first, marked, ordinary, last = rows(examiner, zipped({"in/inner.zip": inner, "d.txt": b"x"}), "outer.zip")
    assert (outer.member, outer.verdict) == (None, Verdict.CLEAN)
    assert (first.member, first.verdict) == ("in/inner.zip", Verdict.CLEAN)
    assert (marked.member, marked.verdict) == ("in/inner.zip!资料/b.txt", Verdict.FINDING)
    assert (ordinary.member, ordinary.verdict) == ("in/inner.zip!c.txt", Verdict.CLEAN)
    assert last.member == "d.txt"
    assert marked.sha256 == hashlib.sha256(MARKED).hexdigest()


def test_a_member_is_found_by_its_name(examiner: Examiner) -> None:
    _, row = rows(examiner, zipped({"秘密★5年-名单.bin": b"\x00\x01"}), "a.zip")
    assert (row.verdict, row.findings[0].zone) == (Verdict.FINDING, Zone.ARCHIVE_MEMBER)


def test_names_that_point_elsewhere_are_only_names(examiner: Examiner) -> None:
    result = rows(examiner, zipped({"../../etc/passwd": MARKED, "/abs/x.txt": ORDINARY}), "slip.zip")
    assert [(row.member, row.verdict) for row in result[1:]] == [
        ("../../etc/passwd", Verdict.FINDING),
        ("/abs/x.txt", Verdict.CLEAN),
    ]


def test_a_bomb_is_told_and_its_neighbours_are_read(examiner: Examiner) -> None:
    bomb = zipped({"zeros.bin": bytes(64 * 1024 * 1024), "b.txt": MARKED})
    by_member = {row.member: row for row in rows(examiner, bomb, "bomb.zip")}
    assert by_member["zeros.bin"].reason is Reason.BOMB
    assert by_member["b.txt"].verdict is Verdict.FINDING


def test_containers_nested_too_deep_are_told(examiner: Examiner) -> None:
    data = MARKED
    for _ in range(6):
        data = zipped({"a.zip": data})
    result = rows(examiner, data, "a.zip", budget=Budget(depth=3))
    assert result[-1].reason is Reason.TOO_DEEP
    assert result[-1].member == "a.zip!a.zip!a.zip"


def test_too_many_members_are_told_at_the_container(examiner: Examiner) -> None:
    many = zipped({f"{number}.txt": b"x" for number in range(20)})
    result = rows(examiner, many, "many.zip", budget=Budget(members=5))
    assert len(result) == 6
    assert result[0].reason is Reason.TOO_LARGE


def test_documents_that_cannot_be_read_yet_are_told(examiner: Examiner) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(13)
    for data, name in (
        (picture, "scan.png"),
        (b"\x89LZO\0\r\n\x1a\n" + bytes(50), "a.lzo"),
        (b"\0\1\0\0Standard Jet DB\0" + bytes(99), "register.mdb"),
    ):
        (row,) = rows(examiner, data, name)
        assert (row.verdict, row.reason) == (Verdict.NOT_EXAMINED, Reason.UNSUPPORTED), name


def test_a_damaged_container_with_a_finding_is_a_finding(examiner: Examiner) -> None:
    whole = zipped({"a.txt": MARKED, "b.txt": ORDINARY * 500})
    cut = rows(examiner, whole[: len(whole) - 60], "cut.zip")
    assert cut[0].reason is Reason.DAMAGED
    (named, *_) = rows(examiner, whole[: len(whole) - 60], "机密★10年 cut.zip")
    assert (named.verdict, named.reason) == (Verdict.FINDING, None)


class Failing:
    """A format that yields a marked passage and a member, then fails."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def pieces(self, source: Source, reading: Reading) -> Iterator[Piece]:
        yield Member("inner.txt", None, 7, NotExamined(Reason.ENCRYPTED))
        raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("text of the document"), Reason.CRASHED),
        (RecursionError(), Reason.CRASHED),
        (struct.error("x"), Reason.CRASHED),
        (zlib.error("x"), Reason.CRASHED),
        (OSError(22, "Invalid argument"), Reason.CRASHED),
        (OSError(5, "Input/output error"), Reason.UNREADABLE),
        (MemoryError(), Reason.TOO_LARGE),
        (NotExamined(Reason.DAMAGED), Reason.DAMAGED),
    ],
)
def test_whatever_a_reader_raises_costs_one_row(
    examiner: Examiner, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: Reason
) -> None:
    monkeypatch.setattr(examine, "format_for", lambda _: Failing(error))
    reply = examiner.examine(Source(io.BytesIO(b"hello"), 5), "a.txt")
    assert [(row.member, row.reason) for row in reply.rows] == [(None, reason), ("inner.txt", Reason.ENCRYPTED)]
    assert reply.leaving is (reason is Reason.TOO_LARGE)
    assert reply.notes == ([f"{type(error).__name__} in text/plain"] if reason is Reason.CRASHED else [])


def test_what_was_read_before_a_failure_is_judged(examiner: Examiner, monkeypatch: pytest.MonkeyPatch) -> None:
    class Partly:
        def pieces(self, source: Source, reading: Reading) -> Iterator[Piece]:
            yield Passage(Zone.P1_TOP_LEFT, "机密★10年")
            raise NotExamined(Reason.DAMAGED)

    monkeypatch.setattr(examine, "format_for", lambda _: Partly())
    (row,) = rows(examiner, b"hello", "a.txt")
    assert (row.verdict, row.reason) == (Verdict.FINDING, None)


def test_workers_make_ready_every_set_of_encodings_that_formats_ask_for(
    examiner: Examiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set that is forgotten in the worker would be compiled anew by each worker of each scan."""
    asked: set[frozenset[str] | None] = set()
    sieve = examiner._sieve

    class Listening:
        def worth(self, data: bytes, *, encodings: frozenset[str] | None = None) -> bool:
            asked.add(encodings)
            return sieve.worth(data, encodings=encodings)

        def spans(self, data: bytes, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
            asked.add(encodings)
            return sieve.spans(data, encodings=encodings)

    monkeypatch.setattr(examiner, "_sieve", Listening())
    html = "<html><body><p>机密★10年</p></body></html>".encode()
    everything = {"a.txt": MARKED, "b.html": html, "c.txt": "机密★10年".encode("utf-16")} | _office()
    result = rows(examiner, zipped(everything), "all.zip")
    assert [row.verdict for row in result[1:]] == [Verdict.FINDING] * len(everything)
    assert asked <= set(OF_TEXT + OF_OTHERS)


def _office() -> dict[str, bytes]:
    """One marked document of each office format and a PDF."""
    import docx
    import openpyxl
    import pptx
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    word, sheets, slides, page = docx.Document(), openpyxl.Workbook(), pptx.Presentation(), io.BytesIO()
    word.add_paragraph("机密★10年")
    sheets.active["A1"] = "机密★10年"
    slides.slides.add_slide(slides.slide_layouts[0]).shapes.title.text = "机密★10年"
    made: dict[str, bytes] = {}
    for name, document in (("d.docx", word), ("e.xlsx", sheets), ("f.pptx", slides)):
        buffer = io.BytesIO()
        document.save(buffer)
        made[name] = buffer.getvalue()
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas = Canvas(page)
    canvas.setFont("STSong-Light", 16)
    canvas.drawString(72, 780, "机密★10年")
    canvas.save()
    return made | {"g.pdf": page.getvalue()}


def test_a_container_marked_below_what_it_holds_is_told(examiner: Examiner) -> None:
    outer, low, high, plain = rows(
        examiner,
        zipped({"a.txt": "秘密★5年\n\n通知\n".encode(), "b.txt": MARKED, "c.txt": b"hello"}),
        "【秘密】材料.zip",
    )
    assert [row.verdict for row in (outer, low, high, plain)] == [Verdict.FINDING] * 3 + [Verdict.CLEAN]
    assert "COMPILATION" in outer.findings[0].codes
    assert not {"COMPILATION"} & {*low.findings[0].codes, *high.findings[0].codes}


def test_an_attachment_above_the_level_of_its_mail_is_told(examiner: Examiner) -> None:
    letter = EmailMessage()
    letter["Subject"], letter["From"] = "【秘密】材料", "a@example.org"
    letter.set_content("见附件")
    letter.add_attachment(MARKED, maintype="text", subtype="plain", filename="a.txt")
    mail, *inside = rows(examiner, bytes(letter), "a.eml")
    (attached,) = (row for row in inside if row.findings)
    assert "PORTION_HIGHER" in attached.findings[0].codes
    assert mail.findings[0].level == "秘密"
    assert not {"COMPILATION", "PORTION_HIGHER"} & set(mail.findings[0].codes)


def test_the_time_of_the_file_dates_a_mark_that_nothing_else_dates(examiner: Examiner) -> None:
    changed = datetime(2011, 3, 4, 12, tzinfo=UTC).timestamp()
    source = Source(io.BytesIO(MARKED), len(MARKED))
    (finding,) = examiner.examine(source, "a.txt", about=about_file(changed)).rows[0].findings
    assert (finding.issued, finding.issued_from) == (date(2011, 3, 4), "file-time")
    assert finding.expires == date(2021, 3, 4)
    assert rows(examiner, MARKED, "a.txt")[0].findings[0].expires is None


def test_the_time_of_an_archive_says_nothing_of_the_files_in_it(examiner: Examiner) -> None:
    data = zipped({"a.txt": MARKED})
    about = about_file(datetime(2011, 3, 4, tzinfo=UTC).timestamp())
    _, inside = examiner.examine(Source(io.BytesIO(data), len(data)), "a.zip", about=about).rows
    assert inside.findings[0].issued is None


@pytest.mark.parametrize("modified", [None, 0.0, -1e20, 1e20, float("nan")])
def test_a_time_that_was_never_set_or_that_no_calendar_has_says_nothing(modified: float | None) -> None:
    assert about_file(modified).file_time is None


def test_the_day_a_document_was_made_is_read_from_its_properties(examiner: Examiner) -> None:
    document = Document()
    document.add_paragraph("机密★10年")
    document.core_properties.created = datetime(2012, 5, 6, tzinfo=UTC)
    buffer = io.BytesIO()
    document.save(buffer)
    (finding, *_) = rows(examiner, buffer.getvalue(), "a.docx")[0].findings
    assert (finding.issued_from, finding.expires) == ("created", date(2022, 5, 6))


def test_names_that_are_looked_at_together_say_what_each_says_alone(examiner: Examiner) -> None:
    names = ["a.txt", "机密★10年.txt", "b.txt"]
    alone = [examiner.examine(Source.of(b"hello"), name).rows for name in names]
    for batch in (names, ["a.txt", "b.txt"], names[1:2]):
        examiner.foresee(batch)
        assert [examiner.examine(Source.of(b"hello"), name).rows for name in names] == alone
    assert [bool(rows[0].findings) for rows in alone] == [False, True, False]
