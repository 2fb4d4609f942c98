"""For each control that findings and media are judged by: a case that breaks it, and one that all but does.

`docs/judging.md` lists the controls with their rows and names this file; what it says of each is held here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.judging.judge import Context, Judge
from agent.judging.media import Left, MediaJudge, Standing
from agent.scanning.results import FileResult
from protocol.policy import MediumStatus, RegisteredMedium
from protocol.records import ComputerClass, Finding, Medium, Severity, Verdict

JUDGE, MEDIA = Judge(), MediaJudge()
Broken = Callable[[], set[str]]


def file(computer: str, family: str = "state", level: str = "机密", path: str = "/srv/a.docx", **more: Any) -> Broken:
    """The controls that one marked file breaks. ``codes``, ``zone`` are the finding's, the rest is where it lies."""
    finding = Finding(
        rule="x",
        family=family,
        level=level,
        period="P10Y",
        zone=more.pop("zone", "header"),
        confidence=90,
        severity=Severity.HIGH,
        marking="x",
        codes=more.pop("codes", ()),
    )
    ended = more.pop("approval_ended", False)
    result = FileResult(
        path=path, member=None, verdict=Verdict.FINDING, media_type="text/plain", findings=(finding,), size=7
    )
    where = Context(
        computer_class=ComputerClass(computer),
        level=more.pop("most", "机密"),
        organisation_key=bytes(32),
        reveal_key=bytes(range(32)),
        **more,
    )

    def judged() -> set[str]:
        seen = JUDGE.judge(result, where)
        besides = [more for one in seen for more in JUDGE.lapsed(one, where)] if ended else []
        return {one.control for one in (*seen, *besides)}

    return judged


def medium(computer: str, line: RegisteredMedium | None, left: Left = Left()) -> Broken:  # noqa: B008 (a value)
    """The controls that a medium breaks by being there; None for one that stands in no register."""
    standing = Standing(line, in_force=True, left=left)
    return lambda: {one.control for one in MEDIA.judge(Medium(key="k"), standing, ComputerClass(computer), "机密", "s")}


def line(medium_class: Any = "internal", **more: Any) -> RegisteredMedium:
    return RegisteredMedium(key="k", medium_class=medium_class, **more)


CONFIDENTIAL = line("confidential", level="机密")
STICK: dict[str, Any] = {"place": "medium", "medium_class": "internal"}
DRAFT = "/srv/通知（草稿）.docx"

CASES: dict[str, tuple[Broken, Broken]] = {
    "CPC-02": (file("internet"), file("internet", family="notation", level="public")),
    "CPC-09": (file("confidential", level="绝密"), file("confidential", level="机密")),
    "CPC-10": (file("internal", path=DRAFT), file("confidential", path=DRAFT)),
    "CPC-11": (medium("confidential", None), medium("confidential", CONFIDENTIAL)),
    "NPC-01": (file("internal"), file("internal", family="work", level="工作秘密")),
    "NPC-02": (file("internal", approval_ended=True), file("internal")),
    "NPC-03": (file("internet", family="us", level="SECRET"), file("internal", family="us", level="SECRET")),
    "NPC-08": (file("internal", path="/home/a/Dropbox/b.docx"), file("internal", path="/home/a/b.docx")),
    "MEDIA-03": (medium("internal", None), medium("internal", line())),
    "MEDIA-05": (file("internal", **STICK), file("internal", family="commercial", level="普通商密", **STICK)),
    "MEDIA-06": (medium("internal", CONFIDENTIAL), medium("confidential", CONFIDENTIAL)),
    "MEDIA-07": (
        medium("internal", line(seen_in=(ComputerClass.INTERNET,))),
        medium("internal", line(seen_in=(ComputerClass.INTERNET,), transfer=True)),
    ),
    "MEDIA-10": (medium("internal", line(transfer=True), Left(1, 9)), medium("internal", line(transfer=True))),
    "MEDIA-13": (file("internet", "internal", "内部", **STICK), file("internal", "internal", "内部", **STICK)),
    "DISPOSE-08": (medium("internal", line(status=MediumStatus.DESTROYED)), medium("internal", line())),
    "MARK-04": (file("confidential", codes=("PERIOD_TOO_LONG",)), file("confidential")),
    "MARK-05": (file("confidential", codes=("PERIOD_UNIT",)), file("confidential")),
    "MARK-06": (file("confidential", codes=("PERIOD_MISSING",)), file("confidential")),
    "MARK-08": (file("confidential", codes=("EXPIRED_REVIEW",)), file("confidential")),
    "MARK-09": (file("confidential", codes=("EXTENSION_LATE",)), file("confidential")),
    "MARK-16": (file("confidential", path=DRAFT, zone="filename"), file("confidential", path=DRAFT)),
    "MARK-17": (
        file("confidential", designated=("/srv/密",)),
        file("confidential", designated=("/srv/密",), path="/srv/密/a.docx"),
    ),
}


@pytest.mark.parametrize("control", CASES)
def test_each_control_is_broken_by_what_it_forbids_and_not_by_what_it_allows(control: str) -> None:
    breaks, keeps = CASES[control]
    assert control in breaks()
    assert control not in keeps()


def test_the_page_on_judging_names_every_case() -> None:
    page = (Path(__file__).parents[3] / "docs" / "judging.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([A-Z]+-\d\d) \| (.+) \|$", page, re.MULTILINE))
    assert set(CASES) == {control for control, told in rows.items() if "test_each_control.py" in told}
