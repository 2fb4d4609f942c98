"""When a violation is to be put right: days by severity, counted from the day it was taken in or opened again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from django.utils import timezone

DAYS: Mapping[str, int] = {"critical": 3, "high": 7, "medium": 30, "low": 90}
"""Days from opening to the due date; a severity that is not named presses nobody."""


def due_on(severity: str, opened: date | None = None) -> date | None:
    """The due date of a violation that was opened on a day (today without one); None where nothing presses."""
    days = DAYS.get(severity)
    return None if days is None else (opened or timezone.localdate()) + timedelta(days=days)
