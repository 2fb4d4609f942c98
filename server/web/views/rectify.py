"""Saying what was done about a violation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from server.violations import transitions
from server.web.actions import Action, transition_page

ACTION = Action(
    title=gettext_lazy("Mark as rectified"),
    lead=gettext_lazy("Only a later clean check of the computer verifies it; until then it stays open."),
    button=gettext_lazy("Mark as rectified"),
    done=gettext_lazy("Marked as rectified; the next clean check verifies it."),
    note_label=gettext_lazy("What was done"),
)
rectify = transition_page(ACTION, lambda group, by, note: transitions.mark_rectified(group, by=by, note=note))
