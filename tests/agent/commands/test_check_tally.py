"""What a scan found becomes counts: places, copies that disagree, recordings, accounts; no path is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.checks.base import Marked
from agent.commands.check_tally import Tally
from protocol.records import ComputerClass, Finding, Place, Severity
from signatures.profiles import Parameters


def found(level: str = "秘密", period: str | None = "P10Y") -> Finding:
    return Finding(
        rule="cn-state.starred",
        family="state",
        level=level,
        period=period,
        zone="p1_top_left",
        confidence=95,
        severity=Severity.CRITICAL,
        marking=f"{level}★10年",
        place=Place(),
    )


def tallied(*files: tuple[str, Finding | None], **parameters: Any) -> Marked:
    tally = Tally(ComputerClass.CONFIDENTIAL, None, Parameters(**parameters))
    for path, finding in files:
        tally.add(path, [finding] if finding else [])
    return tally.marked(len(files), 0, datetime.now(UTC))


def test_a_copy_marked_otherwise_is_counted_once_for_its_name() -> None:
    marked = tallied(
        ("/d/方案.docx", found("机密")),
        ("/e/方案 - 副本.docx", found("秘密")),
        ("/e/方案(2).docx", found("秘密")),
        ("/d/纪要.docx", found()),
        ("/e/纪要(1).docx", found()),
    )
    assert marked.unlike_copies == 1


def test_files_outside_the_folders_designated_are_counted() -> None:
    marked = tallied(("/srv/secret/a.docx", found()), ("/srv/secrets/b.docx", found()), marked_folders=("/srv/secret",))
    assert marked.outside == 1
    assert tallied(("/srv/secrets/b.docx", found())).outside == 0


def test_recordings_without_a_marking_and_levels_in_homes_are_counted() -> None:
    marked = tallied(
        ("/home/wang/会议.MP3", None),
        ("/home/wang/片.mp4", found("机密")),
        ("/home/wang/a.docx", found("绝密")),
        ("/home/li/b.docx", found()),
        ("/home/li/c.txt", None),
    )
    assert marked.recordings == 1
    assert marked.by_account == {"wang": {"机密": 1, "绝密": 1}, "li": {"秘密": 1}}
    assert "会议" not in str(marked)
