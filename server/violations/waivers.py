"""Waivers: asked for with a reason and an end, approved by somebody else, and over by themselves when the time is up.

A waiver suppresses a violation to *waived*, never to nothing: sightings go on being stored, and when it ends the
violation stands among the open ones again (regime MEDIA, S1 L413: approved exceptions).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import Right, User
from server.violations.due import due_on
from server.violations.models import Group, State, Step, Waiver
from server.violations.scope import visible_to, waivers_of
from server.violations.transitions import MAX_NOTE, TransitionError

WAIVABLE = frozenset({State.NEW, State.ASSIGNED, State.RECTIFIED})
"""States from which a violation can be waived."""
ASKABLE = WAIVABLE | {State.WAIVED}
"""States in which a waiver can be asked for: one that is waived gets the next before the first is over."""
LONGEST = timedelta(days=366)


def ask(group: Group, *, scope: str, reason: str, expires_on: date | None, by: User) -> Waiver:
    """Ask for a waiver of a violation, or of its control where it was seen. Nothing is waived yet.

    Raises `PermissionDenied`, or `TransitionError` for a reason or an end that is missing or too far off.
    """
    if not by.may(Right.TRIAGE):
        raise PermissionDenied
    reason = reason.strip()
    if not reason or len(reason) > MAX_NOTE:
        raise TransitionError(
            "note-required", _("Please give a reason of at most %(limit)d characters.") % {"limit": MAX_NOTE}
        )
    today = timezone.localdate()
    if expires_on is None or not today <= expires_on <= today + LONGEST:
        raise TransitionError("expiry", _("A waiver ends on a day within the next year."))
    with transaction.atomic():
        stored = visible_to(by).select_related("computer").filter(pk=group.pk).first()
        if stored is None:
            raise PermissionDenied
        if stored.state not in ASKABLE:
            raise TransitionError("wrong-state", _("Only an open violation can be waived."))
        _check_scope(scope, stored)
        waiver = Waiver.objects.create(
            scope=scope,
            control=stored.control,
            group=stored,
            computer=stored.computer,
            medium=stored.medium,
            department=stored.computer.department,
            reason=reason,
            expires_on=expires_on,
            requested_by=by,
            requested_at=timezone.now(),
        )
        audit.record(
            "waiver.ask", actor=by, obj=waiver, control=waiver.control, scope=scope, until=expires_on.isoformat()
        )
    return waiver


def decide(waiver: Waiver, *, approve: bool, by: User, note: str = "") -> Waiver:
    """Approve or refuse a waiver; never one's own. Raises `PermissionDenied` or `TransitionError`."""
    note = note.strip()[:MAX_NOTE]
    with transaction.atomic():
        stored = _stored(waiver, by)
        if stored.requested_by_id == by.pk:
            raise TransitionError("own", _("A waiver is decided by somebody else than the one who asked for it."))
        if stored.state != Waiver.State.ASKED:
            raise TransitionError("wrong-state", _("This waiver has been decided already."))
        if approve and stored.expires_on < timezone.localdate():
            raise TransitionError("expiry", _("Its last day is over: let it be asked for again."))
        if not approve and not note:
            raise TransitionError("note-required", _("Please give a reason."))
        stored.state = Waiver.State.APPROVED if approve else Waiver.State.REFUSED
        stored.decided_by, stored.decided_at, stored.decision_note = by, timezone.now(), note
        stored.save(update_fields=("state", "decided_by", "decided_at", "decision_note"))
        count = 0
        if approve:
            for group in covered(stored).filter(state__in=WAIVABLE).select_for_update():
                _waive(group, stored, by)
                count += 1
        audit.record("waiver.approve" if approve else "waiver.refuse", actor=by, obj=stored, violations=count)
    return stored


def end(waiver: Waiver, *, by: User, note: str) -> Waiver:
    """End a waiver before its time; what no other one covers is open again. The reason is required."""
    note = note.strip()[:MAX_NOTE]
    if not note:
        raise TransitionError("note-required", _("Please give a reason."))
    with transaction.atomic():
        stored = _stored(waiver, by)
        if stored.state != Waiver.State.APPROVED:
            raise TransitionError("wrong-state", _("This waiver is not in force."))
        count = _finish(stored, Waiver.State.ENDED, by, timezone.localdate())
        audit.record("waiver.end", actor=by, obj=stored, violations=count, reason=note[:300])
    return stored


