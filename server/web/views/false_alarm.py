"""Saying that a finding is no violation at all."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from server.violations import transitions
from server.web.actions import Action, transition_page

ACTION = Action(
    title=gettext_lazy("Mark as false alarm"),
    lead=gettext_lazy("It leaves the list of open violations. It can be opened again at any time."),
    button=gettext_lazy("Mark as false alarm"),
    done=gettext_lazy("Marked as a false alarm."),
    note_label=gettext_lazy("In your own words"),
    presets=(
        gettext_lazy("The document only talks about secrecy: a regulation, teaching text or test."),
        gettext_lazy("An empty form or template."),
        gettext_lazy("The marking was lifted; the declassification is on record."),
        gettext_lazy("The words mean something else here."),
    ),
)
false_alarm = transition_page(ACTION, lambda group, by, note: transitions.mark_false_alarm(group, by=by, reason=note))
