"""The registers (台帐) of computers and of media, as agents see them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class ComputerClass(models.TextChoices):
    """What a computer may hold."""

    INTERNET = "internet", _("Internet computer")
    INTERNAL = "internal", _("Internal computer")
    CONFIDENTIAL = "confidential", _("Confidential computer")


class Level(models.TextChoices):
    """The three levels of state secrets, low to high."""

    SECRET = "秘密", "秘密"
    CONFIDENTIAL = "机密", "机密"
    TOP_SECRET = "绝密", "绝密"


class Computer(models.Model):
    """One enrolled computer (controls LEDGER-01, CPC-01)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    """The agent id of its envelopes."""
    name = models.CharField(max_length=255)
    """Host name, as told at enrolment."""
    number = models.CharField(max_length=64, blank=True)
    """Asset number, given by people."""
    computer_class = models.CharField(max_length=16, choices=ComputerClass.choices)
    level = models.CharField(max_length=8, choices=Level.choices, blank=True)
    """Highest level it may hold; empty for computers that may hold none."""
    person = models.CharField(max_length=100, blank=True)
    """Who is responsible for it."""
    department = models.CharField(max_length=100, blank=True)
    enrolled_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    """When its last envelope was taken, by network or by file."""
    public_key = models.BinaryField(max_length=32)
    """Raw Ed25519 public key its envelopes are signed with."""
    machine_id_hash = models.CharField(max_length=64, db_index=True)
    """A hint that the same computer was enrolled before; not an identity."""
    agent_version = models.CharField(max_length=64, blank=True)
    rules = models.CharField(max_length=100, blank=True)
    cage = models.CharField(max_length=16, blank=True)
    platform = models.CharField(max_length=200, blank=True)
    last_sequence = models.PositiveBigIntegerField(default=0)
    """Number of the last envelope taken in order."""
    last_digest = models.CharField(max_length=64, default="0" * 64)
    """Digest of that envelope: what the next one must name as the one before it."""
    revoked_at = models.DateTimeField(null=True)
    """Since when its envelopes are refused."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Medium(models.Model):
    """One removable medium, by its identity (control MEDIA-01, evidence code E-DEV)."""

    key = models.CharField(max_length=64, unique=True)
    """Keyed hash of the most stable identity there is: same stick, same key."""
    bus = models.CharField(max_length=32, blank=True)
    vendor = models.CharField(max_length=100, blank=True)
    model = models.CharField(max_length=100, blank=True)
    serial_tail = models.CharField(max_length=16, blank=True)
    filesystem = models.CharField(max_length=32, blank=True)
    label = models.CharField(max_length=100, blank=True)
    capacity = models.PositiveBigIntegerField(null=True)
    """Bytes."""
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    medium_class = models.CharField(max_length=16, choices=ComputerClass.choices, blank=True)
    """What it may hold, given by people; empty where nobody has said."""
    holder = models.CharField(max_length=100, blank=True)
    """Who is responsible for it."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-last_seen_at", "id")

    def __str__(self) -> str:
        return " ".join(filter(None, (self.vendor, self.model, self.serial_tail))) or self.label or self.key[:8]


class MediaSession(models.Model):
    """One insertion of a medium into a computer, from mount to unmount."""

    class Ending(models.TextChoices):
        """How it ended; empty while it lasts."""

        UNMOUNTED = "unmounted", _("unmounted")
        REMOVED = "removed", _("pulled out")
        AGENT_STOPPED = "agent-stopped", _("agent stopped")

    id = models.UUIDField(primary_key=True)
    computer = models.ForeignKey(Computer, on_delete=models.PROTECT, related_name="media_sessions")
    medium = models.ForeignKey(Medium, on_delete=models.PROTECT, related_name="sessions")
    mounted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=16, choices=Ending.choices, blank=True)

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-mounted_at",)

    def __str__(self) -> str:
        return f"{self.medium} in {self.computer}"
