"""Ranks: which of two levels is the higher (marking-grammar 1)."""

from __future__ import annotations

from protocol.records import LEVEL_ORDER

_SCALES: dict[str, tuple[tuple[str, ...], ...]] = {
    "state": (tuple(sorted(LEVEL_ORDER, key=LEVEL_ORDER.__getitem__)),),
    "commercial": (("普通商密", "核心商密"), ("公司秘密", "公司机密", "公司绝密")),
    "us": (("FOUO", "CUI", "CONFIDENTIAL", "SECRET", "TOP SECRET"),),
    "uk": (("OFFICIAL", "OFFICIAL-SENSITIVE", "RESTRICTED", "CONFIDENTIAL", "SECRET", "TOP SECRET"),),
    "eu": (("EU RESTRICTED", "EU CONFIDENTIAL", "EU SECRET", "EU TOP SECRET"),),
    "nato": (("NATO RESTRICTED", "NATO CONFIDENTIAL", "NATO SECRET", "COSMIC TOP SECRET"),),
    "tlp": (("GREEN", "AMBER", "AMBER+STRICT", "RED"),),
}
"""Family → its scales, each low to high. Only levels of one scale can be compared."""

_PLACES = {
    (family, level): (f"{family}.{number}", rank)
    for family, scales in _SCALES.items()
    for number, scale in enumerate(scales)
    for rank, level in enumerate(scale, 1)
}
_NOWHERE = ("", 0)


def place_of(family: str, level: str | None) -> tuple[str, int]:
    """The scale that a level belongs to, and its rank there from 1; ``("", 0)`` for a level without a scale.

    A lone level word (``level_only``) is on the scale of state secrets: it may be one.
    """
    return _PLACES.get(("state" if family == "level_only" else family, str(level)), _NOWHERE)


STATE_SCALE = place_of("state", "秘密")[0]
"""The scale of state secrets."""
