"""How each control of the register is covered, told from the code: by checks, by the agent's other work, by questions.

``mijian check --coverage`` prints it. What no line here or in a check names is *not yet*.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from agent.checks.base import Extent
from agent.checks.families import checks
from signatures.controls import Text
from signatures.profiles import load_questions
from signatures.register import Entry, at_the_collector, register

Way = Literal["automatic", "part", "attestation", "collector", "not-yet"]
WAYS: tuple[Way, ...] = ("automatic", "part", "attestation", "collector", "not-yet")

ELSEWHERE: dict[str, tuple[Extent, Text]] = {
    "MEDIA-04": ("full", Text(zh="常驻客户端：接入设备的识别", en="mijian run: agent/watching/device.py")),
    "MEDIA-05": (
        "full",
        Text(
            zh="常驻客户端：介质接入即扫描并判定",
            en="mijian run: scan of each medium on mount, signatures/controls/judging.yaml",
        ),
    ),
    "MEDIA-06": ("full", Text(zh="常驻客户端：介质与计算机类别的判定", en="mijian run: agent/judging/media.py")),
    "MEDIA-07": ("full", Text(zh="常驻客户端：介质与计算机类别的判定", en="mijian run: agent/judging/media.py")),
    "DISPOSE-08": ("part", Text(zh="常驻客户端：介质与计算机类别的判定", en="mijian run: agent/judging/media.py")),
    "MEDIA-10": ("part", Text(zh="常驻客户端：中间介质上文件的存放时间", en="mijian run: agent/watching/left.py")),
    "NPC-02": (
        "part",
        Text(
            zh="判定表：批准期满后文件仍在", en="signatures/controls/lapsed_judging.yaml: still here after the approval"
        ),
    ),
    "MARK-16": ("part", Text(zh="判定表：草稿未标注", en="signatures/controls/judging.yaml: drafts not marked inside")),
    "CLASS-11": ("full", Text(zh="标志规则：各类标志的密级", en="signatures/packs: levels of each family")),
    "CLASS-12": ("full", Text(zh="判定表", en="signatures/controls/judging.yaml")),
    "CLASS-13": ("full", Text(zh="判定表", en="signatures/controls/judging.yaml")),
    "CLASS-02": ("part", Text(zh="标志规则：写法", en="signatures/packs/notation.yaml")),
    "DISPOSE-09": (
        "part",
        Text(zh="mijian scan、mijian check --profile media", en="mijian scan, mijian check --profile media"),
    ),
    "DISPOSE-10": (
        "part",
        Text(zh="mijian scan、mijian check --profile media", en="mijian scan, mijian check --profile media"),
    ),
    "NET-10": ("part", Text(zh="报告经加密和签名", en="protocol/envelope.py: reports are sealed and signed")),
    "ORG-08": (
        "part",
        Text(
            zh="mijian scan --keywords：个人号码只报数量",
            en="mijian scan --keywords: detectors of personal numbers, told as counts",
        ),
    ),
    "PUB-06": ("part", Text(zh="mijian scan --keywords", en="mijian scan --keywords")),
    "PUB-01": ("part", Text(zh="mijian scan：外发文件检查", en="mijian scan as a gate for outgoing files")),
    "PUB-05": ("part", Text(zh="mijian scan：外发文件检查", en="mijian scan as a gate for outgoing files")),
    "INCIDENT-12": (
        "part",
        Text(
            zh="客户端从不删除文件；每项违规均提示保留现场",
            en="the agent never deletes; each violation tells to leave things as they are",
        ),
    ),
    "TRAIN-05": ("part", Text(zh="每项违规均显示所违反的规定", en="each violation shows the rule it breaks")),
}
"""What the agent does outside the self-check, by control."""


_QUESTION = Text(zh="问卷", en="question")


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """One control and everything that covers it."""

    id: str
    way: Way
    by: tuple[str, ...]
    """Names of checks, or words on what does it."""
    also: tuple[Way, ...] = ()


def coverage(language: str = "en") -> list[Covered]:
    """Every control of the register, in its order; what is no name of a check is told in this language."""
    extents: dict[str, list[tuple[Extent, str]]] = {}
    for check in checks().values():
        for control in check.controls:
            extents.setdefault(control, []).append((check.extent, check.name))
        for control in check.in_part:
            extents.setdefault(control, []).append(("part", check.name))
    for control, told in ELSEWHERE.items():
        extents.setdefault(control, []).append((told[0], told[1].pick(language)))
    questions, collector = load_questions(), at_the_collector()
    found = []
    for name, entry in register().items():
        recorded = collector[name].pick(language) if name in collector else None
        asked = _QUESTION.pick(language) if name in questions else None
        found.append(_covered(entry, extents.get(name, []), recorded, asked))
    return found


def _covered(entry: Entry, extents: list[tuple[Extent, str]], collector: str | None, question: str | None) -> Covered:
    ways: list[Way] = []
    by = [name for _, name in extents]
    if extents:
        # What software can do only in part is never called automatic, whatever a check says of itself.
        full = any(extent == "full" for extent, _ in extents) and entry.rule.software == "yes"
        ways.append("automatic" if full else "part")
    if collector:
        ways.append("collector")
        by.append(collector)
    if question:
        ways.append("attestation")
        by.append(question)
    return Covered(id=entry.rule.id, way=ways[0] if ways else "not-yet", by=tuple(by), also=tuple(ways[1:]))
