"""What people do about a violation: one function for each act, with permission, history and audit in one place.

Every function takes the group as the caller knows it, looks at the stored one in its own transaction, and returns
that one. Raises `django.core.exceptions.PermissionDenied` for a person without the right, `TransitionError` for an
act that does not fit the state.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import User
from server.violations.due import due_on
from server.violations.models import OPEN_STATES, Group, State, Step
from server.violations.scope import visible_to

ASSIGNABLE = frozenset({State.NEW, State.ASSIGNED, State.RECTIFIED})
"""States from which a violation can be given to a person."""
DISMISSABLE = frozenset({State.NEW, State.ASSIGNED, State.RECTIFIED})
"""States from which a violation can be called a false alarm."""
REOPENABLE = frozenset({State.RECTIFIED, State.VERIFIED, State.CLOSED, State.FALSE_ALARM})
"""States from which a violation can be opened again."""
MAX_NOTE = 2000


class TransitionError(Exception):
    """An act that cannot be done.

    ``reason`` is ``wrong-state``, ``note-required``, ``note-too-long``, ``assignee``, ``due`` or ``taken``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def assign(
    group: Group, *, to: User, by: User, note: str = "", due: date | None = None, had: str | None = None
) -> Group:
    """Give a violation to a person who sees it and is to see to it, if need be with another due date.

    ``had`` is the key of whose it was when the caller looked, empty for nobody's: one that somebody else was given
    since is not taken away unseen.
    """
    if not to.may_triage or not visible_to(to).filter(pk=group.pk).exists():
        raise TransitionError("assignee", _("This person cannot work on violations: choose another one."))
    if due is not None and due < timezone.localdate():
        raise TransitionError("due", _("A due date does not lie in the past."))
    return _move(
        group,
        State.ASSIGNED,
        by=by,
        note=note,
        allowed=ASSIGNABLE,
        action="violation.assign",
        assignee=to,
        due=due,
        had=had,
    )


def mark_false_alarm(group: Group, *, by: User, reason: str) -> Group:
    """Say that a finding is no violation at all. The reason is required."""
    note = _required(reason)
    return _move(group, State.FALSE_ALARM, by=by, note=note, allowed=DISMISSABLE, action="violation.false-alarm")


def mark_rectified(group: Group, *, by: User, note: str) -> Group:
    """Say what was done about a violation. Only a later clean check of the computer verifies it."""
    allowed = {State.NEW, State.ASSIGNED}
    return _move(group, State.RECTIFIED, by=by, note=_required(note), allowed=allowed, action="violation.rectify")


def close(group: Group, *, by: User, note: str = "") -> Group:
    """File a violation that a later clean check has verified.

    One whose medium or computer is lost or destroyed is never scanned again: what was called rectified is then filed
    for a reason, without having been verified.
    """
    allowed = {State.VERIFIED}
    if not can_be_scanned(group):
        allowed.add(State.RECTIFIED)
        note = note if group.state == State.VERIFIED else _required(note)
    return _move(group, State.CLOSED, by=by, note=note, allowed=allowed, action="violation.close")


def can_be_scanned(group: Group) -> bool:
    """Whether the ledger still has what the violation was seen on: the medium, else the computer."""
    return not (group.medium or group.computer).is_gone


def reopen(group: Group, *, by: User, reason: str) -> Group:
    """Open a violation again. The reason is required."""
    note = _required(reason)
    return _move(group, State.NEW, by=by, note=note, allowed=REOPENABLE, action="violation.reopen")


def comment(group: Group, *, by: User, note: str) -> Step:
    """Write a note into a violation's history; its state stays."""
    note = _required(note)
    with transaction.atomic():
        stored = _stored(group, by)
        step = _step(stored, by, stored.state, note)
        audit.record("violation.comment", actor=by, obj=stored)
    return step


def _move(
    group: Group,
    state: State,
    *,
    by: User,
    note: str,
    allowed: Collection[State],
    action: str,
    assignee: User | None = None,
    due: date | None = None,
    had: str | None = None,
) -> Group:
    note = _short_enough(note.strip())
    with transaction.atomic():
        stored = _stored(group, by)
        if stored.state not in allowed:
            raise TransitionError(
                "wrong-state",
                _("This cannot be done while the violation is in the state “%(state)s”.")
                % {"state": stored.get_state_display()},
            )
        _check_had(stored, had)
        before, now = stored.state, timezone.now()
        stored.state, stored.updated_at = state, now
        if before != state:
            stored.state_at = now
            if state == State.NEW or (before not in OPEN_STATES and state in OPEN_STATES):
                stored.opened_at = now
        if assignee is not None:
            stored.assignee = assignee
        elif state == State.NEW:
            stored.assignee = stored.verified_at = None
            stored.due_on = due_on(stored.severity)
        if due is not None:
            stored.due_on = due
        stored.save(update_fields=("state", "state_at", "opened_at", "updated_at", "assignee", "verified_at", "due_on"))
        _step(stored, by, before, note, assignee)
        audit.record(
            action,
            actor=by,
            obj=stored,
            from_state=str(before),
            to_state=str(state),
            **({} if assignee is None else {"assignee": assignee.username}),
            **({} if due is None else {"due": due.isoformat()}),
        )
    return stored


def _check_had(group: Group, had: str | None) -> None:
    if had is not None and group.assignee is not None and str(group.assignee_id) != had:
        raise TransitionError(
            "taken",
            _("Somebody has given it to %(person)s meanwhile. Assign it again to take it over.")
            % {"person": group.assignee.display_name},
        )


def _stored(group: Group, by: User) -> Group:
    """The group as it stands now, under the write lock of the caller's transaction."""
    if not by.may_triage:
        raise PermissionDenied
    try:
        return visible_to(by).select_for_update().get(pk=group.pk)
    except Group.DoesNotExist:
        raise PermissionDenied from None


def _step(group: Group, by: User, before: str, note: str, assignee: User | None = None) -> Step:
    return Step.objects.create(
        group=group,
        at=timezone.now(),
        actor=by,
        from_state=before,
        to_state=group.state,
        assignee=assignee,
        note=note,
    )


def _required(text: str) -> str:
    text = _short_enough(text.strip())
    if not text:
        raise TransitionError("note-required", _("Please give a reason."))
    return text


def _short_enough(text: str) -> str:
    if len(text) > MAX_NOTE:
        raise TransitionError("note-too-long", _("Please keep it below %(limit)d characters.") % {"limit": MAX_NOTE})
    return text
