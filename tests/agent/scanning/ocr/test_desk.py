"""Pictures in a scan: by a worker of their own, in documents too, within a budget, and not twice."""

from __future__ import annotations

import gzip
import os
import sqlite3
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from docx import Document
from docx.shared import Inches

from agent.scanning.ledger import UNSETTLED
from agent.scanning.opening import Done
from agent.scanning.picture_desk import PictureDesk, Terms
from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.results import FileResult, Summary
from agent.scanning.walk import Found
from agent.scanning.wire import Examined, Reply, Start
from protocol.records import Reason, Verdict


@pytest.fixture
def options(compiled: Path, font: Any) -> ScanOptions:
    return ScanOptions(workers=1, cache=compiled)


@pytest.fixture
def pictures(tmp_path: Path, page: Any, saved: Callable[..., bytes]) -> Path:
    """A folder with a marked scan as a picture, as a PDF, in a Word document and in a zip, and a text."""
    folder = tmp_path / "stick"
    folder.mkdir()
    scan = page("机密★10年", size=(620, 400))
    (folder / "scan.png").write_bytes(saved(scan))
    scan.save(folder / "scan.pdf", "PDF", resolution=75)
    document = Document()
    document.add_picture(str(folder / "scan.png"), width=Inches(5))
    document.save(str(folder / "scan.docx"))
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("inside/scan.jpg", saved(scan, "JPEG"))
    (folder / "text.txt").write_text("秘密★5年\n\n关于检查的通知\n")
    long_ago = time.time() - 10 * UNSETTLED
    for file in folder.iterdir():
        os.utime(file, (long_ago, long_ago))
    return folder


def run(options: ScanOptions, folder: Path) -> tuple[dict[tuple[str, str | None], str], Summary, list[FileResult]]:
    results: list[FileResult] = []
    summary = Scanner(options).run([folder], results.append)
    assert summary.enumerated == len(results) == summary.clean + summary.finding + summary.not_examined
    said = {(Path(one.path).name, one.member): str(one.reason or one.verdict) for one in results}
    return said, summary, results


def test_pictures_are_read_wherever_they_stand_and_belong_to_what_shows_them(
    options: ScanOptions, pictures: Path
) -> None:
    said, summary, results = run(options, pictures)
    assert said == {
        ("scan.png", None): "finding",
        ("scan.pdf", None): "finding",
        ("scan.docx", None): "finding",
        ("a.zip", None): "clean",
        ("a.zip", "inside/scan.jpg"): "finding",
        ("text.txt", None): "finding",
    }
    places = {finding.place.part for one in results for finding in one.findings if not one.path.endswith(".txt")}
    assert places == {"ocr"}
    assert summary.cage.partition(":")[0] in ("full", "partial")


def test_pictures_in_binary_documents_are_read_too(options: ScanOptions, tmp_path: Path) -> None:
    data = Path(__file__).parents[1] / "formats" / "data"
    folder = tmp_path / "old"
    folder.mkdir()
    for kind in ("doc", "xls"):
        (folder / f"scan.{kind}").write_bytes((data / f"scan.{kind}").read_bytes())
    (folder / "scan.ppt").write_bytes(gzip.decompress((data / "scan.ppt.gz").read_bytes()))
    said, _, results = run(options, folder)
    assert said == dict.fromkeys([("scan.doc", None), ("scan.xls", None), ("scan.ppt", None)], "finding")
    for one in results:
        assert {"机密★10年", "秘密★5年"} & {finding.marking for finding in one.findings}


def test_without_ocr_a_picture_is_unsupported_and_never_clean(options: ScanOptions, pictures: Path) -> None:
    said, _, _ = run(replace(options, pictures=False), pictures)
    assert said[("scan.png", None)] == said[("scan.pdf", None)] == said[("a.zip", "inside/scan.jpg")] == "unsupported"
    assert said[("text.txt", None)] == "finding"


def test_a_file_beyond_its_time_is_told_and_keeps_what_was_found_otherwise(
    options: ScanOptions, pictures: Path
) -> None:
    (pictures / "scan.pdf").rename(pictures / "【机密】方案.pdf")
    said, _, _ = run(replace(options, picture_seconds=0.0), pictures)
    assert said[("scan.png", None)] == said[("scan.docx", None)] == "timeout"
    assert said[("【机密】方案.pdf", None)] == said[("text.txt", None)] == "finding"


def test_once_the_time_of_a_run_is_spent_the_rest_is_told(options: ScanOptions, pictures: Path) -> None:
    said, summary, _ = run(replace(options, pictures_seconds=1e-6), pictures)
    assert summary.reasons["timeout"] >= 1
    assert said[("text.txt", None)] == "finding"
    assert "unsupported" not in said.values()


def test_where_pictures_cannot_be_read_after_all_each_file_is_told_and_nobody_waits(tmp_path: Path) -> None:
    start = Start(rules=str(tmp_path / "no rules here"), cache=None, least=45, memory=1)
    desk = PictureDesk(start, Terms(1.0, 0.0), Event())
    status = tmp_path.stat()
    rows = [Examined(Verdict.NOT_EXAMINED, "image/png", 1, Reason.UNSUPPORTED, pictures=True)]
    known = [Done(Found(str(tmp_path / name), "", status), status, Reply(rows)) for name in ("a", "b")]
    ended = list(desk.past(known[0]))
    deadline = time.monotonic() + 60
    while not ended and time.monotonic() < deadline:
        ended += [one for one in desk.rest() if one is not None]
    ended += desk.past(known[1])
    desk.close()
    assert [one.file.name for one in ended] == ["a", "b"]
    assert {row.reason for one in ended for row in one.reply.rows} == {Reason.CRASHED}


def test_a_copy_of_a_picture_is_known_by_its_content_and_no_text_is_kept(
    options: ScanOptions, pictures: Path, tmp_path: Path
) -> None:
    kept = replace(options, ledger=tmp_path / "ledger.sqlite")
    for file in pictures.iterdir():
        if file.name != "scan.png":
            file.unlink()
    first, _, _ = run(kept, pictures)
    copy = pictures / "copy.png"
    copy.write_bytes((pictures / "scan.png").read_bytes())
    status = (pictures / "scan.png").stat()
    os.utime(copy, ns=(status.st_mtime_ns, status.st_mtime_ns))
    again, _, results = run(replace(kept, picture_seconds=0.0), pictures)
    assert first == {("scan.png", None): "finding"}
    assert again == {("scan.png", None): "finding", ("copy.png", None): "finding"}
    assert {one.verdict for one in results} == {Verdict.FINDING}
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    try:
        records = [bytes(record) for (record,) in database.execute("SELECT verdict FROM pictures")]
    finally:
        database.close()
    assert len(records) == 1
    assert not any(word.encode() in records[0] for word in ("机密", "滨海", "png"))
