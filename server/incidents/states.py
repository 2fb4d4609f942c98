"""The states of an incident: what must be known before it moves on, and who may move it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from server.accounts.models import Right, User
from server.incidents.actions import IncidentMistakes, record, workable
from server.incidents.models import Incident, State

MAX_REASON = 2000


def verify(incident: Incident, *, by: User) -> Incident:
    """Say that the facts are established (control INCIDENT-04)."""
    with transaction.atomic():
        stored = workable(incident, by)
        _in(stored, State.OPEN)
        _needs(stored, {"facts": _("what happened")})
        return _move(stored, State.VERIFIED, "incident.verify", by)


def handle(incident: Incident, *, by: User) -> Incident:
    """Say that cause, responsibility and measures are settled (controls INCIDENT-04, -08, CHECK-16)."""
    with transaction.atomic():
        stored = workable(incident, by)
        _in(stored, State.VERIFIED)
        _needs(
            stored,
            {
                "level": _("the level of what is concerned"),
                "cause_kind": _("the kind of cause"),
                "cause": _("the cause"),
                "responsibility": _("who is responsible"),
                "decision": _("what was decided about it"),
            },
        )
        if not stored.measures.exists():
            raise IncidentMistakes({"": _("Write down at least one measure first.")})
        return _move(stored, State.HANDLED, "incident.handle", by)


def close(incident: Incident, *, by: User) -> Incident:
    """File an incident with its closing report: every duty met, every measure taken, the lesson written down."""
    with transaction.atomic():
        stored = workable(incident, by, Right.APPROVE)
        _in(stored, State.HANDLED)
        _needs(stored, {"prevention": _("what keeps it from happening again")})
        if stored.duties.filter(met_at=None).exists():
            raise IncidentMistakes({"": _("A duty is not met yet: say when it was, or why it does not arise.")})
        if stored.measures.filter(done_on=None).exists():
            raise IncidentMistakes({"": _("A measure has not been taken yet.")})
        stored.closed_at, stored.closed_by = timezone.now(), by
        stored.digest = digest(stored)
        stored.save(update_fields=("closed_at", "closed_by", "digest"))
        return _move(stored, State.CLOSED, "incident.close", by, digest=stored.digest)


def dismiss(incident: Incident, *, by: User, reason: str) -> Incident:
    """Say that it was none, and why."""
    with transaction.atomic():
        stored = workable(incident, by, Right.APPROVE)
        _in(stored, State.OPEN, State.VERIFIED)
        reason = _required(reason)
        stored.closed_at, stored.closed_by = timezone.now(), by
        stored.save(update_fields=("closed_at", "closed_by"))
        return _move(stored, State.DISMISSED, "incident.dismiss", by, reason)


def reopen(incident: Incident, *, by: User, reason: str) -> Incident:
    """Open a closed incident again; the report that stood stays in the audit log by its hash."""
    with transaction.atomic():
        stored = workable(incident, by, Right.APPROVE, closed_too=True)
        _in(stored, State.CLOSED, State.DISMISSED)
        reason = _required(reason)
        stored.closed_at = stored.closed_by = None
        stored.digest = ""
        stored.save(update_fields=("closed_at", "closed_by", "digest"))
        return _move(stored, State.OPEN, "incident.reopen", by, reason)


def digest(incident: Incident) -> str:
    """SHA-256 over what the closing report says: the same report gives the same hash for ever."""
    fields = ("title", "kind", "level", "facts", "harm", "cause_kind", "cause", "responsibility", "decision")
    told = {
        "number": incident.number,
        "texts": [str(getattr(incident, name)) for name in (*fields, "prevention")],
        "times": [_moment(at) for at in (incident.discovered_at, incident.occurred_at, incident.closed_at)],
        "duties": [[one.key, _moment(one.met_at), one.spared, one.note] for one in incident.duties.order_by("key")],
        "measures": [[one.text, one.responsible, str(one.done_on)] for one in incident.measures.order_by("id")],
        "violations": sorted(str(pk) for pk in incident.groups.values_list("pk", flat=True)),
        "computers": sorted(str(pk) for pk in incident.computers.values_list("pk", flat=True)),
        "media": sorted(incident.media.values_list("pk", flat=True)),
    }
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _in(incident: Incident, *states: State) -> None:
    if incident.state not in states:
        raise IncidentMistakes(
            {"": _("This cannot be done in the state “%(state)s”.") % {"state": incident.get_state_display()}}
        )


def _needs(incident: Incident, fields: dict[str, str]) -> None:
    missing = {name: word for name, word in fields.items() if not getattr(incident, name)}
    if missing:
        told = _("Still missing: %(what)s.") % {"what": "; ".join(missing.values())}
        raise IncidentMistakes({"": told})


def _required(reason: str) -> str:
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise IncidentMistakes({"": _("Please give a reason.")})
    return reason


def _move(incident: Incident, state: State, action: str, by: User, note: str = "", **detail: str) -> Incident:
    before, incident.state = incident.state, state
    incident.save(update_fields=("state",))
    record(incident, action, by, note, from_state=str(before), to_state=state.value, **detail)
    return incident
