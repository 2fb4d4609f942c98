"""How far the computers have come: which bundle of rules each is to scan by, and which it says it does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from server.ledger.models import Computer
from server.rules.bundles import Released


@dataclass
class Standing:
    """Computers of one bundle."""

    due: int = 0
    """How many are to scan by it."""
    done: int = 0
    """How many of these say that they do, or that they have a newer one."""
    said: int = 0
    """How many say that they do, whether they are to or not."""

    @property
    def behind(self) -> int:
        """How many have not said so yet."""
        return self.due - self.done


def standings(agents: QuerySet[Computer]) -> dict[int, Standing]:
    """By version of bundle; two queries, however many computers there are."""
    released, found = Released(), defaultdict[int, Standing](Standing)
    rows = agents.order_by().values_list("department__path", "agent_state__rules_version").annotate(n=Count("id"))
    for path, version, count in rows:
        if version:
            found[version].said += count
        if due := released.to(path):
            found[due.version].due += count
            found[due.version].done += count if (version or 0) >= due.version else 0
    return dict(found)


def behind(agents: QuerySet[Computer], version: int) -> QuerySet[Computer]:
    """The computers that are to scan by a bundle and have not said that they do."""
    released = Released()
    paths = agents.order_by().values_list("department__path", flat=True).distinct()
    fits = [path for path in paths if (due := released.to(path)) and due.version == version]
    here = Q(department__path__in=[path for path in fits if path is not None])
    if None in fits:
        here |= Q(department=None)
    later = Q(agent_state__rules_version__gte=version)
    return agents.filter(here).exclude(later) if fits else agents.none()
