"""The policy as people set it, for each class of computer and for all; and what each agent told last."""

from __future__ import annotations

from django.db import models

from server.ledger.models import Computer, ComputerClass


class ClassPolicy(models.Model):
    """What all computers of one class are told (`protocol.policy.Policy`)."""

    computer_class = models.CharField(max_length=16, choices=ComputerClass.choices, primary_key=True)
    profile = models.CharField(max_length=64, blank=True)
    """Id of a profile for self-checks; empty for that of class and level."""
    cron = models.CharField(max_length=100, blank=True)
    """When the computer's own disks are scanned, five fields as in crontab(5); empty for never."""
    quarterly = models.BooleanField(default=False)
    """Whether they are scanned once in each quarter too (control NPC-04)."""
    before_holidays = models.PositiveSmallIntegerField(null=True)
    """Days before holidays on which they are scanned too (control CHECK-03); null for not."""
    before_inspection = models.PositiveSmallIntegerField(null=True)
    """Days before an announced inspection on which they are scanned too (control CHECK-02); null for not."""
    allowed_networks = models.JSONField(default=list)
    """Prefixes of the closed network its computers belong to."""

    def __str__(self) -> str:
        return self.computer_class


class HousePolicy(models.Model):
    """What all computers are told; there is one row."""

    holidays = models.JSONField(default=list)
    """First days of holidays to come, ISO dates in order."""
    inspection = models.DateField(null=True)
    """The next announced inspection."""

    def __str__(self) -> str:
        return "policy of the house"


class AgentState(models.Model):
    """What an agent's last heartbeat said (control SEC-13)."""

    computer = models.OneToOneField(Computer, on_delete=models.CASCADE, primary_key=True, related_name="agent_state")
    seen_at = models.DateTimeField()
    policy = models.PositiveBigIntegerField(default=0)
    """Serial of the policy it follows; 0 for none."""
    health = models.CharField(max_length=16)
    """``well``, ``limited`` or ``ill``."""
    reasons = models.JSONField(default=list)
    """Fixed words of the agent for what is not as it should be."""
    waiting = models.PositiveBigIntegerField(default=0)
    """Records in its outbox."""

    def __str__(self) -> str:
        return f"{self.health} at {self.seen_at:%Y-%m-%d %H:%M}"
