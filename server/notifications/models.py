"""What is to be told and how far it has come, and where the live export stands."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """One thing to tell over one channel."""

    class Subject(models.TextChoices):
        """What it is about."""

        VIOLATIONS = "violations", _("New violations in a saved view")
        CAMPAIGN = "campaign", _("A self-check round that is due")
        TEST = "test", _("A try")

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Given up")

    channel = models.CharField(max_length=60)
    """Its name in ``collector.yaml``."""
    subject = models.CharField(max_length=16, choices=Subject.choices)
    counts = models.JSONField(default=dict)
    """A word (a severity, a state) → how many. Nothing else of what it is about is stored or sent."""
    link = models.CharField(max_length=200, blank=True)
    """Path on this collector."""
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    """When it is tried next."""
    attempts = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=200, blank=True)
    """Why the last try failed."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-id",)
        indexes = (models.Index(fields=("state", "next_at"), name="notice_next"),)

    def __str__(self) -> str:
        return f"{self.get_subject_display()} · {self.channel}"


class Cursor(models.Model):
    """How far a live export has come: everything up to here was taken on the other side."""

    name = models.CharField(max_length=60, unique=True)
    at = models.DateTimeField()
    """``updated_at`` of the last violation that was taken."""
    row = models.UUIDField()
    """Its id."""
    sent = models.PositiveBigIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    """Why nothing goes out just now; empty where all is well."""

    def __str__(self) -> str:
        return self.name
