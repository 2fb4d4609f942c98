"""Filing a violation that a later clean scan or check has verified."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from server.violations import transitions
from server.web.actions import Action, transition_page

ACTION = Action(
    title=gettext_lazy("Close"),
    lead=gettext_lazy(
        "It was verified by a later clean scan or check; closing files it. A new sighting opens it again."
    ),
    button=gettext_lazy("Close"),
    done=gettext_lazy("The violation was closed."),
    note_label=gettext_lazy("Note (optional)"),
    note_required=False,
)
close = transition_page(ACTION, lambda group, by, note: transitions.close(group, by=by, note=note))
