from __future__ import annotations

from typing import Any

import pytest

from agent.judging.media import NOTHING_LEFT, Left, MediaJudge, Standing, look_up
from protocol.policy import MediumStatus, RegisteredMedium
from protocol.records import ComputerClass, Medium, MediumEvidence

STICK = Medium(key="k" * 64, bus="usb")


def broken(
    line: RegisteredMedium | None,
    computer: str,
    level: str | None = None,
    *,
    in_force: bool = True,
    left: Left = NOTHING_LEFT,
) -> list[str]:
    standing = Standing(line, in_force, 7, left)
    seen = MediaJudge().judge(STICK, standing, ComputerClass(computer), level, "session")
    assert all(one.medium == STICK and one.session == "session" for one in seen)
    return [f"{one.control} {one.severity}" for one in seen]


def line(**more: Any) -> RegisteredMedium:
    return RegisteredMedium(key=STICK.key, **more)


@pytest.mark.parametrize(
    ("registered", "computer", "level", "expected"),
    [
        (None, "internal", None, ["MEDIA-03 high"]),
        (None, "internet", None, ["MEDIA-03 high"]),
        (None, "confidential", "机密", ["CPC-11 critical"]),
        (line(medium_class="internal"), "internal", None, []),
        (line(medium_class="internet"), "internet", None, []),
        (line(medium_class="confidential", level="机密"), "confidential", "机密", []),
        (line(medium_class="confidential", level="秘密"), "confidential", "机密", []),
        (line(medium_class="confidential", level="绝密"), "confidential", "机密", ["CPC-09 high"]),
        (line(medium_class="confidential", level="秘密"), "internal", None, ["MEDIA-06 critical"]),
        (line(medium_class="confidential", level="秘密"), "internet", None, ["MEDIA-06 critical"]),
        (line(medium_class="internal"), "confidential", "秘密", ["CPC-11 critical"]),
        (line(status=MediumStatus.DESTROYED), "internal", None, ["DISPOSE-08 high"]),
        (line(status=MediumStatus.LOST), "internal", None, ["DISPOSE-08 high"]),
        (
            line(status=MediumStatus.LOST, medium_class="confidential"),
            "internet",
            None,
            ["MEDIA-06 critical", "DISPOSE-08 high"],
        ),
        (line(seen_in=(ComputerClass.INTERNET,)), "internal", None, ["MEDIA-07 critical"]),
        (line(seen_in=(ComputerClass.INTERNAL,)), "internal", None, []),
        (line(seen_in=(ComputerClass.INTERNET,), transfer=True), "internal", None, []),
        (line(transfer=True), "confidential", "秘密", []),
    ],
)
def test_what_a_medium_breaks_by_being_there(
    registered: RegisteredMedium | None, computer: str, level: str | None, expected: list[str]
) -> None:
    assert broken(registered, computer, level) == expected


@pytest.mark.parametrize(
    ("registered", "left", "expected"),
    [
        (line(transfer=True), Left(3, 9), ["MEDIA-10 medium"]),
        (line(transfer=True, status=MediumStatus.LOST), Left(1, 8), ["DISPOSE-08 high", "MEDIA-10 medium"]),
        (line(transfer=True), NOTHING_LEFT, []),
        (line(), Left(3, 9), []),
    ],
)
def test_documents_left_for_too_long_count_on_media_for_carrying_alone(
    registered: RegisteredMedium, left: Left, expected: list[str]
) -> None:
    assert broken(registered, "internal", left=left) == expected


def test_the_evidence_of_what_was_left_is_counts() -> None:
    standing = Standing(line(transfer=True), True, 7, Left(3, 9))
    (seen,) = MediaJudge().judge(STICK, standing, ComputerClass.INTERNAL, None, "session")
    assert isinstance(seen.evidence, MediumEvidence)
    assert (seen.evidence.files, seen.evidence.days) == (3, 9)


def test_without_a_register_nobody_is_unregistered_but_a_known_medium_still_counts() -> None:
    assert broken(None, "internal", in_force=False) == []
    assert broken(line(status=MediumStatus.LOST), "internal", in_force=False) == ["DISPOSE-08 high"]
    assert look_up(STICK, None) == Standing(None, False)
    assert look_up(STICK, None, in_force=True).in_force


def test_the_evidence_says_how_the_medium_stands_and_which_policy_said_so() -> None:
    known = line(medium_class="confidential", level="机密", number="U-012", seen_in=(ComputerClass.INTERNET,))
    (first, *_) = MediaJudge().judge(STICK, Standing(known, True, 7), ComputerClass.INTERNAL, None, None)
    assert first.evidence == MediumEvidence(
        status="registered",
        number="U-012",
        medium_class="confidential",
        level="机密",
        seen_in=("internet",),
        policy=7,
    )
