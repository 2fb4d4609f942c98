"""What the pages do, programs can do: every form of a page has its operation, or a reason why there is none."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from django.urls import URLPattern

from server.api.urls import api
from server.web.urls import urlpatterns

TWINS: dict[str, str] = {
    "assign": "violation-assign",
    "attach": "violation-attach",
    "bulk": "violations-bulk",
    "close": "violation-close",
    "comment": "violation-comments",
    "false-alarm": "violation-false-alarm",
    "rectify": "violation-rectified",
    "reopen": "violation-reopen",
    "reveal": "violation-reveal",
    "waive": "violation-waivers",
    "violation-incident": "incident-link",
    "waiver-decide": "waiver-decision",
    "save-view": "saved-view-keep",
    "drop-view": "saved-view-drop",
    "incident-new": "incident-open",
    "incident-edit": "incident-change",
    "incident-act": "incident-step incident-duty incident-measure incident-measure-done incident-note incident-link"
    " incident-unlink",
    "campaign-new": "campaign-open",
    "campaign-edit": "campaign-change",
    "campaign-remind": "campaign-remind",
    "campaign-exempt": "campaign-exempt",
    "campaign-close": "campaign-close",
    "campaign-answers": "campaign-answers",
    "computer-new": "ledger-enter",
    "medium-new": "ledger-enter",
    "person-new": "ledger-enter",
    "computer-edit": "ledger-change",
    "medium-edit": "ledger-change",
    "person-edit": "ledger-change",
    "computer-note": "ledger-note",
    "medium-note": "ledger-note",
    "person-note": "ledger-note",
    "computer-revoke": "computer-revoke",
    "computer-token": "enrolment-token-mint",
    "ledger-import": "ledger-import",
    "ledger-import-apply": "ledger-import",
    "departments": "department-add",
    "department": "department-change",
    "department-merge": "department-merge department-remove",
    "policy": "policy-class policy-house",
    "bundle-take": "bundle-take",
    "bundle-release": "bundle-release",
    "bundle-withdraw": "bundle-withdraw",
    "reports": "report-order",
    "report-retry": "report-retry",
    "imports-take": "imports-take",
    "user-new": "user-new",
    "user-edit": "user-edit",
    "user-factor-reset": "user-factor-reset",
    "key-revoke": "key-revoke",
}
"""Page that takes a form → the operations that do the same."""
FOR_PEOPLE: dict[str, str] = {
    "sign-in": "a program shows its key",
    "second-factor": "a program shows its key",
    "saml-answer": "a program shows its key",
    "sign-out": "a program has no session",
    "language": "a program says Accept-Language",
    "account-password": "a key that could set passwords would be worth as much as one",
    "factor-app": "a second factor proves that a person is there",
    "factor-passkey": "a second factor proves that a person is there",
    "factor-codes": "a second factor proves that a person is there",
    "factor-remove": "a second factor proves that a person is there",
    "keys": "a key that makes keys would outlive its revocation",
    "notify-view": "where notices go is for the owner to choose on the page",
    "outside": "ties an account to a sign-in service: a person proves who that is",
    "imports-receipts": "the answer of imports-take holds the receipt",
    "imports-policies": "one file for a stick, made for the hand that carries it",
}
"""Page that takes a form → why programs have no operation for it."""


def pages_that_take_forms() -> Iterator[str]:
    """Names of the pages whose view handles POST, by what their code says."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        source = inspect.getsource(inspect.unwrap(pattern.callback))
        decorated = inspect.getsource(inspect.getmodule(inspect.unwrap(pattern.callback)) or pattern)
        if "POST" in source or f"@require_POST\ndef {inspect.unwrap(pattern.callback).__name__}(" in decorated:
            yield str(pattern.name)


def test_every_form_of_a_page_has_an_operation_or_a_reason() -> None:
    pages = set(pages_that_take_forms())
    assert len(pages) > 50
    assert pages - TWINS.keys() - FOR_PEOPLE.keys() == set(), "give it an operation in server/api, or say why not"
    assert (TWINS.keys() | FOR_PEOPLE.keys()) - pages == set(), "these pages take no form any more"
    operations = {
        operation.url_name
        for bound in api._get_bound_routers()
        for view in bound.path_operations.values()
        for operation in view.operations
        if set(operation.methods) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    named = {operation for told in TWINS.values() for operation in told.split()}
    assert named - operations == set()
