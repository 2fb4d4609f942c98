"""The printable report of a scan: whole in itself, nothing in it is obeyed, and it adds up."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from agent import words
from agent.commands.scan_html import Html
from agent.commands.scan_output import Target
from agent.scanning.results import FileResult, Summary
from protocol.records import Finding, Reason, Severity, Verdict
from signatures.rules import load_rules

RULES = {rule.id: rule for rule in load_rules().rules}
FINDING = Finding(
    rule="cn-state.starred", family="state", level="机密", period="P10Y", zone="header", confidence=95,
    severity=Severity.CRITICAL, marking="机密★10年",
)  # fmt: skip


@pytest.fixture(params=["zh", "en"], autouse=True)
def language(request: pytest.FixtureRequest) -> Any:
    words.use(request.param)
    yield request.param
    words.use(None)


def page_of(*results: FileResult, everything: bool = False, judged: Any = None) -> str:
    target = Target(None)
    target.stream = io.BytesIO()
    output = Html(target, everything=everything, judged=judged, rules=RULES)
    summary = Summary(seconds=1.0)
    for result in results:
        output.result(result)
        summary.add(result)
    output.summary(summary)
    return target.stream.getvalue().decode()


def found(path: str, member: str | None = None) -> FileResult:
    return FileResult(path=path, member=member, verdict=Verdict.FINDING, media_type="text/plain", findings=(FINDING,))


def test_findings_and_what_was_not_examined_are_told_in_words_of_the_language(language: str) -> None:
    sealed = FileResult(path="b", member=None, verdict=Verdict.NOT_EXAMINED, reason=Reason.ENCRYPTED, media_type="x")
    page = page_of(found("通知.docx"), sealed)
    title = RULES["cn-state.starred"].title
    for word in ("机密★10年", "通知.docx", *(("加密", title.zh) if language == "zh" else ("encrypted", title.en))):
        assert word in page
    assert re.findall(r"<b>(\d+)</b></div>", page) == ["2", "0", "1", "1"]


def test_no_name_of_a_file_becomes_markup() -> None:
    page = page_of(found("<script>alert(1)</script>\x1b[2J.txt", "<img src=x onerror=alert(1)>\u202e"))
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_page_needs_nothing_beside_it() -> None:
    page = page_of(found("a"))
    assert not re.search(r"""(?:src|href|url)\s*[=(]""", page)
    assert "default-src 'none'" in page


def test_clean_files_are_listed_only_when_asked_for() -> None:
    clean = FileResult(path="quiet.txt", member=None, verdict=Verdict.CLEAN, media_type="text/plain")
    assert "quiet.txt" not in page_of(clean)
    assert "quiet.txt" in page_of(clean, everything=True)


def test_the_control_that_is_broken_stands_beside_the_finding() -> None:
    assert "NPC-01" in page_of(found("a"), judged=lambda _finding: ("high", "NPC-01"))


def test_a_name_that_is_no_utf8_is_shown_and_stops_nothing() -> None:
    assert "\\x80" in page_of(found("a\udc80.txt"))
