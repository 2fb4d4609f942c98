from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest

from agent.judging.judge import Context, Judge, is_above
from agent.scanning.results import FileResult
from protocol import keys
from protocol.places import SealedPlace, unseal
from protocol.records import ComputerClass, FileEvidence, Finding, Medium, Severity, Verdict
from signatures.rules import load_rules

REVEAL = keys.X25519PrivateKey.generate()
CONTENT = hashlib.sha256(b"content").hexdigest()


def finding(family: str, level: str | None = None, confidence: int = 90, marking: str = "机密★10年") -> Finding:
    return Finding(
        rule=f"{family}.x",
        family=family,
        level=level,
        period=None,
        zone="header",
        confidence=confidence,
        severity=Severity.HIGH,
        marking=marking,
    )


def context(computer: str, place: str = "fixed", level: str | None = None, **more: Any) -> Context:
    return Context(
        computer_class=ComputerClass(computer),
        level=level,
        organisation_key=bytes(32),
        reveal_key=keys.public_bytes(REVEAL),
        place=cast("Any", place),
        **more,
    )


def result(*findings: Finding, path: str = "/media/stick/dir/a.docx", member: str | None = None) -> FileResult:
    return FileResult(
        path=path,
        member=member,
        verdict=Verdict.FINDING,
        media_type="text/plain",
        findings=findings,
        size=7,
        modified=datetime(2026, 1, 2, tzinfo=UTC),
        sha256=CONTENT,
    )


@pytest.mark.parametrize(
    ("computer", "place", "family", "level", "expected"),
    [
        ("internal", "medium", "state", "机密", ("MEDIA-05", "critical")),
        ("internet", "medium", "state", "秘密", ("MEDIA-05", "critical")),
        ("internal", "medium", "level_only", "机密", ("MEDIA-05", "high")),
        ("internet", "fixed", "state", "秘密", ("CPC-02", "critical")),
        ("internet", "fixed", "level_only", "秘密", ("CPC-02", "high")),
        ("internal", "fixed", "state", "绝密", ("NPC-01", "critical")),
        ("internal", "fixed", "level_only", "绝密", ("NPC-01", "high")),
        ("internal", "medium", "work", "工作秘密", ("MEDIA-05", "high")),
        ("internal", "fixed", "work", "工作秘密", None),
        ("internet", "fixed", "work", "工作秘密", ("NPC-14", "high")),
        ("internal", "medium", "police", "警务工作秘密", ("MEDIA-05", "high")),
        ("internal", "medium", "internal", "内部", ("CLASS-13", "medium")),
        ("internet", "medium", "internal", "内部", ("NPC-14", "medium")),
        ("internal", "fixed", "internal", "内部", None),
        ("internal", "medium", "commercial", "核心商密", ("CLASS-12", "medium")),
        ("internal", "fixed", "commercial", "核心商密", ("MARK-19", "low")),
        ("internet", "fixed", "commercial", "CONFIDENTIAL", ("CLASS-12", "medium")),
        ("internal", "medium", "us", "SECRET", ("MEDIA-05", "high")),
        ("internal", "medium", "us", "CUI", ("MEDIA-05", "medium")),
        ("internal", "fixed", "nato", "COSMIC TOP SECRET", ("NPC-01", "high")),
        ("internal", "medium", "tlp", "CLEAR", None),
        ("internal", "fixed", "tlp", "GREEN", None),
        ("internal", "fixed", "tlp", "RED", ("NPC-01", "medium")),
        ("internal", "medium", "notation", "public", None),
        ("internal", "medium", "a-family-of-tomorrow", "X", ("MEDIA-05", "high")),
        ("confidential", "medium", "us", "TOP SECRET", None),
        ("confidential", "fixed", "internal", "内部", None),
    ],
)
def test_the_table_says_which_control_is_broken_and_how_badly(
    computer: str, place: str, family: str, level: str, expected: tuple[str, str] | None
) -> None:
    assert Judge().broken(finding(family, level), context(computer, place, "机密")) == expected


@pytest.mark.parametrize(
    ("level", "most", "broken"),
    [
        ("秘密", "机密", False),
        ("机密", "机密", False),
        ("绝密", "机密", True),
        ("秘密", None, True),
        ("机密", "绝密", False),
    ],
)
def test_a_classified_computer_may_hold_its_own_level_and_none_above(
    level: str, most: str | None, broken: bool
) -> None:
    assert is_above(level, most) is broken
    expected = ("CPC-09", Severity.CRITICAL) if broken else None
    assert Judge().broken(finding("state", level), context("confidential", "fixed", most)) == expected


