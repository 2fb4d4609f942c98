"""``mijian check --coverage``: how each of the 268 controls is covered, told from the code."""

from __future__ import annotations

from collections import Counter

import msgspec

from agent.checks.coverage import WAYS, Covered, coverage
from agent.words import language, text
from signatures.register import register

NAMES = {
    "automatic": ("自动检查", "automatic"),
    "part": ("部分支持", "in part"),
    "attestation": ("人工确认", "attestation"),
    "collector": ("服务器端", "collector"),
    "not-yet": ("尚未支持", "not yet"),
}


def as_json() -> bytes:
    """Every control as one object a line, then the sum."""
    rows = [msgspec.json.encode({**msgspec.to_builtins(one), **_about(one)}) for one in coverage(language())]
    return b"\n".join([*rows, msgspec.json.encode({"summary": _sums()})]) + b"\n"


def as_table() -> bytes:
    """Every control as one line, by regime, then the sum."""
    out, last = [], ""
    for one in coverage(language()):
        regime = register()[one.id].regime.pick(language())
        if regime != last:
            out += ["", regime]
            last = regime
        ways = " + ".join(text(*NAMES[way]) for way in (one.way, *one.also))
        out.append(f"  {one.id:12}{ways}  {', '.join(one.by)}".rstrip())
    sums = _sums()
    out += [
        "",
        text("合计", "sum") + f" {sums['controls']}: " + ", ".join(f"{text(*NAMES[way])} {sums[way]}" for way in WAYS),
    ]
    out.append(
        text(
            f"终端类 {sums['endpoint']} 条中，自动或部分支持 {sums['endpoint_covered']} 条",
            f"of {sums['endpoint']} controls mainly of the endpoint, automatic or in part: {sums['endpoint_covered']}",
        )
    )
    return ("\n".join(out).lstrip("\n") + "\n").encode()


def _about(one: Covered) -> dict[str, object]:
    rule = register()[one.id].rule
    return {
        "rule": rule.text.pick(language()),
        "kinds": rule.kinds,
        "software": rule.software,
        "severity": rule.severity,
    }


def _sums() -> dict[str, int]:
    told = coverage()
    endpoint = [one for one in told if register()[one.id].rule.kinds[0] == "endpoint"]
    counts = Counter(one.way for one in told)
    return {
        "controls": len(told),
        **{way: counts[way] for way in WAYS},
        "endpoint": len(endpoint),
        "endpoint_covered": sum(one.way in {"automatic", "part"} for one in endpoint),
    }
