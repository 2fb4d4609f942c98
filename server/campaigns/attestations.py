"""Questionnaires of a round: answered for one department, signed by the person who answers for it.

Signed means: who, as what, when, and a hash over questions and answers that stands in the hash-chained audit log. An
answer that changes afterwards is a new signature; the old one stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.contrib.auth.hashers import check_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts import lockout
from server.accounts.models import Department, Right, User
from server.accounts.scope import covers
from server.campaigns.actions import CampaignMistakes
from server.campaigns.models import Attestation, Campaign
from server.campaigns.questions import questions_of
from server.campaigns.scope import campaigns_of

ANSWERS = ("yes", "no", "not-applicable")
MAX_NOTE = 500


@dataclass(frozen=True)
class Given:
    """What somebody answered to one question."""

    answer: str
    note: str = ""


def latest(campaign: Campaign, department: Department | None) -> tuple[Attestation | None, Attestation | None]:
    """The draft of a department and its last signed questionnaire."""
    rows = list(_of(campaign, department).select_related("signed_by", "saved_by").order_by("-id")[:50])
    draft = next((one for one in rows if one.signed_at is None), None)
    return draft, next((one for one in rows if one.signed_at is not None), None)


def signed_by_department(campaign: Campaign) -> dict[int | None, Attestation]:
    """The signature in force of each department."""
    rows = Attestation.objects.filter(campaign=campaign, signed_at__isnull=False).select_related("signed_by")
    return {one.department_id: one for one in rows.order_by("id")}


def may_sign(user: User, campaign: Campaign, department: Department | None) -> bool:
    """Whether this person may answer and sign for a department of a running round."""
    own = covers(user, None if department is None else department.pk)
    return campaign.open and user.may(Right.CAMPAIGN) and own


def save_draft(
    campaign: Campaign, department: Department | None, given: Mapping[str, Given], *, by: User
) -> Attestation:
    """Keep answers without signing them. Raises `CampaignMistakes` or `PermissionDenied`."""
    with transaction.atomic():
        return _draft(_open(campaign, department, by), department, given, by)


def sign(
    campaign: Campaign,
    department: Department | None,
    given: Mapping[str, Given],
    *,
    by: User,
    password: str = "",
    address: str = "",
) -> Attestation:
    """Sign the answers. Raises `CampaignMistakes` (keyed by control, ``password`` or ``""``) or `PermissionDenied`.

    Whoever has a password tells it once more; failures count towards the lockout of ``address``. The answers are kept
    as a draft where they cannot be signed yet.
    """
    with transaction.atomic():
        stored = _open(campaign, department, by)
        draft = _draft(stored, department, given, by)
    wrong = _unanswered(draft) or _password_problem(by, password, address)
    if wrong:
        raise CampaignMistakes(wrong)
    with transaction.atomic():
        stored = _open(campaign, department, by)
        draft = _draft(stored, department, given, by)
        _before, last = latest(stored, department)
        if last is not None and (last.asked, last.answers) == (draft.asked, draft.answers):
            raise CampaignMistakes({"": _("These answers are signed already.")})
        draft.signed_at, draft.signed_by = timezone.now(), by
        draft.signed_as = f"{by.display_name} ({by.get_role_display()})"
        draft.digest = digest(draft)
        entry = audit.record(
            "campaign.sign",
            actor=by,
            obj=stored,
            department=None if department is None else department.pk,
            attestation=draft.pk,
            digest=draft.digest,
            replaces=None if last is None else last.pk,
        )
        draft.chained = entry.hash
        draft.save()
    return draft


def digest(row: Attestation) -> str:
    """The hash of a signed questionnaire: anybody can make it again from what the page shows."""
    told = (
        row.campaign_id,
        row.department_id,
        row.asked,
        row.answers,
        row.signed_by_id,
        row.signed_as,
        "" if row.signed_at is None else row.signed_at.isoformat(timespec="microseconds"),
    )
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


def _of(campaign: Campaign, department: Department | None) -> Any:
    return Attestation.objects.filter(campaign=campaign, department=department)


def _open(campaign: Campaign, department: Department | None, by: User) -> Campaign:
    stored = campaigns_of(by).select_for_update().filter(pk=campaign.pk).first()
    if stored is None or not by.may(Right.CAMPAIGN) or not covers(by, None if department is None else department.pk):
        raise PermissionDenied
    if not stored.open:
        raise CampaignMistakes({"": _("This round is closed: its figures stand.")})
    return stored


def _draft(campaign: Campaign, department: Department | None, given: Mapping[str, Given], by: User) -> Attestation:
    questions = questions_of(campaign)
    draft = _of(campaign, department).filter(signed_at=None).first()
    draft = draft or Attestation(campaign=campaign, department=department)
    draft.asked = [{"control": one.control, "zh": one.ask.zh, "en": one.ask.en} for one in questions]
    draft.answers = {
        one.control: {
            "answer": given[one.control].answer if given[one.control].answer in ANSWERS else "",
            "note": given[one.control].note.strip()[:MAX_NOTE],
        }
        for one in questions
        if one.control in given
    }
    draft.saved_at, draft.saved_by = timezone.now(), by
    draft.save()
    return draft


def _unanswered(draft: Attestation) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for question in draft.asked:
        told = draft.answers.get(question["control"], {"answer": "", "note": ""})
        if not told["answer"]:
            wrong[question["control"]] = _("Please answer.")
        elif told["answer"] == "no" and not told["note"]:
            wrong[question["control"]] = _("Say what is not as it should be, and what will be done.")
    return wrong


def _password_problem(by: User, password: str, address: str) -> dict[str, str]:
    if not by.has_usable_password():
        return {}  # signed in through somebody else's word (OIDC, LDAP): there is no password of ours to ask for
    if lockout.is_locked(by.username, address):
        return {"password": _("Too many failures: wait ten minutes.")}
    if not check_password(password, by.password):
        lockout.record_failure(by.username, address)
        return {"password": _("The password is wrong: nothing was signed.")}
    return {}
