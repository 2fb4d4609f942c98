"""Addresses of the pages. Their names are stable: other apps and bookmarks rely on them."""

from __future__ import annotations

from django.urls import URLPattern, path

from server.web.views.assign import assign
from server.web.views.attach import attach
from server.web.views.audit import audit
from server.web.views.bulk import bulk
from server.web.views.close import close
from server.web.views.comment import comment
from server.web.views.computer_revoke import computer_revoke
from server.web.views.computer_token import computer_token
from server.web.views.computers import computers
from server.web.views.department import department
from server.web.views.departments import departments
from server.web.views.entry import entry
from server.web.views.entry_edit import entry_edit
from server.web.views.entry_note import entry_note
from server.web.views.false_alarm import false_alarm
from server.web.views.health import health
from server.web.views.imports import imports
from server.web.views.imports_take import imports_policies, imports_receipts, imports_take
from server.web.views.keys import key_revoke, keys
from server.web.views.labels import labels
from server.web.views.language import language
from server.web.views.ledger_export import ledger_export
from server.web.views.ledger_import import ledger_import, ledger_import_apply
from server.web.views.media import media
from server.web.views.people import people
from server.web.views.reconcile import reconcile
from server.web.views.rectify import rectify
from server.web.views.reopen import reopen
from server.web.views.reveal import reveal
from server.web.views.saved_views import drop_view, save_view
from server.web.views.sign_in import sign_in
from server.web.views.sign_out import sign_out
from server.web.views.start import start
from server.web.views.users import user_edit, users
from server.web.views.violation import violation
from server.web.views.violations import violations
from server.web.views.waive import waive
from server.web.views.waivers import waiver_decide, waivers

app_name = "web"


def _entry_pages(ledger: str, one: str, key: str) -> list[URLPattern]:
    """The addresses of the entries of a ledger, whose keys are of this kind."""
    told = {"ledger": ledger}
    return [
        path(f"{ledger}/new/", entry_edit, told, name=f"{one}-new"),
        path(f"{ledger}/<{key}:pk>/", entry, told, name=one),
        path(f"{ledger}/<{key}:pk>/edit/", entry_edit, told, name=f"{one}-edit"),
        path(f"{ledger}/<{key}:pk>/note/", entry_note, told, name=f"{one}-note"),
    ]


urlpatterns = [
    path("", start, name="start"),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("language/", language, name="language"),
    path("violations/", violations, name="violations"),
    path("violations/bulk/", bulk, name="bulk"),
    path("violations/views/", save_view, name="save-view"),
    path("violations/views/<int:pk>/drop/", drop_view, name="drop-view"),
    path("violations/<uuid:pk>/", violation, name="violation"),
    path("violations/<uuid:pk>/assign/", assign, name="assign"),
    path("violations/<uuid:pk>/false-alarm/", false_alarm, name="false-alarm"),
    path("violations/<uuid:pk>/rectified/", rectify, name="rectify"),
    path("violations/<uuid:pk>/close/", close, name="close"),
    path("violations/<uuid:pk>/reopen/", reopen, name="reopen"),
    path("violations/<uuid:pk>/waive/", waive, name="waive"),
    path("violations/<uuid:pk>/comment/", comment, name="comment"),
    path("violations/<uuid:pk>/attach/", attach, name="attach"),
    path("violations/<uuid:pk>/reveal/", reveal, name="reveal"),
    path("waivers/", waivers, name="waivers"),
    path("waivers/<int:pk>/", waiver_decide, name="waiver-decide"),
    path("computers/", computers, name="computers"),
    *_entry_pages("computers", "computer", "uuid"),
    path("computers/<uuid:pk>/revoke/", computer_revoke, name="computer-revoke"),
    path("computers/<uuid:pk>/token/", computer_token, name="computer-token"),
    path("media/", media, name="media"),
    *_entry_pages("media", "medium", "int"),
    path("people/", people, name="people"),
    *_entry_pages("people", "person", "int"),
    path("departments/", departments, name="departments"),
    path("departments/<int:pk>/", department, name="department"),
    path("ledger/check/", reconcile, name="reconcile"),
    path("ledger/<slug:ledger>/import/", ledger_import, name="ledger-import"),
    path("ledger/<slug:ledger>/import/<int:draft>/", ledger_import_apply, name="ledger-import-apply"),
    path("ledger/<slug:ledger>/export.<slug:form>", ledger_export, name="ledger-export"),
    path("ledger/<slug:ledger>/labels/", labels, name="labels"),
    path("imports/", imports, name="imports"),
    path("imports/take/", imports_take, name="imports-take"),
    path("imports/receipts/", imports_receipts, name="imports-receipts"),
    path("imports/policies/", imports_policies, name="imports-policies"),
    path("audit/", audit, name="audit"),
    path("users/", users, name="users"),
    path("users/new/", user_edit, name="user-new"),
    path("users/<int:pk>/", user_edit, name="user-edit"),
    path("health/", health, name="health"),
    path("keys/", keys, name="keys"),
    path("keys/<int:pk>/revoke/", key_revoke, name="key-revoke"),
]
