"""Setting the policy: checked so that every agent's reader takes it, with each change in the audit log."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from cronsim import CronSim, CronSimError
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from protocol.policy import Schedule
from protocol.records import ComputerClass
from server import audit
from server.accounts.models import Right, User
from server.rules.models import ClassPolicy, HousePolicy
from signatures.profiles import Profile, load_profiles

REGULAR, QUARTERLY, HOLIDAYS, INSPECTION = "regular", "quarterly", "before-holidays", "before-inspection"
"""Names of the schedules that we make; they come back with each scan (`ScanReport`)."""
MOST_NETWORKS = 100
MOST_HOLIDAYS = 60
MOST_DAYS = 60
OFTENEST = timedelta(hours=1)
"""A scan of all disks must be over before the next begins."""


class PolicyMistakes(ValueError):
    """Values that no computer could follow. ``by_field`` says what is wrong with each."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        super().__init__("; ".join(by_field.values()))
        self.by_field = dict(by_field)


@dataclass(frozen=True)
class Wishes:
    """What people have set for computers of one class, in the words of `protocol.policy.Policy`."""

    profile: str = ""
    allowed_networks: tuple[str, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    holidays: tuple[date, ...] = ()
    inspection: date | None = None


def wishes_for(computer_class: str) -> Wishes:
    """What computers of a class are to be told."""
    own = ClassPolicy.objects.filter(pk=computer_class).first() or ClassPolicy(computer_class=computer_class)
    house = HousePolicy.objects.first() or HousePolicy()
    schedules = []
    if own.cron:
        schedules.append(Schedule(name=REGULAR, cron=own.cron))
    if own.quarterly:
        schedules.append(Schedule(name=QUARTERLY, calendar="quarterly"))
    if own.before_holidays is not None:
        schedules.append(Schedule(name=HOLIDAYS, calendar="before-holidays", days_before=own.before_holidays))
    if own.before_inspection is not None:
        schedules.append(Schedule(name=INSPECTION, calendar="before-inspection", days_before=own.before_inspection))
    return Wishes(
        profile=own.profile,
        allowed_networks=tuple(own.allowed_networks),
        schedules=tuple(schedules),
        holidays=tuple(date.fromisoformat(day) for day in house.holidays),
        inspection=house.inspection,
    )


def profiles_for(computer_class: str) -> list[Profile]:
    """The profiles that computers of a class can be told to use."""
    wanted = ComputerClass(computer_class)
    return [one for one in load_profiles().values() if one.computer_class is wanted and one.kind == "computer"]


def set_class(computer_class: str, told: Mapping[str, str], *, by: User) -> ClassPolicy:
    """Set what computers of a class are told, from texts as a form has them.

    Keys: ``profile``, ``cron``, ``quarterly`` (``1``), ``before_holidays`` and ``before_inspection`` (days or empty),
    ``allowed_networks`` (one a line). Raises `PermissionDenied`, `PolicyMistakes`.
    """
    _may(by)
    if computer_class not in {one.value for one in ComputerClass}:
        raise PolicyMistakes({"computer_class": _("There is no such class of computers.")})
    wrong: dict[str, str] = {}
    values: dict[str, Any] = {"quarterly": told.get("quarterly") == "1"}
    for name, read in _READERS.items():
        try:
            values[name] = read(told.get(name, "").strip())
        except ValueError as mistake:
            wrong[name] = str(mistake)
    values["profile"] = told.get("profile", "")
    if values["profile"] and values["profile"] not in {one.id for one in profiles_for(computer_class)}:
        wrong["profile"] = _("This profile is not made for computers of this class.")
    if wrong:
        raise PolicyMistakes(wrong)
    with transaction.atomic():
        row = ClassPolicy.objects.select_for_update().filter(pk=computer_class).first()
        row = row or ClassPolicy(computer_class=computer_class)
        _store(row, values, by)
    return row


def set_house(told: Mapping[str, str], *, by: User) -> HousePolicy:
    """Set holidays (``holidays``, dates apart by spaces or lines) and the next ``inspection`` (a date or empty).

    Raises `PermissionDenied`, `PolicyMistakes`.
    """
    _may(by)
    wrong: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, read in (("holidays", _holidays), ("inspection", _inspection)):
        try:
            values[name] = read(told.get(name, "").strip())
        except ValueError as mistake:
            wrong[name] = str(mistake)
    if wrong:
        raise PolicyMistakes(wrong)
    with transaction.atomic():
        row = HousePolicy.objects.select_for_update().first() or HousePolicy()
        _store(row, values, by)
    return row


def _may(by: User) -> None:
    if not (by.may(Right.POLICY) and by.sees_everything):
        raise PermissionDenied


def _store(row: ClassPolicy | HousePolicy, values: Mapping[str, Any], by: User) -> None:
    changes = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            changes[name] = [_word(before), _word(value)]
            setattr(row, name, value)
    row.save()
    if changes:
        audit.record("policy.change", actor=by, obj=row, changes=changes)


def _word(value: Any) -> str | int | None:
    if isinstance(value, list):
        return ", ".join(value)
    return value if value is None or isinstance(value, int) else str(value)


def _cron(text: str) -> str:
    """Five fields whose moments are an hour apart at least. Raises `ValueError` with what to write."""
    if not text:
        return ""
    text = " ".join(text.split())
    if len(text) > 100 or text.count(" ") != 4:
        raise ValueError(_("Write five fields, such as “30 12 * * 1-5”: minute, hour, day, month, weekday."))
    try:
        moments = CronSim(text, datetime(2026, 1, 1))  # noqa: DTZ001 (cron expressions know no zones)
        firsts = [moment for moment, _number in zip(moments, range(60), strict=False)]
    except CronSimError as error:
        raise ValueError(_("This is no cron expression: %(why)s") % {"why": error}) from error
    if any(later - sooner < OFTENEST for sooner, later in pairwise(firsts)):
        raise ValueError(_("Scans of all disks may begin once an hour at most."))
    return text


def _days(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= MOST_DAYS):
        raise ValueError(_("Write a number of days from 0 to %(most)d, or leave it empty.") % {"most": MOST_DAYS})
    return int(text)


def _networks(text: str) -> list[str]:
    found: list[str] = []
    for word in text.replace(",", " ").split():
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:
            raise ValueError(_("“%(text)s” is no network such as 10.20.0.0/16.") % {"text": word[:50]}) from None
        if "/" in word and network.network_address != ipaddress.ip_address(word.partition("/")[0]):
            told = {"text": word[:50], "meant": str(network)}
            raise ValueError(_("“%(text)s” is an address within a network; did you mean %(meant)s?") % told)
        if network.prefixlen == 0:
            raise ValueError(_("“%(text)s” is everything there is: nothing would be forbidden.") % {"text": word[:50]})
        found.append(str(network))
    if len(found) > MOST_NETWORKS:
        raise ValueError(_("At most %(most)d networks.") % {"most": MOST_NETWORKS})
    return list(dict.fromkeys(found))


def _holidays(text: str) -> list[str]:
    days = sorted({_day(word) for word in text.replace(",", " ").replace("，", " ").split()})
    if len(days) > MOST_HOLIDAYS:
        raise ValueError(_("At most %(most)d holidays.") % {"most": MOST_HOLIDAYS})
    return [day.isoformat() for day in days]


def _inspection(text: str) -> date | None:
    if not text:
        return None
    day = _day(text)
    if day < timezone.localdate():
        raise ValueError(_("This day is over: name the next inspection, or leave it empty."))
    return day


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("“%(text)s” is no date: write 2026-11-21") % {"text": text[:40]}) from None


_READERS = {
    "cron": _cron,
    "before_holidays": _days,
    "before_inspection": _days,
    "allowed_networks": _networks,
}