def expire(today: date | None = None) -> int:
    """End every waiver whose last day is over, and open again what no other one covers; how many waivers it was."""
    today = today or timezone.localdate()
    over = Waiver.objects.filter(expires_on__lt=today, state=Waiver.State.APPROVED)
    if not over.exists():
        return 0
    with transaction.atomic():
        waivers = list(over.select_for_update())
        for waiver in waivers:
            count = _finish(waiver, Waiver.State.EXPIRED, None, today)
            audit.record("waiver.expire", obj=waiver, violations=count)
    return len(waivers)


def covered(waiver: Waiver) -> QuerySet[Group]:
    """The violations that fall under a waiver."""
    same = Group.objects.filter(control=waiver.control)
    if waiver.scope == Waiver.Scope.VIOLATION:
        return same.filter(waivers=waiver)
    if waiver.scope == Waiver.Scope.COMPUTER:
        return same.filter(computer=waiver.computer_id)
    if waiver.scope == Waiver.Scope.MEDIUM:
        same = same.filter(medium=waiver.medium_id)
    if waiver.department is None:
        # Whoever decided this one sees the whole house; nobody else could have.
        return same if waiver.scope == Waiver.Scope.MEDIUM else same.none()
    return same.filter(computer__department__path__startswith=waiver.department.path)


def in_force(today: date) -> QuerySet[Waiver]:
    """The waivers that hold on this day."""
    return Waiver.objects.filter(state=Waiver.State.APPROVED, expires_on__gte=today).select_related("department")


def cover_new(groups: Iterable[uuid.UUID | str], again: Iterable[uuid.UUID | str] = ()) -> int:
    """Put violations that fall under a waiver in force into the state waived; how many. For the fan-out.

    ``groups`` are those that were never seen before, ``again`` those that were closed and are new once more.
    """
    active = in_force(timezone.localdate())
    back = [uuid.UUID(str(group)) for group in again]
    ids = [*(uuid.UUID(str(group)) for group in groups), *back]
    if not ids:
        return 0
    waivers = list(active.exclude(scope=Waiver.Scope.VIOLATION))
    for start in range(0, len(back), 500):
        waivers += active.filter(scope=Waiver.Scope.VIOLATION, group__in=back[start : start + 500])
    count = 0
    for waiver in waivers:
        for start in range(0, len(ids), 500):
            fresh = covered(waiver).filter(pk__in=ids[start : start + 500], state=State.NEW)
            for group in fresh:
                _waive(group, waiver, None)
                count += 1
    return count


def _waive(group: Group, waiver: Waiver, by: User | None) -> None:
    before, now = group.state, timezone.now()
    group.state, group.waiver, group.state_at, group.updated_at = State.WAIVED, waiver, now, now
    group.save(update_fields=("state", "waiver", "state_at", "updated_at"))
    Step.objects.create(group=group, at=now, actor=by, from_state=before, to_state=State.WAIVED, note=waiver.reason)


def _finish(waiver: Waiver, state: str, by: User | None, today: date) -> int:
    """End a waiver; how many violations are open again. What another one in force covers too stays waived by that."""
    now, count = timezone.now(), 0
    waiver.state = state
    waiver.save(update_fields=("state",))
    for other in in_force(today).filter(control=waiver.control).order_by("-expires_on", "id"):
        for group in covered(other).filter(waiver=waiver, state=State.WAIVED).select_for_update(of=("self",)):
            _waive(group, other, by)
    for group in Group.objects.filter(waiver=waiver, state=State.WAIVED).select_for_update():
        after = State.NEW if group.assignee_id is None else State.ASSIGNED
        group.state, group.waiver, group.state_at, group.opened_at, group.updated_at = after, None, now, now, now
        group.due_on = due_on(group.severity)
        group.save(update_fields=("state", "waiver", "state_at", "opened_at", "updated_at", "due_on"))
        Step.objects.create(group=group, at=now, actor=by, from_state=State.WAIVED, to_state=after)
        count += 1
    return count


def _stored(waiver: Waiver, by: User) -> Waiver:
    """The waiver as it stands now, under the write lock, for somebody who may decide it."""
    if not by.may(Right.APPROVE):
        raise PermissionDenied
    stored = waivers_of(by).select_for_update(of=("self",)).select_related("department").filter(pk=waiver.pk).first()
    if stored is None:
        raise PermissionDenied
    return stored


def _check_scope(scope: str, group: Group) -> None:
    if scope not in Waiver.Scope.values:
        raise TransitionError("scope", _("Please choose what the waiver is to cover."))
    if scope == Waiver.Scope.MEDIUM and group.medium_id is None:
        raise TransitionError("scope", _("This violation is not about a medium."))
    if scope == Waiver.Scope.DEPARTMENT and group.computer.department_id is None:
        raise TransitionError("scope", _("This computer belongs to no department."))
