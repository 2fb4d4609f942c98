"""Text is kept only where that is allowed; then new rules are held against it, and documents are not read again."""

from __future__ import annotations

import dataclasses
import io
import os
import sqlite3
from pathlib import Path

import pytest
from docx import Document

from agent.scanning import ledger as ledger_module
from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source
from agent.scanning.kept_passages import KeptPassages, where_allowed
from agent.scanning.ledger import Ledger
from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.rematch import Keeping, judged_again
from agent.scanning.results import FileResult
from agent.scanning.walk import Found
from agent.scanning.wire import Examined, Job
from agent.scanning.workforce import Known
from protocol.records import ComputerClass, Verdict

CLEAN = [Examined(Verdict.CLEAN, "application/pdf", 5)]
WORDS = "红烧狮子头"


@pytest.fixture(autouse=True)
def files_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "UNSETTLED", -1.0)


def docx(*paragraphs: str) -> bytes:
    document, out = Document(), io.BytesIO()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "menu.docx").write_bytes(docx(f"今天有{WORDS}", "欢迎品尝"))
    (folder / "other.docx").write_bytes(docx("会议室请保持整洁"))
    (folder / "plan.docx").write_bytes(docx("机密★10年", "作战方案"))
    (folder / "note.txt").write_text(WORDS)
    return folder


@pytest.fixture
def options(tmp_path: Path, compiled: Path) -> ScanOptions:
    passages = tmp_path / "passages.sqlite"
    return ScanOptions(cache=compiled, ledger=tmp_path / "ledger.sqlite", workers=1, passages=passages)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Of each file that had to be examined, whether its text was kept; asked of the real ledger."""
    told: dict[str, bool] = {}
    real = Ledger.look_up

    def look_up(self: Ledger, file: Found, status: os.stat_result, descriptor: int) -> Known | bytes | None:
        answer = real(self, file, status, descriptor)
        told[file.name] = isinstance(answer, bytes)
        return answer

    monkeypatch.setattr(Ledger, "look_up", look_up)
    return told


def scan(tree: Path, options: ScanOptions, medium: str = "") -> dict[str, str]:
    told: list[FileResult] = []
    Scanner(options).run([tree], told.append, medium=medium)
    return {Path(one.path).name: str(one.verdict) for one in told}


def test_new_rules_are_held_against_what_was_kept_and_what_they_find_is_told(
    tree: Path, options: ScanOptions, looked_up: dict[str, bool], tmp_path: Path
) -> None:
    first = scan(tree, options)
    assert first == {"menu.docx": "clean", "other.docx": "clean", "plan.docx": "finding", "note.txt": "clean"}
    (tmp_path / "words.txt").write_text(f"{WORDS}\n")
    looked_up.clear()
    changed = dataclasses.replace(options, keywords=tmp_path / "words.txt")
    assert scan(tree, changed) == first | {"menu.docx": "finding", "note.txt": "finding"}
    assert looked_up == {"menu.docx": True, "other.docx": True, "plan.docx": False, "note.txt": False}


def test_a_worker_answers_from_kept_text_without_the_file_and_reads_the_file_where_that_says_something(
    examiner: Examiner,
) -> None:
    data = docx("会议室请保持整洁")
    reply = examiner.examine(Source.of(data), "a.docx", keep=Keeping)
    assert reply.kept
    assert judged_again(examiner, Job("a.docx", "", len(data), 60.0, kept=reply.kept)) == reply.rows
    assert judged_again(examiner, Job("【机密】a.docx", "", len(data), 60.0, kept=reply.kept)) is None
    assert judged_again(examiner, Job("a.docx", "", len(data), 60.0, kept=b"no such text")) is None


def test_of_a_file_with_a_finding_no_text_is_kept(examiner: Examiner) -> None:
    assert examiner.examine(Source.of(docx("机密★10年")), "a.docx", keep=Keeping).kept == b""


def test_text_beyond_its_bound_is_read_again_rather_than_kept(examiner: Examiner) -> None:
    long = docx(*[f"第{number}段, " + "普通文字" * 1000 for number in range(100)])
    reply = examiner.examine(Source.of(long), "a.docx", keep=Keeping)
    assert (reply.kept, reply.rows[0].verdict) == (b"", Verdict.CLEAN)


def test_what_is_kept_is_sealed_and_its_owner_s_alone(tree: Path, options: ScanOptions) -> None:
    scan(tree, options)
    assert options.passages
    assert rows(options.passages) == 2
    stored = b"".join(path.read_bytes() for path in options.passages.parent.glob("passages.sqlite*"))
    assert WORDS.encode() not in stored
    assert WORDS.encode("utf-16-le") not in stored
    assert options.passages.stat().st_mode & 0o077 == 0


def test_by_itself_nothing_is_kept_and_of_media_never(tree: Path, options: ScanOptions) -> None:
    assert ScanOptions().passages is None
    scan(tree, options, medium="usb-1234")
    assert options.passages
    assert not options.passages.exists()


def test_on_a_classified_computer_nothing_is_kept_and_what_was_kept_before_goes(tmp_path: Path) -> None:
    path = tmp_path / "passages.sqlite"
    for computer_class in (ComputerClass.INTERNET, ComputerClass.INTERNAL):
        assert where_allowed(tmp_path, 10, computer_class) == path
        assert where_allowed(tmp_path, 0, computer_class) is None
    kept = KeptPassages(path, 1000, oldest=0)
    kept.put(b"k", bytes(32), CLEAN, b"text")
    assert path.exists()
    assert where_allowed(tmp_path, 10, ComputerClass.CONFIDENTIAL) is None
    assert list(tmp_path.iterdir()) == []
    kept.close()


def test_it_stays_within_its_bytes_and_the_oldest_goes_first(tmp_path: Path) -> None:
    kept = KeptPassages(tmp_path / "passages.sqlite", 10_000, oldest=0)
    for number in range(30):
        kept.put(b"%d" % number, bytes(32), CLEAN, bytes(1000))
    sizes = kept._database.execute("SELECT sum(size) FROM passages").fetchone()
    assert 5_000 < sizes[0] <= 10_000
    assert kept.get(b"29", bytes(32)) == bytes(1000)
    kept.close()


def test_text_of_another_place_is_not_used(tree: Path, options: ScanOptions, looked_up: dict[str, bool]) -> None:
    scan(tree, options)
    (tree / "menu.docx").rename(tree / "renamed.docx")
    looked_up.clear()
    scan(tree, dataclasses.replace(options, least=44))
    assert looked_up == {"other.docx": True, "renamed.docx": False, "plan.docx": False, "note.txt": False}


def rows(path: Path) -> int:
    """How many records there are."""
    with sqlite3.connect(path) as database:
        (count,) = database.execute("SELECT count(*) FROM passages").fetchone()
    database.close()
    return int(count)
