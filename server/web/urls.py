"""Addresses of the pages. Their names are stable: other apps and bookmarks rely on them."""

from __future__ import annotations

from django.urls import URLPattern, path

from server.web.views.account import account, account_password
from server.web.views.assign import assign
from server.web.views.attach import attach
from server.web.views.audit import audit
from server.web.views.bulk import bulk
from server.web.views.bundle import bundle, bundle_release, bundle_take, bundle_withdraw
from server.web.views.campaign import campaign
from server.web.views.campaign_acts import campaign_close, campaign_exempt, campaign_remind
from server.web.views.campaign_answers import campaign_answers
from server.web.views.campaign_edit import campaign_edit
from server.web.views.campaign_members import campaign_export, campaign_members
from server.web.views.campaign_sheet import campaign_sheet
from server.web.views.campaigns import campaigns
from server.web.views.close import close
from server.web.views.comment import comment
from server.web.views.computer_revoke import computer_revoke
from server.web.views.computer_token import computer_token
from server.web.views.computers import computers
from server.web.views.department import department, department_merge
from server.web.views.departments import departments
from server.web.views.entry import entry
from server.web.views.entry_edit import entry_edit
from server.web.views.entry_note import entry_note
from server.web.views.factors import factor_app, factor_codes, factor_passkey, factor_remove
from server.web.views.false_alarm import false_alarm
from server.web.views.health import health
from server.web.views.imports import imports
from server.web.views.imports_take import imports_policies, imports_receipts, imports_take
from server.web.views.incident import incident
from server.web.views.incident_act import incident_act
from server.web.views.incident_edit import incident_edit
from server.web.views.incident_new import incident_new
from server.web.views.incident_report import incident_report
from server.web.views.incidents import incidents
from server.web.views.keys import key_revoke, keys
from server.web.views.labels import labels
from server.web.views.language import language
from server.web.views.ledger_export import ledger_export
from server.web.views.ledger_import import ledger_import, ledger_import_apply
from server.web.views.media import media
from server.web.views.outside import outside_accounts, outside_back, outside_begin
from server.web.views.pack import pack
from server.web.views.people import people
from server.web.views.policy import policy
from server.web.views.reconcile import reconcile
from server.web.views.rectify import rectify
from server.web.views.reopen import reopen
from server.web.views.report_file import report_file
from server.web.views.report_retry import report_retry
from server.web.views.reports import reports
from server.web.views.reveal import reveal
from server.web.views.rules import rules
from server.web.views.saml import saml_answer, saml_begin, saml_done, saml_metadata
from server.web.views.saved_views import drop_view, notify_view, open_view, save_view
from server.web.views.second_factor import second_factor
from server.web.views.sign_in import sign_in
from server.web.views.sign_out import sign_out
from server.web.views.start import start
from server.web.views.trends import trends
from server.web.views.users import user_edit, user_factor_reset, users
from server.web.views.violation import violation
from server.web.views.violation_incident import violation_incident
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
    path("sign-in/second/", second_factor, name="second-factor"),
    path("sign-in/outside/", outside_begin, name="outside-begin"),
    path("sign-in/outside/back/", outside_back, name="outside-back"),
    path("sign-in/saml/", saml_begin, name="saml-begin"),
    path("sign-in/saml/answer/", saml_answer, name="saml-answer"),
    path("sign-in/saml/done/", saml_done, name="saml-done"),
    path("sign-in/saml/metadata.xml", saml_metadata, name="saml-metadata"),
    path("sign-out/", sign_out, name="sign-out"),
    path("account/", account, name="account"),
    path("account/password/", account_password, name="account-password"),
    path("account/app/", factor_app, name="factor-app"),
    path("account/passkey/", factor_passkey, name="factor-passkey"),
    path("account/codes/", factor_codes, name="factor-codes"),
    path("account/factors/<int:pk>/remove/", factor_remove, name="factor-remove"),
    path("language/", language, name="language"),
    path("violations/", violations, name="violations"),
    path("violations/bulk/", bulk, name="bulk"),
    path("violations/views/", save_view, name="save-view"),
    path("violations/views/<int:pk>/", open_view, name="open-view"),
    path("violations/views/<int:pk>/notify/", notify_view, name="notify-view"),
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
    path("violations/<uuid:pk>/incident/", violation_incident, name="violation-incident"),
    path("waivers/", waivers, name="waivers"),
    path("waivers/<int:pk>/", waiver_decide, name="waiver-decide"),
    path("incidents/", incidents, name="incidents"),
    path("incidents/new/", incident_new, name="incident-new"),
    path("incidents/<int:pk>/", incident, name="incident"),
    path("incidents/<int:pk>/edit/", incident_edit, name="incident-edit"),
    path("incidents/<int:pk>/act/", incident_act, name="incident-act"),
    path("incidents/<int:pk>/report/", incident_report, name="incident-report"),
    path("campaigns/", campaigns, name="campaigns"),
    path("campaigns/new/", campaign_edit, name="campaign-new"),
    path("campaigns/<int:pk>/", campaign, name="campaign"),
    path("campaigns/<int:pk>/edit/", campaign_edit, name="campaign-edit"),
    path("campaigns/<int:pk>/computers/", campaign_members, name="campaign-members"),
    path("campaigns/<int:pk>/computers.csv", campaign_export, name="campaign-export"),
    path("campaigns/<int:pk>/remind/", campaign_remind, name="campaign-remind"),
    path("campaigns/<int:pk>/exempt/<uuid:computer>/", campaign_exempt, name="campaign-exempt"),
    path("campaigns/<int:pk>/answers/<int:department>/", campaign_answers, name="campaign-answers"),
    path("campaigns/<int:pk>/close/", campaign_close, name="campaign-close"),
    path("campaigns/<int:pk>/sheet/", campaign_sheet, name="campaign-sheet"),
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
    path("departments/<int:pk>/merge/", department_merge, name="department-merge"),
    path("ledger/check/", reconcile, name="reconcile"),
    path("ledger/<slug:ledger>/import/", ledger_import, name="ledger-import"),
    path("ledger/<slug:ledger>/import/<int:draft>/", ledger_import_apply, name="ledger-import-apply"),
    path("ledger/<slug:ledger>/export.<slug:form>", ledger_export, name="ledger-export"),
    path("ledger/<slug:ledger>/labels/", labels, name="labels"),
    path("rules/", rules, name="rules"),
    path("rules/packs/<slug:name>/", pack, name="pack"),
    path("rules/policy/", policy, name="policy"),
    path("rules/take/", bundle_take, name="bundle-take"),
    path("rules/bundles/<int:pk>/", bundle, name="bundle"),
    path("rules/bundles/<int:pk>/release/", bundle_release, name="bundle-release"),
    path("rules/bundles/<int:pk>/withdraw/", bundle_withdraw, name="bundle-withdraw"),
    path("trends/", trends, name="trends"),
    path("reports/", reports, name="reports"),
    path("reports/<int:pk>/retry/", report_retry, name="report-retry"),
    path("reports/<int:pk>/<slug:form>", report_file, name="report-file"),
    path("imports/", imports, name="imports"),
    path("imports/take/", imports_take, name="imports-take"),
    path("imports/receipts/", imports_receipts, name="imports-receipts"),
    path("imports/policies/", imports_policies, name="imports-policies"),
    path("audit/", audit, name="audit"),
    path("users/", users, name="users"),
    path("users/outside/", outside_accounts, name="outside"),
    path("users/new/", user_edit, name="user-new"),
    path("users/<int:pk>/", user_edit, name="user-edit"),
    path("users/<int:pk>/second-factor/", user_factor_reset, name="user-factor-reset"),
    path("health/", health, name="health"),
    path("keys/", keys, name="keys"),
    path("keys/<int:pk>/revoke/", key_revoke, name="key-revoke"),
]
