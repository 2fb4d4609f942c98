"""Labels: what an organisation's sensitivity labels mean, as a table from label to family and level.

Microsoft Purview writes the id of a label into ``MSIP_Label_…`` properties and ``docMetadata/LabelInfo.xml``; other
programs write a word of the house into a property called Classification or 密级. What such a word means only the
organisation knows, so it is settings, not rules.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from signatures.plain_words import FAMILIES

MOST = 500
"""Labels in one table."""
NO_MARKING = frozenset({"notation", "label", "keyword", "personal"})
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class LabelMeaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one label stands for."""

    label: str
    """Its id (a GUID, with or without braces) or its name as it stands in documents."""
    family: str | None = None
    """Name of a family; without one the label is known and says that nothing is marked (General, Public)."""
    level: str | None = None
    """The level in that family: 机密, CONFIDENTIAL …"""

    def __post_init__(self) -> None:
        if not folded(self.label):
            raise ValueError("label is empty: give the id or the name of the label")
        if self.family is not None and (self.family not in FAMILIES or self.family in NO_MARKING):
            raise ValueError(f"{self.family!r} is no family of markings; leave family out for a label without meaning")
        if self.level is not None and self.family is None:
            raise ValueError(f"the label {self.label!r} has a level and no family")


def folded(label: str) -> str:
    """A label as it is looked up: without braces and blanks around it, in small letters."""
    return " ".join(label.strip().strip("{}").casefold().split())


def is_id(label: str) -> bool:
    """Whether this is the id of a label rather than its name."""
    return _ID.fullmatch(folded(label)) is not None


def read_labels(path: Path) -> tuple[LabelMeaning, ...]:
    """Read a table: a YAML list of ``{label, family, level}``. Raises `FileMistake` and `OSError`."""
    from signatures.strict_yaml import FileMistake, read  # here: workers know this module, and read no YAML for it

    table = read(path, tuple[LabelMeaning, ...])
    if twice := doubled(table):
        raise FileMistake(path, 1, f"the label {twice!r} stands twice")
    if len(table) > MOST:
        raise FileMistake(path, 1, f"more than {MOST} labels")
    return table


def doubled(table: tuple[LabelMeaning, ...]) -> str | None:
    """The first label that stands in a table twice."""
    seen: set[str] = set()
    for meaning in table:
        key = folded(meaning.label)
        if key in seen:
            return meaning.label
        seen.add(key)
    return None
