"""What arrives: the spool of envelopes and where each row of them stands, what was refused, and enrolment tokens."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from server.ledger.models import Computer, ComputerClass, Level


class SpoolEntry(models.Model):
    """One envelope, stored before its receipt was signed. The spool is the queue of the fan-out."""

    class State(models.TextChoices):
        """Where an envelope stands."""

        WAITING = "waiting", _("Waiting")
        HELD = "held", _("Held")
        DONE = "done", _("Done")
        BAD = "bad", _("Cannot be read")

    digest = models.CharField(max_length=64, unique=True)
    agent_id = models.UUIDField()
    sequence = models.PositiveBigIntegerField()
    previous = models.CharField(max_length=64)
    """Digest of the envelope before it, as its header says."""
    received_at = models.DateTimeField()
    raw = models.BinaryField()
    """The whole envelope; emptied once its records are stored."""
    size = models.PositiveIntegerField()
    """Bytes of the envelope."""
    road = models.CharField(max_length=8, choices=(("network", _("by network")), ("file", _("by file"))))
    """How it came."""
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=32, blank=True)
    """Why it is held (``gap``, ``chain-broken``) or bad (``cannot-open``, ``malformed``, ``bomb``)."""
    message = models.CharField(max_length=300, blank=True)
    """The reason for people."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("id",)
        indexes = (
            models.Index(fields=("state", "id"), name="spool_state"),
            models.Index(fields=("agent_id", "sequence"), name="spool_agent"),
        )

    def __str__(self) -> str:
        return f"envelope {self.sequence} of {self.agent_id}"


class Sequence(models.Model):
    """Where one computer's row of envelopes stands. Kept with the spool, and written in the same commit."""

    agent_id = models.UUIDField(primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
    """Number of the last envelope taken in order."""
    digest = models.CharField(max_length=64, default="0" * 64)
    """Digest of that envelope: what the next one must name as the one before it."""
    heard_at = models.DateTimeField(null=True)
    """When its last envelope was taken, in order or not."""

    class Meta:
        """How rows are found."""

        indexes = (models.Index(fields=("heard_at",), name="sequence_heard"),)

    def __str__(self) -> str:
        return f"row of {self.agent_id}, at {self.sequence}"


class Refusal(models.Model):
    """One envelope or enrolment that was not taken, and why. Its bytes are not kept."""

    at = models.DateTimeField(db_index=True)
    digest = models.CharField(max_length=64, blank=True)
    agent_id = models.CharField(max_length=64, blank=True)
    """As claimed: nobody has proved it."""
    remote = models.CharField(max_length=64, blank=True)
    """Address of the peer; empty for a file."""
    reason = models.CharField(max_length=32)
    """A fixed word: ``bad-signature``, ``unknown-agent``, ``token-used`` …"""
    message = models.CharField(max_length=300)
    size = models.PositiveBigIntegerField(default=0)
    """Bytes that came or were announced."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.reason} from {self.remote or 'a file'}"


class EnrolmentToken(models.Model):
    """A word with which one computer may enrol once. Only its SHA-256 is stored."""

    token_hash = models.CharField(max_length=64, unique=True)
    computer_class = models.CharField(max_length=16, choices=ComputerClass.choices)
    level = models.CharField(max_length=8, choices=Level.choices, blank=True)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    """Null where it was minted on the collector's own command line."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    computer = models.ForeignKey(Computer, null=True, on_delete=models.PROTECT, related_name="tokens")
    """The computer of the ledger that enrols with it; null where the token makes a computer of its own."""
    used_by = models.ForeignKey(Computer, null=True, on_delete=models.PROTECT, related_name="+")
    uses = models.PositiveIntegerField(default=0)
    """How often it was shown, the refused times included: more than once is worth a question."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.note or f"token {self.pk}"
