"""One act on many violations, each with its own permission, history and audit row."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from server.violations.models import Group
from server.violations.transitions import TransitionError

LARGEST = 500
"""Violations of one act; for more, it is done again."""


def do(chosen: QuerySet[Group], act: Callable[[Group], object]) -> tuple[int, int]:
    """Do it to each; how many were done, and how many left alone because state or scope does not allow it.

    Raises `TransitionError` for an act that fits none (no reason given): then nothing is changed.
    """
    done = left = 0
    with transaction.atomic():
        for group in list(chosen.defer("sealed_place")[:LARGEST]):
            try:
                act(group)
                done += 1
            except PermissionDenied:
                left += 1
            except TransitionError as error:
                if error.reason != "wrong-state":
                    raise
                left += 1
    return done, left
