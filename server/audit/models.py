"""The audit log: one row for every act, each bound to the one before by its hash."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models


class Entry(models.Model):
    """One act of a person or of the collector itself. Written by `server.audit.record` only, never changed."""

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    """Who did it; null for the collector itself and for people who are not signed in."""
    action = models.CharField(max_length=64, db_index=True)
    """A fixed word, such as ``violation.assign`` or ``place.reveal``."""
    object_type = models.CharField(max_length=64, blank=True)
    """Label of the model, such as ``violations.group``."""
    object_id = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)
    """Names and numbers that explain the act; never content of a document, never a path."""
    previous = models.CharField(max_length=64)
    """``hash`` of the entry before; 64 zeros for the first."""
    hash = models.CharField(max_length=64, unique=True)
    """SHA-256 over ``previous`` and everything above, hex."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-id",)
        indexes = (models.Index(fields=("object_type", "object_id"), name="audit_object"),)

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new entry. Raises `TypeError` for one that is stored already: the log only grows."""
        if not self._state.adding:
            raise TypeError("audit entries are never changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raises `TypeError`: the log only grows."""
        raise TypeError("audit entries are never deleted")
