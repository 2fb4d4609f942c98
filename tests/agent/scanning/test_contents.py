"""A document that was examined is known again by its content: under another name, in another place, on a stick."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest
from docx import Document

from agent.scanning import contents as contents_module
from agent.scanning import ledger as ledger_module
from agent.scanning.contents import Contents
from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.results import FileResult
from agent.scanning.workforce import Known

KnownNames = list[tuple[str, bool]]


@pytest.fixture(autouse=True)
def files_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "UNSETTLED", -1.0)


@pytest.fixture
def options(tmp_path: Path, compiled: Path) -> ScanOptions:
    return ScanOptions(cache=compiled, ledger=tmp_path / "ledger.sqlite", workers=1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> KnownNames:
    """Every file that was asked about, and whether its content was known; asked of the real thing."""
    told: KnownNames = []
    real = Contents.known

    def known(self: Contents, name: str, status: os.stat_result, descriptor: int) -> Known | None:
        answer = real(self, name, status, descriptor)
        told.append((name, answer is not None))
        return answer

    monkeypatch.setattr(Contents, "known", known)
    return told


def docx(*paragraphs: str) -> bytes:
    document, out = Document(), io.BytesIO()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def scan(folder: Path, options: ScanOptions) -> dict[tuple[str, str | None], str]:
    """The verdict, or the reason, of each file by its name, and of each member."""
    told: list[FileResult] = []
    Scanner(options).run([folder], told.append)
    return {(Path(one.path).name, one.member): str(one.reason or one.verdict) for one in told}


def test_a_copy_under_another_name_elsewhere_is_known(tmp_path: Path, options: ScanOptions, asked: KnownNames) -> None:
    home, stick = tmp_path / "home", tmp_path / "stick"
    home.mkdir()
    (home / "a.docx").write_bytes(docx("机密★10年"))
    (home / "b.docx").write_bytes(docx("午饭"))
    with zipfile.ZipFile(home / "c.zip", "w") as archive:
        archive.writestr("x.txt", "绝密★启用前\n")
    (home / "d.zip").write_bytes(b"PK\x03\x04" + os.urandom(200))
    first = scan(home, options)
    stick.mkdir()
    for name in ("a.docx", "b.docx", "c.zip", "d.zip"):
        shutil.copy2(home / name, stick / f"copy-of-{name}")
    asked.clear()
    assert scan(stick, options) == {(f"copy-of-{name}", member): verdict for (name, member), verdict in first.items()}
    assert dict(asked) == dict.fromkeys([f"copy-of-{name}" for name in ("a.docx", "b.docx", "c.zip", "d.zip")], True)


def test_a_name_that_says_something_is_read_all_the_same(
    tmp_path: Path, options: ScanOptions, asked: KnownNames
) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    for folder in (home, other):
        folder.mkdir()
    (home / "a.docx").write_bytes(docx("午饭"))
    scan(home, options)
    shutil.copy2(home / "a.docx", other / "【机密】方案.docx")
    asked.clear()
    assert scan(other, options) == {("【机密】方案.docx", None): "finding"}
    assert set(asked) == {("【机密】方案.docx", True)}
    shutil.copy2(other / "【机密】方案.docx", home / "b.docx")
    assert scan(home, options)["b.docx", None] == "clean", "what its name said once says nothing of the content"


def test_other_content_of_the_same_size_is_read(tmp_path: Path, options: ScanOptions) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    for folder, text in ((home, "上午开会讨论某事"), (other, "绝密★启用前一年")):
        folder.mkdir()
        with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo("a.txt"), text)
    assert (home / "a.zip").stat().st_size == (other / "a.zip").stat().st_size
    assert scan(home, options)["a.zip", "a.txt"] == "clean"
    assert scan(other, options)["a.zip", "a.txt"] == "finding"


def test_a_compressed_file_names_what_is_in_it(tmp_path: Path, options: ScanOptions) -> None:
    import gzip

    home, other = tmp_path / "home", tmp_path / "other"
    for folder in (home, other):
        folder.mkdir()
    (home / "a.txt.gz").write_bytes(gzip.compress("午饭".encode(), mtime=0))
    assert ("a.txt.gz", "a.txt") in scan(home, options)
    shutil.copy2(home / "a.txt.gz", other / "b.txt.gz")
    assert ("b.txt.gz", "b.txt") in scan(other, options)


def test_a_stick_with_the_same_document_is_known_by_it(tmp_path: Path, options: ScanOptions, asked: KnownNames) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a.docx").write_bytes(docx("午饭"))
    scan(tmp_path / "home", options)
    shutil.copytree(tmp_path / "home", tmp_path / "stick")
    asked.clear()
    Scanner(options).run([tmp_path / "stick"], medium="usb-1234")
    assert set(asked) == {("a.docx", True)}


def test_plain_text_is_read_rather_than_hashed(tmp_path: Path, options: ScanOptions) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a.txt").write_text("午饭\n" * 100)
    scan(tmp_path / "home", options)
    assert rows(options) == 0


def test_what_the_verdict_of_a_content_says_is_sealed_and_expires(tmp_path: Path, options: ScanOptions) -> None:
    (tmp_path / "home").mkdir()
    with zipfile.ZipFile(tmp_path / "home" / "c.zip", "w") as archive:
        archive.writestr("telling-name.txt", "绝密★启用前\n")
    scan(tmp_path / "home", options)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("ledger.sqlite*"))
    assert rows(options) == 1
    assert b"telling-name" not in stored
    assert "绝密".encode() not in stored
    assert options.ledger
    with ledger_module.Ledger(options.ledger, "", expires=-60):
        pass
    assert rows(options) == 0


def test_a_file_that_changed_since_it_was_read_is_not_remembered(
    tmp_path: Path, options: ScanOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "a.docx"
    path.write_bytes(docx("午饭"))
    real = contents_module.open_to_read

    def changed(name: str) -> int:
        path.write_bytes(docx("绝密★启用前"))
        return real(name)

    monkeypatch.setattr(contents_module, "open_to_read", changed)
    scan(tmp_path / "home", options)
    assert rows(options) == 0


def rows(options: ScanOptions) -> int:
    """How many contents are remembered."""
    assert options.ledger
    with sqlite3.connect(options.ledger) as database:
        (count,) = database.execute("SELECT count(*) FROM content").fetchone()
    database.close()
    return int(count)