@pytest.mark.parametrize(
    ("computer", "level", "changes", "place", "more", "expected"),
    [
        ("confidential", "机密", {"codes": ("EXPIRED_REVIEW",)}, {}, {}, ("MARK-08", "low")),
        ("confidential", "机密", {}, {}, {}, None),
        ("confidential", "机密", {"codes": ("POSITION",)}, {}, {}, ("MARK-01", "low")),
        ("confidential", "机密", {"codes": ("PERIOD_TOO_LONG",)}, {}, {}, ("MARK-04", "medium")),
        ("confidential", "机密", {"codes": ("PERIOD_UNIT",)}, {}, {}, ("MARK-05", "low")),
        ("confidential", "机密", {"codes": ("PERIOD_MISSING", "POSITION")}, {}, {}, ("MARK-06", "medium")),
        ("confidential", "机密", {"codes": ("EXTENSION_LATE",)}, {}, {}, ("MARK-09", "medium")),
        ("confidential", "机密", {"codes": ("EXPIRES_SOON",)}, {}, {}, ("MARK-09", "info")),
        ("confidential", "机密", {}, {"designated": ("/srv/密",)}, {}, ("MARK-17", "medium")),
        ("confidential", "机密", {}, {"designated": ("/srv/密", "/data")}, {"path": "/srv/密/a.docx"}, None),
        ("confidential", "机密", {}, {"designated": ("/srv/密",), "place": "medium"}, {}, None),
        ("confidential", "机密", {"zone": "filename"}, {}, {"path": "/srv/机密 草稿.docx"}, ("MARK-16", "medium")),
        ("confidential", "机密", {"zone": "doc_property"}, {}, {"path": "/srv/草稿.docx"}, ("MARK-16", "medium")),
        ("confidential", "机密", {}, {}, {"path": "/srv/草稿.docx"}, None),
        ("confidential", "机密", {"zone": "filename"}, {}, {"path": "/srv/机密 通知.docx"}, None),
        ("confidential", "机密", {"zone": "filename"}, {}, {"path": "/srv/草稿.docx", "unread": True}, None),
        ("internal", "机密", {"codes": ("PERIOD_MISSING",)}, {}, {}, ("NPC-01", "critical")),
        ("internal", "机密", {}, {}, {"path": "/home/a/关于会议的通知（送审稿）.docx"}, ("CPC-10", "critical")),
        ("internal", "机密", {}, {}, {"path": "/tmp/~$通知.docx"}, ("CPC-10", "critical")),
        ("internal", "机密", {}, {}, {"path": "/home/a/草稿/通知.docx"}, ("NPC-01", "critical")),
        ("internet", "机密", {}, {}, {"path": "/home/a/草稿.docx"}, ("CPC-02", "critical")),
        ("internal", "核心商密", {"family": "commercial"}, {}, {}, ("MARK-19", "low")),
        ("internal", "核心商密", {"family": "commercial", "period": "P3Y"}, {}, {}, None),
        ("internal", "普通商密", {"family": "commercial", "period": "P3Y"}, {}, {"mode": 0o100666},
         ("NPC-20", "medium")),
        ("internal", "核心商密", {"family": "commercial", "period": "P3Y"}, {}, {"mode": 0o100644}, None),
        ("internet", "内部", {"family": "internal"}, {"place": "medium", "medium_class": "internal"}, {},
         ("MEDIA-13", "high")),
        ("internet", "内部", {"family": "internal"}, {"place": "medium"}, {}, ("NPC-14", "medium")),
        ("internet", "SECRET", {"family": "us"}, {}, {}, ("NPC-03", "high")),
        ("internal", "内部", {"family": "internal"}, {}, {"path": "/home/a/OneDrive/b.docx"}, ("NPC-07", "medium")),
        ("internal", "机密", {}, {}, {"path": "/home/a/Documents/xwechat_files/b.docx"}, ("NPC-08", "critical")),
        ("internal", "机密", {}, {}, {"path": "/home/a/b.docx"}, ("NPC-01", "critical")),
        ("internet", "机密", {}, {}, {"media_type": "message/rfc822"}, ("NET-07", "critical")),
        ("internet", "机密", {}, {}, {"path": "/home/a/b.eml", "member": "c.docx"}, ("NET-07", "critical")),
        ("internet", "机密", {}, {}, {"path": "/home/a/b.zip", "member": "c.docx"}, ("CPC-02", "critical")),
        ("internet", "CONFIDENTIAL", {"family": "commercial"}, {}, {"path": "/home/a/Dropbox/b"}, ("PUB-05", "medium")),
        ("internet", "不公开", {"family": "internal"}, {}, {}, ("PUB-07", "medium")),
    ],
)  # fmt: skip
def test_where_a_file_lies_and_what_its_mark_lacks_decide_too(
    computer: str,
    level: str,
    changes: dict[str, Any],
    place: dict[str, Any],
    more: dict[str, Any],
    expected: tuple[str, str] | None,
) -> None:
    seen = msgspec.structs.replace(finding("state", level), **changes)
    file = msgspec.structs.replace(result(seen, path="/srv/a.docx"), **more)
    judged = Judge().judge(file, context(computer, **{"level": "机密", **place}))
    assert [(one.control, one.severity) for one in judged] == ([expected] if expected else [])


