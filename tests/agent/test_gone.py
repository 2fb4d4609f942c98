"""What is put right on the computer's own disks is told, and only where it was really looked at again (CHECK-06)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from agent.gone import Look, disks_of
from agent.requests import ask_for_scan
from agent.scanning.results import FileResult
from agent.settings import MediaSettings, ScheduleSettings
from protocol.records import FileEvidence, Reason, ScanDone, Verdict, ViolationSeen

KEY = bytes(32)
YEARLY = "0 0 1 1 *"


def test_a_file_that_is_gone_is_told_and_one_that_was_moved_or_locked_away_is_not(
    collector: Any, service_state: Path, running: Any, tmp_path: Path, wait_for: Any, quick: Any
) -> None:
    collector.enrolled(service_state)
    folder = tmp_path / "disk"
    folder.mkdir()
    deleted, moved, packed = folder / "a.txt", folder / "b.txt", folder / "c.zip"
    deleted.write_text("机密★10年\n甲", "utf-8")
    moved.write_text("机密★10年\n乙", "utf-8")
    with zipfile.ZipFile(packed, "w") as pack:
        pack.writestr("丙.txt", "机密★10年\n丙")
    scans = lambda: [one for one in collector.records if isinstance(one, ScanDone)]  # noqa: E731
    told = lambda: [one.evidence for one in collector.records if isinstance(one, ViolationSeen)]  # noqa: E731
    running(
        quick(
            service_state,
            media=MediaSettings(watch=False),
            schedule=ScheduleSettings(cron=YEARLY, roots=(str(folder),)),
        )
    )
    for number, change in enumerate(
        (
            lambda: None,
            lambda: (deleted.unlink(), moved.rename(folder / "e.txt"), packed.write_bytes(b"PK\3\4 locked")),
            lambda: None,
            lambda: deleted.write_text("机密★10年\n甲", "utf-8"),
        ),
        1,
    ):
        change()
        ask_for_scan(service_state, (str(folder),))
        wait_for(lambda number=number: len(scans()) == number)

    assert [len(done.gone) for done in scans()] == [0, 1, 1, 0]
    (gone,) = scans()[2].gone
    (back,) = told()[-1:]
    assert (gone.content_hash, gone.control) == (back.content_hash, "NPC-01")
    assert back.content_hash in {one.content_hash for one in told()[:3]}


def evidence(content: str, path: str) -> FileEvidence:
    return FileEvidence(
        content_hash=content, path_hash=path, sealed_place="", extension="", media_type="", size=1, modified=None
    )


def unread(path: str) -> FileResult:
    return FileResult(
        path=path, member=None, verdict=Verdict.NOT_EXAMINED, reason=Reason.UNREADABLE, media_type="inode/directory"
    )


@pytest.mark.parametrize(
    ("roots", "met", "proven"),
    [
        (["disk"], [], True),
        (["disk/below"], [], True),
        (["disk/beside"], [], False),
        ([], [], False),
        (["disk"], ["disk/beside"], True),
        (["disk"], ["disk/below"], False),
        (["disk"], ["disk/below/a.txt"], False),
    ],
)
def test_only_what_was_looked_at_again_is_told_to_be_gone(
    tmp_path: Path, roots: list[str], met: list[str], proven: bool
) -> None:
    before, after = Look(KEY), Look(KEY)
    before.found(f"{tmp_path}/disk/below/a.txt", evidence("content", "path"), "NPC-01")
    for path in met:
        after.met(unread(f"{tmp_path}/{path}"))
    gone = after.gone(before.places, [f"{tmp_path}/{root}" for root in roots])
    assert [one.content_hash for one in gone] == (["content"] if proven else [])


def test_a_file_that_was_changed_and_is_still_marked_is_not_told_to_be_gone(tmp_path: Path) -> None:
    before, after = Look(KEY), Look(KEY)
    before.found(f"{tmp_path}/a.txt", evidence("old", "path"), "NPC-01")
    after.found(f"{tmp_path}/a.txt", evidence("new", "path"), "NPC-01")
    assert after.gone(before.places, [str(tmp_path)]) == ()


def test_a_disk_that_is_not_there_was_not_looked_at(tmp_path: Path) -> None:
    assert set(disks_of([str(tmp_path), str(tmp_path / "away")])) == {str(tmp_path)}
