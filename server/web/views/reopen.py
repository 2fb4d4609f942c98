"""Opening a violation again."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from server.violations import transitions
from server.web.actions import Action, transition_page

ACTION = Action(
    title=gettext_lazy("Open again"),
    lead=gettext_lazy("It goes back to the new ones, with nobody assigned."),
    button=gettext_lazy("Open again"),
    done=gettext_lazy("The violation is open again."),
    note_label=gettext_lazy("Reason"),
)
reopen = transition_page(ACTION, lambda group, by, note: transitions.reopen(group, by=by, reason=note))
