from __future__ import annotations

import contextlib
import io
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from agent import words
from agent.reporting.notice import Notice
from agent.reporting.outbox import Leased
from agent.reporting.uplink import Sent
from protocol.ids import uuid7
from protocol.records import FileEvidence, Finding, Medium, Severity, ViolationSeen


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[words.Language]:
    words.use(request.param)
    yield request.param
    words.use(None)


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


def violation() -> ViolationSeen:
    finding = Finding(
        rule="cn-state.starred",
        family="state",
        level="机密",
        period="P10Y",
        zone="header",
        confidence=95,
        severity=Severity.CRITICAL,
        marking="机密★10年",
    )
    evidence = FileEvidence(
        content_hash="c",
        path_hash="p",
        sealed_place="s",
        extension="docx",
        media_type="x",
        size=1,
        modified=None,
        findings=(finding,),
    )
    return ViolationSeen(
        id=uuid7(), seen_at=datetime.now(UTC), control="MEDIA-05", severity=Severity.CRITICAL, evidence=evidence
    )


def test_a_violation_is_told_by_severity_control_and_marking(language: words.Language, screen: io.StringIO) -> None:
    Notice(screen).violation(violation())
    assert "MEDIA-05" in screen.getvalue()
    assert "机密★10年" in screen.getvalue()
    assert ("特别严重" if language == "zh" else "critical") in screen.getvalue()


def test_the_sum_of_a_scan_is_told_in_full(language: words.Language, screen: io.StringIO) -> None:
    counts = {"enumerated": 9, "clean": 6, "finding": 2, "not_examined": 1}
    Notice(screen).scanned(counts, 1.25, Counter({"critical": 2}), complete=False)
    for number in ("9", "6", "2", "1.2"):
        assert number in screen.getvalue()
    assert ("中断" if language == "zh" else "cut short") in screen.getvalue()


def test_the_same_trouble_is_told_once(screen: io.StringIO) -> None:
    notice = Notice(screen)
    for _ in range(5):
        notice.sent(Sent(Leased(1, "d", b""), None, "the collector did not answer"))
    assert screen.getvalue().count("did not answer") == 1


def test_a_label_cannot_command_the_terminal(screen: io.StringIO) -> None:
    Notice(screen).mounted(Medium(key="k", label="\x1b[2Jevil\nline", bus="usb"))
    assert "\x1b" not in screen.getvalue()
    assert screen.getvalue().count("\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "gb18030"])
def test_a_terminal_that_cannot_show_a_sign_shows_the_rest(encoding: str) -> None:
    raw = io.BytesIO()
    terminal = io.TextIOWrapper(raw, encoding=encoding)
    Notice(terminal).violation(violation())
    assert b"MEDIA-05" in raw.getvalue()


def test_a_terminal_that_has_gone_stops_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    broken, closed = os.fdopen(writer, "w"), io.StringIO()
    closed.close()
    for stream in (broken, closed):
        notice = Notice(stream)
        notice.violation(violation())
        notice.say("二", "two")
    with contextlib.suppress(BrokenPipeError):
        broken.close()
    assert broken.closed
