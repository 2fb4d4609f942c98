"""The words that stand in every record: classes, levels, severities, verdicts, reasons; each is told as its value."""

from __future__ import annotations

from enum import StrEnum


class ComputerClass(StrEnum):
    """What a computer may hold."""

    INTERNET = "internet"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"


class Level(StrEnum):
    """The three levels of state secrets, low to high by `LEVEL_ORDER`."""

    SECRET = "秘密"
    CONFIDENTIAL = "机密"
    TOP_SECRET = "绝密"


LEVEL_ORDER: dict[str, int] = {Level.SECRET: 1, Level.CONFIDENTIAL: 2, Level.TOP_SECRET: 3}
"""Rank of each level; a computer without a level ranks 0."""


class Severity(StrEnum):
    """How bad a broken control is (controls.md 0.2), worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Verdict(StrEnum):
    """How a file ended. The three always add up to what was enumerated."""

    CLEAN = "clean"
    FINDING = "finding"
    NOT_EXAMINED = "not-examined"


class Reason(StrEnum):
    """Why a file was not examined."""

    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    BOMB = "bomb"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    UNREADABLE = "unreadable"
    VANISHED = "vanished"
    SPECIAL_FILE = "special-file"
    PLACEHOLDER = "placeholder"