@pytest.mark.parametrize("code", ["EXPIRED_REVIEW", "DECLASSIFIED_STAMP"])
def test_a_mark_that_has_run_out_or_was_declassified_is_one_step_less_severe_and_never_nothing(code: str) -> None:
    over = msgspec.structs.replace(finding("state", "机密"), codes=(code,))
    assert Judge().broken(over, context("internal", "medium")) == ("MEDIA-05", Severity.HIGH)
    changed = msgspec.structs.replace(over, codes=("CHANGED_MARK", "EXPIRES_SOON"))
    assert Judge().broken(changed, context("internal", "medium")) == ("MEDIA-05", Severity.CRITICAL)


@pytest.mark.parametrize(
    ("control", "computer", "place", "besides"),
    [
        ("NPC-01", "internal", "fixed", ["NPC-02 high"]),
        ("CPC-10", "internal", "fixed", ["NPC-02 high"]),
        ("NPC-08", "internal", "fixed", []),
        ("CPC-02", "internet", "fixed", []),
        ("NPC-01", "internal", "medium", []),
    ],
)
def test_a_secret_file_that_outlives_its_approval_breaks_the_rule_on_exceptions_too(
    control: str, computer: str, place: str, besides: list[str]
) -> None:
    judge, where = Judge(), context(computer, place)
    (seen,) = judge.judge(result(finding("state", "机密")), where)
    more = judge.lapsed(msgspec.structs.replace(seen, control=control), where)
    assert [f"{one.control} {one.severity}" for one in more] == besides
    assert all(one.evidence == seen.evidence and one.id != seen.id for one in more)


def test_every_family_that_a_rule_can_find_is_decided_on_a_medium() -> None:
    judge = Judge()
    for rule in load_rules().rules:
        broken = judge.broken(finding(rule.family, "SECRET"), context("internal", "medium"))
        assert (broken is None) == (rule.family == "notation"), rule.family


def test_one_violation_for_each_control_worst_first() -> None:
    seen = Judge().judge(
        result(finding("internal", "内部"), finding("level_only", "机密"), finding("state", "机密")),
        context("internal", "medium"),
    )
    assert [(one.control, one.severity) for one in seen] == [("MEDIA-05", "critical"), ("CLASS-13", "medium")]
    evidence = cast("FileEvidence", seen[0].evidence)
    assert [one.family for one in evidence.findings] == ["level_only", "state"]


def test_a_file_has_at_most_twenty_findings_as_evidence() -> None:
    many = [finding("state", "机密", marking=f"机密★{years}年") for years in range(1, 40)]
    (seen,) = Judge().judge(result(*many), context("internal", "medium"))
    assert len(cast("FileEvidence", seen.evidence).findings) == 20


def test_the_evidence_hides_content_and_place_from_all_but_the_organisation() -> None:
    medium = Medium(key="k")
    (seen,) = Judge().judge(
        result(finding("state", "机密"), member="in/b.TXT"),
        context("internal", "medium", root="/media/stick", medium=medium, session="s"),
    )
    evidence = cast("FileEvidence", seen.evidence)
    assert evidence.content_hash == keys.keyed_hash(bytes(32), bytes.fromhex(CONTENT))
    assert evidence.path_hash == keys.keyed_hash(bytes(32), b"dir/a.docx!in/b.TXT")
    assert unseal(evidence.sealed_place, REVEAL) == SealedPlace("dir/a.docx", "in/b.TXT")
    assert (evidence.extension, evidence.depth) == ("txt", 1)
    assert (seen.medium, seen.session) == (medium, "s")


def test_the_same_file_of_a_stick_has_the_same_place_wherever_the_stick_is_mounted() -> None:
    hashes = set()
    for root in ("/media/a", "/run/media/b"):
        (seen,) = Judge().judge(
            result(finding("state", "机密"), path=f"{root}/x.docx"), context("internal", "medium", root=root)
        )
        hashes.add(cast("FileEvidence", seen.evidence).path_hash)
    assert len(hashes) == 1


def test_an_odd_extension_is_not_told_for_it_may_be_text() -> None:
    (seen,) = Judge().judge(
        result(finding("state", "机密"), path="/x/关于.某某事项的通知"), context("internal", "fixed")
    )
    assert cast("FileEvidence", seen.evidence).extension == ""


def test_a_file_that_was_marked_by_its_name_alone_still_has_an_identity() -> None:
    import msgspec

    unread = msgspec.structs.replace(result(finding("state", "机密")), sha256=None)
    (seen,) = Judge().judge(unread, context("internal", "fixed"))
    assert len(cast("FileEvidence", seen.evidence).content_hash) == 64


def test_a_name_of_endless_length_in_an_archive_does_not_make_a_report_endless() -> None:
    told = context("internal", "medium", root="/media/stick")
    member = "长" * 65_000 + "/秘密.docx"
    (seen,) = Judge().judge(result(finding("state", "机密"), path="/media/stick/a.zip", member=member), told)
    assert isinstance(seen.evidence, FileEvidence)
    place = unseal(seen.evidence.sealed_place, REVEAL)
    assert place.member is not None
    assert place.member.endswith("/秘密.docx")
    assert len(seen.evidence.sealed_place) < 128 * 1024
