"""The report as HTML and as PDF: one file each, complete, in both languages, nothing clipped on A4."""

from __future__ import annotations

import html.parser
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from PIL import ImageOps

from agent import words
from agent.checks.base import Fact
from agent.checks.selfcheck import Attestation, Line, Report, compare
from agent.commands.check_html import html as as_html
from agent.commands.check_jsonl import jsonl, read
from agent.commands.check_pdf import pdf
from protocol.records import CheckOutcome, Severity, decode_record, encode_record
from signatures import typeface
from signatures.controls import Text

LONG = "非常长的控制项名称没有任何空格也没有标点符号" * 6


def line(number: int, outcome: CheckOutcome) -> Line:
    return Line(
        check=f"check-{number}",
        controls=("PWD-02",),
        title=Text(zh=f"口令按期更换 {number}", en=f"Passwords are changed in time {number}"),
        regime=Text(zh="密码", en="Passwords"),
        clause="《行政单位密码管理制度》第七",
        severity=Severity.MEDIUM,
        outcome=outcome,
        why=Text(zh="没有读取权限", en="not permitted") if outcome is CheckOutcome.ERROR else None,
        facts=tuple(
            Fact(what=Text(zh=f"{LONG}", en="account " + "x" * 150), seen="/very" * 30 + "<b>&amp;", expected="≤ 30")
            for _ in range(12)
        )
        if number % 3 == 0
        else (Fact(what=Text(zh="口令天数", en="age in days"), seen="99", expected="≤ 30"),),
        remedy=Text(zh="更换口令。", en="Change it.") if outcome is CheckOutcome.FAIL else None,
    )


def report() -> Report:
    outcomes = [CheckOutcome.FAIL] * 7 + [CheckOutcome.ERROR, CheckOutcome.MANUAL] + [CheckOutcome.PASS] * 12
    return Report(
        number="MJ-20261120-120000-abcd",
        organisation="某某市<行政>服务中心",
        subject="0199a0b0",
        started_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
        seconds=1.25,
        version="0.1.0",
        profile="internet",
        profile_title=Text(zh="互联网计算机", en="Computer on the internet"),
        profile_version="2026.1",
        profile_digest="sha256:" + "a" * 64,
        computer_class="internet",
        level=None,
        root="/",
        files=1200,
        not_examined=3,
        rules="sha256:" + "b" * 64,
        lines=tuple(line(number, outcome) for number, outcome in enumerate(outcomes)),
        attestations=tuple(
            Attestation(
                control="SITE-05",
                ask=Text(zh="机要室是否有门禁和监控？", en="Access control?"),
                every="P3M",
                answer=answer,
                by="张",
                on="2026-11-20",
            )
            for answer in ("yes", "no", "")
        ),
    )


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> str:
    words.use(request.param)
    yield request.param
    words.use(None)


def texts(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    return "".join(page.get_textpage().get_text_bounded() for page in document).replace("\r", "").replace("\n", "")


def test_the_html_is_one_file_without_script_or_foreign_content(language: str) -> None:
    told = as_html(report(), None).decode("utf-8")
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

    Reader().feed(told)
    assert not {tag for tag, _ in seen} & {"script", "img", "link", "iframe", "object"}
    assert not [attributes for _, attributes in seen if {"src", "href"} & attributes.keys()]
    assert "某某市&lt;行政&gt;服务中心" in told
    assert "<b>&amp;" not in told
    for word in ("MJ-20261120-120000-abcd", "2026.1", "1200", "《行政单位密码管理制度》第七"):
        assert word in told
    assert told.count("<article") == len(report().lines)
    wanted = (
        ("保密员（签字、日期）", "处置", "人工确认")
        if language == "zh"
        else ("Secrecy officer (signature, date)", "What to do", "Attestations")
    )
    assert all(word in told for word in wanted)


def test_the_pdf_holds_every_part_and_clips_nothing(language: str) -> None:
    data = pdf(report(), compare(report(), report()))
    told = texts(data)
    wanted = (
        ("保密自查报告", "保密员（签字、日期）", "处置：", "人工确认", "未整改")
        if language == "zh"
        else ("Secrecy self-check report", "Secrecy officer", "What to do", "Attestations", "still open")
    )
    for word in (*wanted, "MJ-20261120-120000-abcd", "某某市<行政>服务中心", "《行政单位密码管理制度》第七"):
        assert word in told, word
    document = pypdfium2.PdfDocument(data)
    assert len(document) >= 2
    for page in document:
        assert (round(page.get_width()), round(page.get_height())) == (595, 842)
        ink = ImageOps.invert(page.render(scale=1, grayscale=True).to_pil().convert("L")).getbbox()
        assert ink is not None
        assert ink[0] >= 30
        assert ink[1] >= 20
        assert ink[2] <= 595 - 30
        assert ink[3] <= 842 - 15


def test_without_a_chinese_typeface_here_the_one_of_readers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeface, "FACES", ())
    words.use("zh")
    try:
        data = pdf(report(), None)
    finally:
        words.use(None)
    assert b"STSong-Light" in data
    assert "保密自查报告" in texts(data)


def test_json_lines_give_the_report_back(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(jsonl(report(), None))
    assert read(path) == report()


def test_the_record_that_travels_holds_outcomes_and_answers_and_no_evidence() -> None:
    record = report().record()
    encoded = encode_record(record)
    assert decode_record(encoded) == record
    assert record.answers == {"SITE-05": "no"}
    assert len(record.results) == len(report().lines)
    for secret in (LONG, "/very/very", "张", "服务中心"):
        assert secret.encode() not in encoded
