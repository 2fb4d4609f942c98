"""Words in the list of violations: each must be found somewhere a reader sees it, or begin one of the hashes.

Looking through every row takes seconds where there are very many. So each place where a word may stand is asked by its
own index, most of them through the short tables they come from (computers, media, people, distinct markings). Where few
violations are found that way, they alone are looked at; where very many are, the list's own order soon shows a page.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import itemgetter, or_
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from server.ledger.models import Computer, Medium, Person
from server.violations.kinds import kinds
from server.violations.models import Group, content_begins
from server.web.controls import controls_matching
from server.web.paging import count_many

FEW = 500
"""Violations up to which those that were found are told one by one."""
SOME = 10_000
"""Violations up to which they are looked up before anything else is asked of them."""
SHORT = 200
"""Names up to which they are told one by one."""
KINDS = 2_000
"""Different markings up to which each is looked at."""
_DIFFERENT = """
WITH RECURSIVE told (marking, number) AS (
    SELECT MIN(marking), 1 FROM violations_group
    UNION ALL
    SELECT (SELECT MIN(marking) FROM violations_group WHERE marking > told.marking), number + 1
    FROM told WHERE marking IS NOT NULL AND number < %s
) SELECT marking FROM told
"""
"""One step in the index for each marking, however many violations have it."""
_HASH = re.compile("[0-9a-f]{4,64}")


def with_text(groups: QuerySet[Group], text: str) -> tuple[QuerySet[Group], bool]:
    """Of these groups, those in which each word of the text is found; and whether they are known to be few (`SOME`)."""
    words = sorted(map(_found, text.split()), key=itemgetter(0))
    count, ways = words[0]
    rarest, *others = (reduce(or_, ways) for _count, ways in words)
    some = count <= SOME
    if some and others:  # what several words have in common is looked up once, not for each number on the page
        told = list(groups.order_by().filter(rarest, *others).values_list("pk", flat=True)[: FEW + 1])
        if len(told) <= FEW:
            return Group.objects.filter(pk__in=told), True
    lists = [_keys(way) for way in ways]
    if count <= FEW:
        groups = groups.filter(pk__in=set().union(*lists))
    elif some:
        groups = groups.filter(pk__in=lists[0].union(*lists[1:]).values("pk"))
    else:
        groups = groups.filter(rarest)
    return groups.filter(*others), some


def _found(part: str) -> tuple[int, list[Q]]:
    """In how many violations a word is found, as far as it was counted, and where."""
    ways = _ways(part)
    numbers = count_many([_keys(way) for way in ways], SOME)
    # Where nothing was found is not asked again: of one place alone, its index has the list as well.
    return sum(numbers), [way for way, number in zip(ways, numbers, strict=True) if number] or ways[:1]


def _keys(way: Q) -> QuerySet[Any, Any]:
    return Group.objects.order_by().filter(way).values_list("pk", flat=True)


def _ways(part: str) -> list[Q]:
    """The places where a word may stand, each as a condition that one index answers."""
    people = Person.objects.order_by().filter(name__icontains=part).values_list("name", flat=True)
    computers = Computer.objects.order_by().filter(Q(name__icontains=part) | Q(number__icontains=part))
    named = Q(vendor__icontains=part) | Q(model__icontains=part) | Q(label__icontains=part)
    media = Medium.objects.order_by().filter(named | Q(serial_tail__iexact=part))
    lists: dict[str, QuerySet[Any, Any]] = {
        "person": people.distinct(),
        "computer": computers.values_list("pk", flat=True),
        "medium": media.values_list("pk", flat=True),
    }
    found = {"marking": _markings(part)} | {name: short(rows) for name, rows in lists.items()}
    ways = [Q(**{f"{name}__in": told}) for name, told in found.items() if told]
    present = {control for control, _family in kinds()}
    titled = present.intersection(controls_matching(part))
    if controls := sorted(titled | {each for each in present if each.startswith(part.upper())}):
        ways.append(Q(control=controls[0]) if len(controls) == 1 else Q(control__in=controls))
    ways += [
        Q(person=part),  # whoever has left the ledger since
        Q(extension__in={part, part.lower(), part.upper()}),
    ]
    if _HASH.fullmatch(part.lower()):
        ways += [content_begins(part.lower()), _begins("fingerprint", part.lower())]
    return ways


def _markings(part: str) -> list[str] | QuerySet[Any, Any]:
    """The markings in which a text is found; where few are different, by one step in the index for each."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT, [KINDS])
        different = [marking for (marking,) in cursor.fetchall() if marking is not None]
    if len(different) < KINDS:
        return [marking for marking in different if part.lower() in marking.lower()]
    rows = Group.objects.order_by().filter(marking__icontains=part).values_list("marking", flat=True)
    return short(rows.distinct())


def short(rows: QuerySet[Any, Any]) -> list[Any] | QuerySet[Any, Any]:
    """What was found, where it is short: the database then need not look for it again for each number on the page."""
    told = list(rows[: SHORT + 1])
    return rows if len(told) > SHORT else told


def _begins(field: str, text: str) -> Q:
    """Rows whose field begins with a text: as a span, because SQLite answers that from an index."""
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": f"{text}\U0010ffff"})
    return Q(**{f"{field}__startswith": text})
