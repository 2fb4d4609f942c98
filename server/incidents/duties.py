"""The reporting duties of an incident: which there are, with their clauses (``duties.yaml``), and when each is due."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from django.utils import timezone

from protocol.records import Level
from server.incidents.models import Kind
from signatures.controls import Text
from signatures.strict_yaml import FileMistake, read

FILE = Path(__file__).parent / "duties.yaml"


class Duty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that has to be done within a time after the discovery."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]*$")]
    control: Annotated[str, msgspec.Meta(pattern=r"^INCIDENT-\d{2}$")]
    title: Text
    clause: str
    """Where the time comes from, in the words of the source."""
    within: Annotated[str, msgspec.Meta(pattern=r"^(PT[1-9]\d*H|P[1-9]\d*[DM])$")]
    """ISO 8601 period of one unit: hours, days or calendar months."""
    at_once: bool = False
    """Whether the clause says "at once" and names no hours."""
    kinds: tuple[Kind, ...]
    """Kinds of incident it is a duty for."""
    levels: tuple[Level, ...] = ()
    """Levels of what is concerned; none: all, and also where nobody has assessed it yet."""

    def due(self, discovered: datetime) -> datetime:
        """When it has to be done for an incident that was discovered at this moment."""
        number, unit = int(self.within.strip("PTHDM")), self.within[-1]
        if unit == "H":
            return discovered + timedelta(hours=number)
        if unit == "D":
            return discovered + timedelta(days=number)
        return _months_after(discovered, number)

    def applies(self, kind: str, level: str) -> bool:
        """Whether an incident of this kind and level has it."""
        return kind in self.kinds and (not self.levels or level in self.levels)


def load(path: Path = FILE) -> dict[str, Duty]:
    """Every duty by id. Raises `strict_yaml.FileMistake`."""
    found: dict[str, Duty] = {}
    for duty in read(path, list[Duty]):
        if duty.id in found:
            raise FileMistake(path, 1, f"the duty {duty.id} stands twice")
        found[duty.id] = duty
    return found


@cache
def duties() -> dict[str, Duty]:
    """The duties that we ship, read once."""
    return load()


def _months_after(start: datetime, months: int) -> datetime:
    """The same day and hour so many months later; the last day of the month where it has no such day."""
    local = timezone.localtime(start)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)
