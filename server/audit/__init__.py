"""Who did what, when: append-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.models import Model

    from server.audit.models import Entry


Detail = str | int | bool | None | Mapping[str, Sequence[str | int | bool | None]]
"""What explains an act: a name, a number, or fields with their values before and after."""


def record(action: str, *, actor: Model | None = None, obj: Model | None = None, **detail: Detail) -> Entry:
    """Write one act into the audit log, in the caller's transaction: the act and its row stand or fall together.

    ``actor`` is a user, or None for the collector itself and for people who are not signed in. ``detail`` holds
    names and numbers that explain the act; never content of a document, never a path.
    """
    from server.audit.log import append  # models cannot be imported while Django loads its apps

    return append(action, actor=actor, obj=obj, detail=detail)
