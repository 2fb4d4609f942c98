"""How each control of the register is covered, told from the code: by checks, by the agent's other work, by questions.

``mijian check --coverage`` prints it. What no line here or in a check names is *not yet*.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from agent.checks.base import Extent
from agent.checks.families import checks
from signatures.profiles import load_questions
from signatures.register import Entry, at_the_collector, register

Way = Literal["automatic", "part", "attestation", "collector", "not-yet"]
WAYS: tuple[Way, ...] = ("automatic", "part", "attestation", "collector", "not-yet")

ELSEWHERE: dict[str, tuple[Extent, str]] = {
    "MEDIA-04": ("full", "mijian run: agent/watching/device.py"),
    "MEDIA-05": ("full", "mijian run: scan of each medium on mount, signatures/controls/judging.yaml"),
    "MEDIA-06": ("full", "mijian run: agent/judging/media.py"),
    "MEDIA-07": ("full", "mijian run: agent/judging/media.py"),
    "DISPOSE-08": ("part", "mijian run: agent/judging/media.py"),
    "MEDIA-10": ("part", "mijian run: scan of each medium on mount"),
    "CLASS-11": ("full", "signatures/packs: levels of each family"),
    "CLASS-12": ("full", "signatures/controls/judging.yaml"),
    "CLASS-13": ("full", "signatures/controls/judging.yaml"),
    "CLASS-02": ("part", "signatures/packs/notation.yaml"),
    "DISPOSE-09": ("part", "mijian scan, mijian check --profile media"),
    "DISPOSE-10": ("part", "mijian scan, mijian check --profile media"),
    "NET-10": ("part", "protocol/envelope.py: reports are sealed and signed"),
    "ORG-08": ("part", "mijian scan --keywords: detectors of personal numbers, told as counts"),
    "PUB-06": ("part", "mijian scan --keywords"),
    "PUB-01": ("part", "mijian scan as a gate for outgoing files"),
    "PUB-05": ("part", "mijian scan as a gate for outgoing files"),
    "INCIDENT-12": ("part", "the agent never deletes; each violation tells to leave things as they are"),
    "TRAIN-05": ("part", "each violation shows the rule it breaks"),
}
"""What the agent does outside the self-check, by control."""


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """One control and everything that covers it."""

    id: str
    way: Way
    by: tuple[str, ...]
    """Names of checks, or words on what does it."""
    also: tuple[Way, ...] = ()


def coverage() -> list[Covered]:
    """Every control of the register, in its order."""
    extents: dict[str, list[tuple[Extent, str]]] = {}
    for check in checks().values():
        for control in check.controls:
            extents.setdefault(control, []).append((check.extent, check.name))
        for control in check.in_part:
            extents.setdefault(control, []).append(("part", check.name))
    for control, told in ELSEWHERE.items():
        extents.setdefault(control, []).append(told)
    questions, collector = load_questions(), at_the_collector()
    return [
        _covered(entry, extents.get(name, []), name in questions, collector.get(name))
        for name, entry in register().items()
    ]


def _covered(entry: Entry, extents: list[tuple[Extent, str]], is_asked: bool, collector: str | None) -> Covered:
    ways: list[Way] = []
    by = [name for _, name in extents]
    if extents:
        # What software can do only in part is never called automatic, whatever a check says of itself.
        full = any(extent == "full" for extent, _ in extents) and entry.rule.software == "yes"
        ways.append("automatic" if full else "part")
    if collector:
        ways.append("collector")
        by.append(collector)
    if is_asked:
        ways.append("attestation")
        by.append("question")
    return Covered(id=entry.rule.id, way=ways[0] if ways else "not-yet", by=tuple(by), also=tuple(ways[1:]))
