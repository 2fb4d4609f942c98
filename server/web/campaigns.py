"""What the pages of rounds share: the round of an address, its words, and what has been done to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language

from server.accounts.models import Department, Right
from server.accounts.scope import Anybody, departments_of
from server.audit.models import Entry
from server.campaigns.models import Campaign, Standing
from server.campaigns.questions import asks_only, profiles
from server.campaigns.scope import campaigns_of, may_change
from server.campaigns.standing import Line, matrix
from server.web.controls import ControlText, control
from server.web.pages import SignedInRequest
from signatures.register import register

SHOWN_ACTS = 30


def find(request: SignedInRequest, pk: int) -> Campaign:
    """The round of an address, where this person may see it. Raises `django.http.Http404` else."""
    rows = campaigns_of(request.user).select_related("created_by", "closed_by").prefetch_related("departments")
    return get_object_or_404(rows, pk=min(pk, 2**62))


def facts(request: SignedInRequest, campaign: Campaign) -> dict[str, Any]:
    """What every page of a round shows at its head."""
    return {
        "campaign": campaign,
        "scope": list(campaign.departments.all()),
        "profile": profile_name(campaign.profile),
        "asks_only": asks_only(campaign.profile),
        "may_change": campaign.open and may_change(request.user, campaign),
        "may_exempt": campaign.open and request.user.may(Right.APPROVE),
    }


def profile_name(profile: str) -> str:
    """What a profile is called in the reader's language; empty for none."""
    known = profiles().get(profile)
    return profile if known is None else known.title.pick(get_language() or "zh")


def rule(control_id: str) -> ControlText:
    """A control for people; one that only self-checks know is told in the words of the register."""
    known = control(control_id)
    if not known.title and control_id in register():
        text = register()[control_id].rule.text.pick(get_language() or "zh")
        return ControlText(control_id, title=text)
    return known


def department_of(user: Anybody, pk: int) -> Department | None:
    """The department of an address, 0 for what belongs to none. Raises `django.http.Http404` outside the scope."""
    if pk == 0:
        if not getattr(user, "sees_everything", False):
            raise Http404
        return None
    return get_object_or_404(departments_of(user), pk=min(pk, 2**62))


def acts_of(row: Model) -> Iterable[Entry]:
    """What the audit log says of a row, newest first."""
    rows = Entry.objects.filter(object_type=row._meta.label_lower, object_id=str(row.pk))
    return rows.select_related("actor").order_by("-id")[:SHOWN_ACTS]


def in_numbers(campaign: Campaign, user: Anybody) -> tuple[list[Line], Line, Mapping[str, int]]:
    """The matrix of a round, its sum, and how many computers each tab of its list holds."""
    lines, total = matrix(campaign, user)
    counts = {word: total.counts[word] for word in Standing.values}
    return lines, total, {"unfinished": total.unfinished, **counts, "failing": total.failing, "all": total.total}
