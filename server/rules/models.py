"""The policy as people set it, for each class of computer and for all; and what each agent told last."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from server.accounts.models import Department
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
    rules_version = models.PositiveBigIntegerField(default=0)
    """Version of the bundle of rules it scans by; 0 where it scans by those of its program, or did not say."""

    def __str__(self) -> str:
        return f"{self.health} at {self.seen_at:%Y-%m-%d %H:%M}"


class RuleBundle(models.Model):
    """A signed bundle of rules that was verified here (`signatures.bundles`); data only, kept as it came."""

    version = models.PositiveBigIntegerField(unique=True)
    """From its header: computers take none that is not newer than what they have."""
    digest = models.CharField(max_length=71)
    """``sha256:…`` over all its bytes; what the policy names."""
    rules = models.CharField(max_length=71)
    """``sha256:…`` over its packs, as agents report what they scan by (`signatures.rules.RuleSet.digest`)."""
    key = models.CharField(max_length=44)
    """The public key that signed it, base64."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    """After it no computer installs it; null for never."""
    raw = models.BinaryField()
    """The bundle, at most `signatures.bundles.form.MAX_BUNDLE` bytes."""
    size = models.PositiveIntegerField()
    pack_count = models.PositiveIntegerField()
    rule_count = models.PositiveIntegerField()
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    """Null where it was brought in by the command."""

    class Meta:
        """How rows are ordered."""

        ordering = ("-version",)

    def __str__(self) -> str:
        return f"rules {self.version}"


class RulesRelease(models.Model):
    """One word that computers are to scan by a bundle: those of some departments first, or all of them."""

    bundle = models.ForeignKey(RuleBundle, on_delete=models.PROTECT, related_name="releases")
    departments = models.ManyToManyField(Department, related_name="+")
    """Their computers and those of the departments below; none: the whole house."""
    note = models.CharField(max_length=500, blank=True)
    released_at = models.DateTimeField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    """When it was withdrawn: from then on no further computer gets the bundle by it."""
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """How rows are ordered."""

        ordering = ("-id",)

    def __str__(self) -> str:
        return f"release of {self.bundle_id} at {self.released_at:%Y-%m-%d %H:%M}"
