"""Who may do what: one table of roles and rights, and what the separation of the three duties takes away."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person is here for."""

    OFFICER = "officer", _("Secrecy officer")
    DEPARTMENT = "department", _("Department officer")
    IT = "it", _("IT staff")
    ADMIN = "admin", _("Administrator")
    AUDITOR = "auditor", _("Auditor")
    INSPECTOR = "inspector", _("Inspector")
    VIEWER = "viewer", _("Viewer")


class Right(StrEnum):
    """One thing that not everybody may do. Reading within one's scope needs no right."""

    REVEAL = "reveal"
    """Open a sealed path, for a reason that is logged (evidence code E-FILE)."""
    TRIAGE = "triage"
    """Assign violations, change their state, comment, ask for waivers."""
    APPROVE = "approve"
    """Approve or refuse a waiver that somebody else asked for."""
    LEDGER = "ledger"
    """Change the ledgers of computers, media and people (controls LEDGER-01, LEDGER-06)."""
    CAMPAIGN = "campaign"
    """Make, change and close self-check rounds, and sign their questionnaires (controls CHECK-01, CHECK-04)."""
    INCIDENT = "incident"
    """Open incidents and work on them; closing one takes `APPROVE` besides (controls INCIDENT-01 to INCIDENT-11)."""
    ENROL = "enrol"
    """Mint enrolment tokens and withdraw computers."""
    ADMINISTER = "administer"
    """Make and change accounts and departments, release envelopes that are held."""
    AUDIT = "audit"
    """Read the audit log."""
    OPERATE = "operate"
    """See what arrives and how the collector itself fares: imports and health."""
    REPORTS = "reports"
    """Read and fetch the numbered reports about one's departments (control CHECK-05)."""
    POLICY = "policy"
    """Set what computers are told to follow: schedules, profiles, networks (controls CHECK-03, CHECK-04)."""
    ISSUE = "issue"
    """Have numbered reports made (controls CHECK-01, CHECK-07)."""


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.OFFICER: frozenset(Right) - {Right.ADMINISTER},
    Role.DEPARTMENT: frozenset(
        {Right.TRIAGE, Right.LEDGER, Right.CAMPAIGN, Right.INCIDENT, Right.REPORTS, Right.ISSUE}
    ),
    Role.IT: frozenset({Right.TRIAGE, Right.LEDGER, Right.ENROL, Right.OPERATE, Right.REPORTS, Right.ISSUE}),
    Role.ADMIN: frozenset(Right),
    Role.AUDITOR: frozenset({Right.AUDIT, Right.OPERATE, Right.REPORTS}),
    Role.INSPECTOR: frozenset({Right.REPORTS}),
    Role.VIEWER: frozenset(),
}
"""What each role may do where one person may hold several duties."""

SEPARATED: Mapping[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset({Right.ADMINISTER, Right.ENROL, Right.OPERATE}),
    Role.OFFICER: frozenset(
        {
            Right.REVEAL,
            Right.TRIAGE,
            Right.APPROVE,
            Right.LEDGER,
            Right.CAMPAIGN,
            Right.INCIDENT,
            Right.POLICY,
            Right.REPORTS,
            Right.ISSUE,
        }
    ),
    Role.AUDITOR: frozenset({Right.AUDIT}),
}
"""What is left to the three where system administrator, security officer and auditor must be three people
(三员分立, GB/T 22239-2019 8.1.5): none of them can do, and hide, the work of another."""


def rights_of(role: str) -> frozenset[Right]:
    """What a role may do, under the setting ``separation`` of this collector; nothing for an unknown role."""
    if role not in Role.values:
        return frozenset()
    known = Role(role)
    if settings.MIJIAN_SEPARATION and known in SEPARATED:
        return SEPARATED[known]
    return RIGHTS[known]


def roles_with(right: Right) -> list[str]:
    """The roles that have a right just now."""
    return [role for role in Role.values if right in rights_of(role)]
