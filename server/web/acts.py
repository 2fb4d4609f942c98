"""The audit log in words: what each act and each kind of object is called (`server.web.details`: each detail).

Acts are told as what somebody did (“opened the round”); the fixed word of the log stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.urls import reverse
from django.utils.translation import gettext_lazy

from server.web import words

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from server.audit.models import Entry

ACTS: words.Words = {
    "account.locked": gettext_lazy("an account was locked after too many wrong tries"),
    "account.password": gettext_lazy("changed the own password"),
    "account.second-factor-failed": gettext_lazy("a second factor was wrong"),
    "account.sign-in": gettext_lazy("signed in"),
    "account.sign-in-failed": gettext_lazy("a sign-in failed"),
    "account.sign-out": gettext_lazy("signed out"),
    "api-key.mint": gettext_lazy("made an API key"),
    "api-key.revoke": gettext_lazy("withdrew an API key"),
    "campaign.open": gettext_lazy("opened the round"),
    "campaign.change": gettext_lazy("changed the round"),
    "campaign.exempt": gettext_lazy("exempted a computer"),
    "campaign.exempt-end": gettext_lazy("ended an exemption"),
    "campaign.remind": gettext_lazy("reminded those who have not"),
    "campaign.sign": gettext_lazy("signed a questionnaire"),
    "campaign.export": gettext_lazy("took a list out"),
    "campaign.close": gettext_lazy("closed the round"),
    "backup.made": gettext_lazy("made a backup"),
    "backup.tried": gettext_lazy("tried a backup out"),
    "collector.init": gettext_lazy("made the collector"),
    "collector.migrate": gettext_lazy("brought the database up to date"),
    "collector.restored": gettext_lazy("restored a backup"),
    "computer.enrol": gettext_lazy("a computer was enrolled"),
    "computer.revoke": gettext_lazy("withdrew an enrolment"),
    "department.add": gettext_lazy("added a department"),
    "department.change": gettext_lazy("changed a department"),
    "department.merge": gettext_lazy("merged a department into another"),
    "department.remove": gettext_lazy("removed a department"),
    "enrolment.refused": gettext_lazy("an enrolment was refused"),
    "envelope.set-aside": gettext_lazy("set an unreadable envelope aside"),
    "envelopes.release": gettext_lazy("ended a gap"),
    "factor.add": gettext_lazy("added a second factor"),
    "factor.codes": gettext_lazy("made recovery codes"),
    "factor.remove": gettext_lazy("removed a second factor"),
    "factor.reset": gettext_lazy("reset somebody’s second factors"),
    "incident.open": gettext_lazy("opened the incident"),
    "incident.change": gettext_lazy("changed facts or findings"),
    "incident.duty": gettext_lazy("met a duty:"),
    "incident.duty-spared": gettext_lazy("said that a duty does not arise:"),
    "incident.measure": gettext_lazy("wrote down a measure"),
    "incident.measure-done": gettext_lazy("took a measure"),
    "incident.note": gettext_lazy("wrote"),
    "incident.link": gettext_lazy("added"),
    "incident.unlink": gettext_lazy("removed"),
    "incident.verify": gettext_lazy("verified the facts"),
    "incident.handle": gettext_lazy("handled it"),
    "incident.close": gettext_lazy("closed the incident"),
    "incident.dismiss": gettext_lazy("filed it as no incident"),
    "incident.reopen": gettext_lazy("opened it again"),
    "ledger.change": gettext_lazy("changed the entry"),
    "ledger.export": gettext_lazy("took the ledger out"),
    "ledger.import": gettext_lazy("imported a ledger"),
    "ledger.note": gettext_lazy("wrote a note"),
    "ledger.register": gettext_lazy("entered it into the ledger"),
    "notice.given-up": gettext_lazy("gave a notice up"),
    "notice.queue": gettext_lazy("queued a notice"),
    "notice.sent": gettext_lazy("sent a notice"),
    "notice.test": gettext_lazy("tried a channel of notices"),
    "outside.forget": gettext_lazy("forgot an outside account"),
    "outside.stranger": gettext_lazy("an outside account nobody has tied wanted in"),
    "outside.tie": gettext_lazy("tied an outside account to an account here"),
    "place.reveal": gettext_lazy("opened a sealed path"),
    "place.reveal-denied": gettext_lazy("was refused a sealed path"),
    "policy.carried": gettext_lazy("took policies out to carry"),
    "policy.change": gettext_lazy("changed the policy"),
    "report.ask": gettext_lazy("asked for a report"),
    "report.fail": gettext_lazy("could not make a report"),
    "report.fetch": gettext_lazy("fetched a report"),
    "report.gone": gettext_lazy("found a report’s file missing or altered"),
    "report.made": gettext_lazy("made a report"),
    "report.retry": gettext_lazy("asked for a report again"),
    "retention.purge": gettext_lazy("deleted what was kept long enough"),
    "rules.release": gettext_lazy("released a bundle of rules"),
    "rules.take": gettext_lazy("took a bundle of rules in"),
    "rules.withdraw": gettext_lazy("withdrew a bundle of rules"),
    "siem.since": gettext_lazy("set where the live export begins"),
    "token.mint": gettext_lazy("minted an enrolment token"),
    "user.change": gettext_lazy("changed an account"),
    "user.create": gettext_lazy("made an account"),
    "view.notify": gettext_lazy("set what a saved view tells"),
    "violation.assign": gettext_lazy("assigned the violation"),
    "violation.attach": gettext_lazy("named a file that proves it"),
    "violation.close": gettext_lazy("closed the violation"),
    "violation.comment": gettext_lazy("wrote a comment"),
    "violation.false-alarm": gettext_lazy("called it a false alarm"),
    "violation.rectify": gettext_lazy("marked it as rectified"),
    "violation.reopen": gettext_lazy("opened the violation again"),
    "violation.verify": gettext_lazy("a later clean check verified it"),
    "violations.exported": gettext_lazy("took violations out"),
    "waiver.approve": gettext_lazy("approved a waiver"),
    "waiver.ask": gettext_lazy("asked for a waiver"),
    "waiver.end": gettext_lazy("ended a waiver early"),
    "waiver.expire": gettext_lazy("a waiver’s last day was over"),
    "waiver.refuse": gettext_lazy("refused a waiver"),
}
"""Acts of the audit log, as pages tell them; `tests/server/web/test_acts.py` finds those that are missing."""


@dataclass(frozen=True)
class Kind:
    """One kind of object that entries of the log are about."""

    name: _StrPromise
    url: str = ""
    """Name of the address of one, by its key; empty where it has no page of its own."""


OBJECTS: Mapping[str, Kind] = {
    "accounts.apikey": Kind(gettext_lazy("API key")),
    "accounts.department": Kind(gettext_lazy("Department")),
    "accounts.factor": Kind(gettext_lazy("Second factor")),
    "accounts.outsideaccount": Kind(gettext_lazy("Outside account")),
    "accounts.user": Kind(gettext_lazy("Account")),
    "campaigns.campaign": Kind(gettext_lazy("Self-check round"), "web:campaign"),
    "incidents.incident": Kind(gettext_lazy("Incident"), "web:incident"),
    "intake.enrolmenttoken": Kind(gettext_lazy("Enrolment token")),
    "intake.spoolentry": Kind(gettext_lazy("Envelope")),
    "ledger.computer": Kind(gettext_lazy("Computer"), "web:computer"),
    "ledger.medium": Kind(gettext_lazy("Removable medium"), "web:medium"),
    "ledger.person": Kind(gettext_lazy("Person"), "web:person"),
    "notifications.notice": Kind(gettext_lazy("Notice")),
    "reports.report": Kind(gettext_lazy("Report")),
    "rules.classpolicy": Kind(gettext_lazy("Policy")),
    "rules.housepolicy": Kind(gettext_lazy("Policy")),
    "violations.group": Kind(gettext_lazy("Violation"), "web:violation"),
    "violations.savedview": Kind(gettext_lazy("Saved view")),
    "violations.waiver": Kind(gettext_lazy("Waiver")),
}
"""Kinds of objects by the label of their model."""


def acts_matching(text: str) -> list[str]:
    """The acts whose words in the reader's language contain a text."""
    folded = text.casefold()
    return [code for code, told in ACTS.items() if folded in str(told).casefold()]


