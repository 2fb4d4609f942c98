"""Which kinds of violations there are at all: read from an index in one step for each, however many there are."""

from __future__ import annotations

from django.db import connection

from server.violations.models import Group

_STEPS = """
WITH RECURSIVE told AS (
    (SELECT control, family FROM violations_group ORDER BY control, family LIMIT 1)
    UNION ALL
    SELECT later.control, later.family FROM told CROSS JOIN LATERAL (
        SELECT control, family FROM violations_group
        WHERE (control, family) > (told.control, told.family) ORDER BY control, family LIMIT 1
    ) AS later
) SELECT control, family FROM told
"""
"""For PostgreSQL, which would look through the whole index for what SQLite finds so by itself."""


def kinds() -> set[tuple[str, str]]:
    """Control and family of markings of all violations, in every pair that occurs."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_STEPS)
            return set(cursor.fetchall())
    return set(Group.objects.order_by().values_list("control", "family").distinct())
