"""Making and changing rounds, and exempting computers: permission, scope, audit row and change in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import Department, Right, User
from server.accounts.scope import departments_of
from server.campaigns.models import Campaign, Exemption
from server.campaigns.questions import asks_only, profiles
from server.campaigns.scope import campaigns_of, may_change
from server.campaigns.standing import computers_in
from server.ledger.models import Computer, ComputerClass
from server.ledger.scope import computers_of

MAX_TITLE = 100
MAX_REASON = 300
MOST_GRACE = 90
"""Days."""
LONGEST = timedelta(days=366)
"""From start to deadline."""


class CampaignMistakes(ValueError):
    """Values that make no round. ``by_field`` says what is wrong with each, ``""`` for the whole."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        super().__init__("; ".join(by_field.values()))
        self.by_field = dict(by_field)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a round is to be."""

    title: str
    starts_on: date | None
    deadline: date | None
    profile: str = ""
    classes: Sequence[str] = ()
    departments: Sequence[Department] = ()
    """None of them stands for the whole house."""
    grace_days: int = 0
    inspection_on: date | None = None


def save(campaign: Campaign | None, plan: Plan, *, by: User) -> Campaign:
    """Store a new round or change a running one. Raises `CampaignMistakes` or `PermissionDenied`."""
    if not by.may(Right.CAMPAIGN):
        raise PermissionDenied
    with transaction.atomic():
        stored = None if campaign is None else changeable(campaign, by)
        wrong = _problems(plan, by)
        if wrong:
            raise CampaignMistakes(wrong)
        before = {} if stored is None else _told(stored)
        row = stored or Campaign(created_by=by, created_at=timezone.now())
        assert plan.starts_on is not None  # noqa: S101 (told by _problems)
        assert plan.deadline is not None  # noqa: S101
        row.title, row.profile = plan.title.strip(), plan.profile
        row.classes = [] if asks_only(plan.profile) else list(plan.classes)
        row.starts_on, row.deadline, row.grace_days = plan.starts_on, plan.deadline, plan.grace_days
        row.inspection_on, row.whole_house = plan.inspection_on, not plan.departments
        row.save()
        row.departments.set(plan.departments)
        after = _told(row)
        changes = {name: [before.get(name, ""), after[name]] for name in after if before.get(name, "") != after[name]}
        if changes:
            audit.record("campaign.open" if stored is None else "campaign.change", actor=by, obj=row, changes=changes)
    return row


def exempt(campaign: Campaign, computer: Computer, *, reason: str, by: User) -> Exemption:
    """Spare one computer a running round. Raises `CampaignMistakes` without a reason, or `PermissionDenied`."""
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise CampaignMistakes({"reason": _("Please give a reason.")})
    with transaction.atomic():
        stored = _for_exemption(campaign, computer, by)
        made, fresh = Exemption.objects.get_or_create(
            campaign=stored, computer=computer, defaults={"reason": reason, "by": by, "at": timezone.now()}
        )
        if not fresh:
            raise CampaignMistakes({"": _("This computer is exempt already.")})
        audit.record("campaign.exempt", actor=by, obj=stored, computer=str(computer.pk), reason=reason)
    return made


def end_exemption(campaign: Campaign, computer: Computer, *, by: User) -> None:
    """Let a computer take part again. Raises `PermissionDenied`."""
    with transaction.atomic():
        stored = _for_exemption(campaign, computer, by)
        count, _kinds = Exemption.objects.filter(campaign=stored, computer=computer).delete()
        if count:
            audit.record("campaign.exempt-end", actor=by, obj=stored, computer=str(computer.pk))


def changeable(campaign: Campaign, by: User) -> Campaign:
    """The round as it stands now, under the write lock, for somebody who may change it; a closed one never changes.

    Raises `PermissionDenied` or `CampaignMistakes`.
    """
    stored = _stored(campaign, by)
    if not may_change(by, stored):
        raise PermissionDenied
    return stored


def _stored(campaign: Campaign, by: User) -> Campaign:
    stored = campaigns_of(by).select_for_update().filter(pk=campaign.pk).first()
    if stored is None:
        raise PermissionDenied
    if not stored.open:
        raise CampaignMistakes({"": _("This round is closed: its figures stand.")})
    return stored


def _for_exemption(campaign: Campaign, computer: Computer, by: User) -> Campaign:
    if not by.may(Right.APPROVE) or not computers_of(by).filter(pk=computer.pk).exists():
        raise PermissionDenied
    stored = _stored(campaign, by)
    if not computers_in(stored).filter(pk=computer.pk).exists():
        raise CampaignMistakes({"": _("This computer takes no part in the round.")})
    return stored


def _problems(plan: Plan, by: User) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not plan.title.strip() or len(plan.title.strip()) > MAX_TITLE:
        wrong["title"] = _("A round needs a title of at most %(limit)d characters.") % {"limit": MAX_TITLE}
    no_computers = asks_only(plan.profile)
    if not no_computers and (not plan.classes or not set(plan.classes) <= set(ComputerClass.values)):
        wrong["classes"] = _("Choose at least one class of computers.")
    known = profiles().get(plan.profile)
    if plan.profile and known is None:
        wrong["profile"] = _("Choose a profile from the list.")
    elif known is not None and not no_computers and set(plan.classes) != {known.computer_class.value}:
        wrong["profile"] = _("This profile is for another class: leave it open, or choose that class alone.")
    if plan.starts_on is None:
        wrong["starts_on"] = _("Write a day such as 2026-11-21.")
    if plan.deadline is None:
        wrong["deadline"] = _("Write a day such as 2026-11-21.")
    elif plan.starts_on is not None and not timedelta(0) <= plan.deadline - plan.starts_on <= LONGEST:
        wrong["deadline"] = _("The deadline lies after the start, and within a year of it.")
    if not 0 <= plan.grace_days <= MOST_GRACE:
        wrong["grace_days"] = _("Between 0 and %(limit)d days.") % {"limit": MOST_GRACE}
    if plan.inspection_on is not None and plan.starts_on is not None and plan.inspection_on < plan.starts_on:
        wrong["inspection_on"] = _("The inspection lies after the start of the round.")
    own = set() if by.sees_everything else set(departments_of(by).values_list("pk", flat=True))
    if not by.sees_everything and not (plan.departments and {one.pk for one in plan.departments} <= own):
        wrong["departments"] = _("Choose departments of yours.")
    return wrong


def _told(row: Campaign) -> dict[str, Any]:
    return {
        "title": row.title,
        "profile": row.profile,
        "classes": ", ".join(row.classes),
        "departments": ", ".join(row.departments.order_by("path").values_list("name", flat=True)),
        "starts_on": row.starts_on.isoformat(),
        "deadline": row.deadline.isoformat(),
        "grace_days": row.grace_days,
        "inspection_on": "" if row.inspection_on is None else row.inspection_on.isoformat(),
    }