@dataclass(frozen=True)
class About:
    """What an entry is about, as a page names it."""

    kind: str
    name: str
    url: str = ""


def about(entries: Iterable[Entry]) -> dict[tuple[str, str], About]:
    """What entries are about, by type and key of the object; one query for each kind, for whoever sees the house."""
    keys: dict[str, set[str]] = {}
    for entry in entries:
        if entry.object_id:
            keys.setdefault(entry.object_type, set()).add(entry.object_id)
    told: dict[tuple[str, str], About] = {}
    for label, wanted in keys.items():
        known = OBJECTS.get(label)
        names = _names(label, wanted) if known else {}
        for key in wanted:
            url = reverse(known.url, args=[key]) if known and known.url and key in names else ""
            name = names.get(key, key if len(key) <= 14 else f"{key[:13]}…")
            told[label, key] = About(str(known.name) if known else label, name, url)
    return told


def _names(label: str, keys: Iterable[str]) -> dict[str, str]:
    """What the objects that are still there are called."""
    model = apps.get_model(label)
    blobs = [field.name for field in model._meta.concrete_fields if field.get_internal_type() == "BinaryField"]
    rows = model._default_manager.filter(pk__in=list(keys)).defer(*blobs)
    return {str(row.pk): _name(row) for row in rows}


def _name(row: Any) -> str:
    return str(getattr(row, "display_name", "") or getattr(row, "number", "") or row)[:60]
