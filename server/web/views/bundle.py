"""Signed bundles of rules: taken in, looked at, released to all or to some departments first, withdrawn."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from protocol import keys
from server.accounts.models import Department, Right
from server.ledger.models import Computer
from server.rules import bundles
from server.rules.changes import changes_of
from server.rules.models import RuleBundle
from server.rules.standing import Standing, behind, standings
from server.web.packs import pick
from server.web.pages import SignedInRequest, page_for, show
from signatures.bundles.form import MAX_BUNDLE
from signatures.rules import Rule

SHOWN = 100
"""Rules of each kind of change, and computers, that are listed."""


@page_for(Right.POLICY, Right.ADMINISTER, whole_house=True)
@require_POST
def bundle_take(request: SignedInRequest) -> HttpResponse:
    """Verify the bundle of the form and keep it."""
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        messages.error(request, _("Please choose a file."))
        return HttpResponseRedirect(reverse("web:rules"))
    try:
        taken = bundles.take_in(file.read(MAX_BUNDLE + 1), by=request.user)
    except bundles.RulesMistake as mistake:
        messages.error(request, _("Not taken in: %(why)s") % {"why": mistake})
        return HttpResponseRedirect(reverse("web:rules"))
    messages.success(request, _("Verified and kept. No computer gets it before it is released."))
    return HttpResponseRedirect(reverse("web:bundle", args=[taken.pk]))


@page_for(Right.POLICY, Right.ADMINISTER, Right.AUDIT, whole_house=True)
@require_safe
def bundle(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a bundle: what it changes, to whom it is released, and who has it."""
    return _show(request, _bundle(pk))


@page_for(Right.POLICY, whole_house=True)
@require_POST
def bundle_release(request: SignedInRequest, pk: int) -> HttpResponse:
    """Release it to all computers, or to those of the departments that are chosen."""
    row = _bundle(pk)
    chosen = request.POST.getlist("departments") if request.POST.get("to") == "some" else []
    try:
        if request.POST.get("to") not in ("all", "some") or (request.POST.get("to") == "some" and not chosen):
            raise bundles.RulesMistake("no-department", _("Please choose to whom: all computers, or departments."))
        departments = bundles.departments_named(chosen)
        bundles.release(row, departments, by=request.user, note=request.POST.get("note", ""))
    except bundles.RulesMistake as mistake:
        return _show(request, row, str(mistake))
    messages.success(request, _("Released. Computers get it when they ask next, or with the next file for them."))
    return HttpResponseRedirect(reverse("web:bundle", args=[row.pk]))


@page_for(Right.POLICY, whole_house=True)
@require_POST
def bundle_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """End its releases."""
    row = _bundle(pk)
    try:
        bundles.withdraw(row, by=request.user, note=request.POST.get("note", ""))
    except bundles.RulesMistake as mistake:
        return _show(request, row, str(mistake))
    messages.success(request, _("Withdrawn. Computers that have it keep it until a newer bundle comes."))
    return HttpResponseRedirect(reverse("web:bundle", args=[row.pk]))


def _bundle(pk: int) -> RuleBundle:
    return get_object_or_404(RuleBundle.objects.select_related("taken_by"), pk=min(pk, 2**62))


def _show(request: SignedInRequest, row: RuleBundle, mistake: str = "") -> HttpResponse:
    agents = Computer.objects.filter(enrolled_at__isnull=False, revoked_at=None)
    changes = changes_of(row)
    late = behind(agents, row.version).select_related("department", "agent_state").defer("public_key")
    releases = list(row.releases.select_related("released_by", "ended_by").prefetch_related("departments"))
    in_force = [one for one in releases if one.ended_at is None]
    context = {
        "bundle": row,
        "key": keys.key_id(keys.unb64(row.key)),
        "trusted": bundles.is_trusted(row),
        "expired": row.expires_at is not None and row.expires_at <= timezone.now(),
        "before": changes.before,
        "kinds": [_kind(name, rules) for name, rules in _kinds(changes.new, changes.gone, changes.altered)],
        "same": changes.same,
        "standing": standings(agents).get(row.version, Standing()),
        "late": list(late.order_by("name", "id")[:SHOWN]),
        "releases": releases,
        "in_force": in_force,
        "to_all": any(not one.departments.all() for one in in_force),
        "departments": Department.objects.all() if request.user.may(Right.POLICY) else (),
        "may_release": request.user.may(Right.POLICY),
        "mistake": mistake,
    }
    return show(request, "web/bundle.html", context, at="rules", status=422 if mistake else 200)


def _kinds(*rules: tuple[Rule, ...]) -> list[tuple[str, tuple[Rule, ...]]]:
    return list(zip(("new", "gone", "altered"), rules, strict=True))


def _kind(name: str, rules: tuple[Rule, ...]) -> dict[str, Any]:
    listed = [{"id": rule.id, "title": pick(rule.title), "family": rule.family} for rule in rules[:SHOWN]]
    return {"name": name, "count": len(rules), "rules": listed, "more": len(rules) - len(listed)}
