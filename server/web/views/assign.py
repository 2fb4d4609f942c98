"""Giving a violation to a person."""

from __future__ import annotations

import uuid

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from server.accounts.models import Right, User
from server.accounts.rights import roles_with
from server.accounts.scope import departments_of
from server.violations import transitions
from server.violations.models import Group
from server.web.actions import Action, answer, day_of, note_of
from server.web.pages import SignedInRequest, page_for

ACTION = Action(
    title=gettext_lazy("Assign to a person"),
    lead=gettext_lazy("The person finds it under “Assigned to me”."),
    button=gettext_lazy("Assign"),
    done=gettext_lazy("The violation was assigned."),
    note_label=gettext_lazy("Note (optional)"),
    note_required=False,
)


@page_for(Right.TRIAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form, or assign the violation to the person that was chosen."""
    people = people_for(request.user)
    by_id = {str(person.pk): person for person in people}

    def act(group: Group) -> None:
        """Assign one violation. Raises `TransitionError`."""
        person = by_id.get(request.POST.get("person", ""))
        if person is None:
            raise transitions.TransitionError("assignee", _("Please choose a person from the list."))
        due = day_of(request, "due")
        had = request.POST.get("had")
        transitions.assign(group, to=person, by=request.user, note=note_of(request), due=due, had=had)

    chosen = request.POST.get("person") or str(request.user.pk)
    extra = {"people": people, "person": chosen, "ask_due": True, "due": request.POST.get("due", "")}
    return answer(request, pk, ACTION, act, extra)


def people_for(first: User) -> list[User]:
    """Who may be given violations by this person, who stands first: those of the own scope and of the whole house."""
    able = User.objects.filter(is_active=True, role__in=roles_with(Right.TRIAGE)).select_related("department")
    if not first.sees_everything:
        able = able.filter(Q(department__in=departments_of(first)) | Q(department=None))
    current = [person for person in able if person.is_current]
    return sorted(current, key=lambda person: (person.pk != first.pk, person.display_name))
