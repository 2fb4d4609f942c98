"""Giving a violation to a person."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from server.accounts.models import Role, User
from server.violations import transitions
from server.violations.models import Group
from server.web.actions import Action, answer, note_of
from server.web.pages import SignedInRequest, page

ACTION = Action(
    title=gettext_lazy("Assign to a person"),
    lead=gettext_lazy("The person finds it under “Assigned to me”."),
    button=gettext_lazy("Assign"),
    done=gettext_lazy("The violation was assigned."),
    note_label=gettext_lazy("Note (optional)"),
    note_required=False,
)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form, or assign the violation to the person that was chosen."""
    if not request.user.may_triage:
        raise PermissionDenied
    people = _people(request.user)
    by_id = {str(person.pk): person for person in people}

    def act(group: Group) -> None:
        person = by_id.get(request.POST.get("person", ""))
        if person is None:
            raise transitions.TransitionError("assignee", _("Please choose a person from the list."))
        transitions.assign(group, to=person, by=request.user, note=note_of(request))

    chosen = request.POST.get("person") or str(request.user.pk)
    return answer(request, pk, ACTION, act, {"people": people, "person": chosen})


def _people(first: User) -> list[User]:
    """Who may be given a violation; whoever asks stands first."""
    able = User.objects.filter(is_active=True, role__in=[Role.OFFICER, Role.IT, Role.ADMIN])
    return sorted(able, key=lambda person: (person.pk != first.pk, person.display_name))
