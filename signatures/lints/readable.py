"""Files that are no pack at all."""

from __future__ import annotations

import re
from pathlib import Path

from protocol.records import Severity
from signatures.lints.base import Fault, Source, Weight
from signatures.passages import Zone
from signatures.rules import Pack, Production, Unit, Words
from signatures.strict_yaml import FileMistake, parse

UNREADABLE = "unreadable"
SAYS = Words(
    zh="规则包是 UTF-8 的 YAML 文件, 只有已知的键和值。",
    en="A pack is a YAML file in UTF-8 with known keys and values only.",
)
_CHOICES: dict[str, list[str]] = {
    "severity": list(Severity),
    "severities": list(Severity),
    "production": list(Production),
    "units": list(Unit),
    "zone": list(Zone),
    "term": ["required", "optional", "none"],
    "strength": ["strong", "weak"],
}
_PLACE = re.compile(r"`\$(?:\.\w+|\[[^]]*\])*\.(\w+)(?:\[[^]]*\])*`")


def read_source(file: Path | str, data: bytes) -> Source | Fault:
    """A file of rules as a source, or the fault that keeps it from being one."""
    try:
        return Source(file, data, parse(data, Pack, file))
    except FileMistake as mistake:
        return Fault(UNREADABLE, Weight.ERROR, str(file), mistake.line, None, _wrong(mistake), _mend(mistake))


def unreadable(file: Path, error: OSError) -> Fault:
    """The fault of a file that the system would not give out."""
    told = error.strerror or "unknown"
    return Fault(
        UNREADABLE, Weight.ERROR, str(file), 1, None,
        Words(zh=f"文件无法读取: {told}", en=f"the file cannot be read: {told}"),
        Words(zh="检查路径和权限。", en="Check the path and its permissions."),
    )  # fmt: skip


def _wrong(mistake: FileMistake) -> Words:
    return Words(zh=f"无法按规则包读取: {mistake.message}", en=mistake.message)


def _mend(mistake: FileMistake) -> Words:
    if (place := _PLACE.search(mistake.message)) and (choices := _CHOICES.get(place[1])):
        listed = ", ".join(choices)
        return Words(zh=f"{place[1]} 只能是: {listed}。", en=f"Write one of these as {place[1]}: {listed}.")
    return Words(
        zh="按所指的行改正; 键和值见 mijian rules schema。",
        en="Correct the line it names; the keys and values are in `mijian rules schema`.",
    )
