"""Rules: which are in force at how many agents, whether agents follow the newest policy, and the packs there are."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Count, F, Max, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from server.accounts.models import Right
from server.ledger.models import Computer
from server.ledger.scope import computers_of
from server.rules import bundles
from server.rules.models import AgentState, RuleBundle, RulesRelease
from server.rules.standing import Standing, standings
from server.web.packs import lines, shipped
from server.web.pages import SignedInRequest, page, show

BUNDLES = 20
"""Bundles that are listed."""
NAMED = 100
"""Computers that are listed with one set of rules."""
TROUBLES = (
    "rules-refused", "rules-altered", "rules-no-key", "rules-mistake", "rules-in-part", "rules-expired",
    "keywords-refused",
)  # fmt: skip
"""Words of agents for what is wrong with their rules and keyword lists (`agent.in_force`)."""


@page
@require_safe
def rules(request: SignedInRequest) -> HttpResponse:
    """Show what is in force at the computers this person sees, and the packs that ship with the collector."""
    agents = computers_of(request.user).filter(enrolled_at__isnull=False, revoked_at=None)
    wanted = request.GET.get("rules")
    may_set = request.user.may(Right.POLICY) and request.user.sees_everything
    may_take = may_set or (request.user.may(Right.ADMINISTER) and request.user.sees_everything)
    context = {
        "in_force": _in_force(agents),
        "bundles": _bundles(agents),
        "may_take": may_take,
        "may_look": may_take or (request.user.may(Right.AUDIT) and request.user.sees_everything),
        "keys": len(settings.MIJIAN_RULES_KEYS),
        "policy": _policy(agents),
        "troubles": _troubles(agents),
        "packs": lines(),
        "shipped": shipped(),
        "wanted": wanted,
        "named": [] if wanted is None else _named(agents, wanted[:100]),
        "may_set": may_set,
    }
    return show(request, "web/rules.html", context, at="rules")


def _in_force(agents: QuerySet[Computer]) -> list[dict[str, Any]]:
    """Each set of rules with how many agents of which versions scan by it; most agents first."""
    counted = agents.order_by().values("rules", "agent_version").annotate(n=Count("id"), newest=Max("last_seen_at"))
    sets: dict[str, dict[str, Any]] = {}
    for row in counted:
        one = sets.setdefault(row["rules"], {"rules": row["rules"], "n": 0, "newest": None, "versions": []})
        one["n"] += row["n"]
        one["versions"].append((row["agent_version"] or "—", row["n"]))
        if row["newest"] is not None and (one["newest"] is None or row["newest"] > one["newest"]):
            one["newest"] = row["newest"]
    versions = dict(RuleBundle.objects.values_list("rules", "version"))
    for one in sets.values():
        one["version"] = versions.get(one["rules"])
        known = "bundle" if one["version"] else "other"
        one["kind"] = "unknown" if not one["rules"] else "shipped" if one["rules"] == shipped() else known
    return sorted(sets.values(), key=lambda one: -one["n"])


def _bundles(agents: QuerySet[Computer]) -> list[dict[str, Any]]:
    """The newest bundles that were taken in, each with its releases in force and how far the computers have come."""
    rows = RuleBundle.objects.defer("raw").prefetch_related(
        Prefetch("releases", RulesRelease.objects.filter(ended_at=None).prefetch_related("departments"), "in_force")
    )[:BUNDLES]
    if not rows:
        return []
    standing = standings(agents)
    return [
        {
            "row": row,
            "standing": standing.get(row.version, Standing()),
            "to": sorted({one.name for given in row.in_force for one in given.departments.all()}),
            "to_all": any(not given.departments.all() for given in row.in_force),
            "trusted": bundles.is_trusted(row),
        }
        for row in rows
    ]


def _policy(agents: QuerySet[Computer]) -> dict[str, int]:
    """How many agents follow the policy they were told last."""
    told = Q(policy_serial__gt=0)
    newest = told & Q(agent_state__policy__gte=F("policy_serial"))
    counted = agents.aggregate(all=Count("id"), newest=Count("id", filter=newest), never=Count("id", filter=~told))
    return {**counted, "behind": counted["all"] - counted["newest"] - counted["never"]}


def _troubles(agents: QuerySet[Computer]) -> list[tuple[str, int]]:
    """What agents say is wrong with their rules or keyword lists, with how many say it."""
    states = AgentState.objects.filter(computer__in=agents).exclude(health="well").values_list("reasons", flat=True)
    counts = dict.fromkeys(TROUBLES, 0)
    for reasons in states.iterator(chunk_size=2000):
        for reason in set(reasons) & set(TROUBLES):
            counts[reason] += 1
    return [(reason, count) for reason, count in counts.items() if count]


def _named(agents: QuerySet[Computer], wanted: str) -> list[Computer]:
    found = agents.filter(rules=wanted).select_related("department").defer("public_key")
    return list(found.order_by("name", "id")[:NAMED])
