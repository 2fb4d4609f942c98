"""Reminding those who have not: what there is to say is handed to whoever can carry it (`reminded`).

This app sends nothing. A program part that has a road to people (mail, chat, webhook) connects to the signal and gets
one `Reminder` for each department: counts and a deadline, no names of computers or people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import Right, User
from server.accounts.rights import roles_with
from server.campaigns.actions import CampaignMistakes, changeable
from server.campaigns.models import Campaign
from server.campaigns.standing import matrix

reminded = Signal()
"""Sent after the commit, once for each department, with ``reminder`` (a `Reminder`). A receiver that took it on
returns True; what it raises is held against it alone."""


@dataclass(frozen=True)
class Reminder:
    """What one department is to be told."""

    campaign: int
    """Id of the round: its page is ``web:campaign``."""
    title: str
    department: int | None
    """Id of the department whose computers these are; None for those of none."""
    people: tuple[int, ...]
    """Ids of the accounts that answer for it: officers of the department and of those above it."""
    unfinished: int
    """Computers that still have to make a self-check."""
    deadline: date
    overdue: bool
    """Whether the deadline is over."""


@dataclass(frozen=True)
class Sent:
    """What became of a reminder."""

    departments: int
    unfinished: int
    carried: int
    """Departments whose reminder somebody took on; 0 where nothing is connected that could carry it."""


def remind(campaign: Campaign, *, by: User) -> Sent:
    """Hand out a reminder for each department that has not finished. Raises `CampaignMistakes`, `PermissionDenied`."""
    with transaction.atomic():
        stored = changeable(campaign, by)
        lines = [line for line in matrix(stored, by)[0] if line.unfinished]
        if not lines:
            raise CampaignMistakes({"": _("Everybody has finished: there is nobody to remind.")})
        stored.reminded_at = timezone.now()
        stored.save(update_fields=("reminded_at",))
        unfinished = sum(line.unfinished for line in lines)
        audit.record("campaign.remind", actor=by, obj=stored, departments=len(lines), computers=unfinished)
    reminders = [
        Reminder(
            campaign=stored.pk,
            title=stored.title,
            department=None if line.department is None else line.department.pk,
            people=_answering_for("" if line.department is None else line.department.path),
            unfinished=line.unfinished,
            deadline=stored.deadline,
            overdue=timezone.localdate() > stored.deadline,
        )
        for line in lines
    ]
    carried = sum(_hand_out(one) for one in reminders)
    return Sent(departments=len(lines), unfinished=unfinished, carried=carried)


def _hand_out(reminder: Reminder) -> bool:
    answers = reminded.send_robust(sender=Reminder, reminder=reminder)
    return any(answer is True for _receiver, answer in answers)


def _answering_for(path: str) -> tuple[int, ...]:
    """The department officers at this place of the tree or above it."""
    able = User.objects.filter(is_active=True, role__in=roles_with(Right.CAMPAIGN)).select_related("department")
    return tuple(
        user.pk
        for user in able.order_by("pk")
        if user.is_current and user.department is not None and path.startswith(user.department.path)
    )
