"""The registers (台帐) of people, computers and media: what people entered, and what agents saw of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from server.accounts.models import Department


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


class Status(models.TextChoices):
    """Where a computer or medium of the ledger stands (controls LEDGER-05, DISPOSE-01, DISPOSE-08)."""

    IN_USE = "in-use", _("In use")
    IN_STORE = "in-store", _("In store")
    LENT = "lent", _("Lent")
    IN_REPAIR = "in-repair", _("In repair")
    LOST = "lost", _("Lost")
    DESTROYED = "destroyed", _("Destroyed")


GONE = (Status.LOST, Status.DESTROYED)
"""States in which a thing must not be seen any more: a sighting is an alarm."""


class Clearance(models.TextChoices):
    """How far a person deals with secrets (涉密人员 are of three kinds)."""

    NONE = "none", _("No clearance")
    GENERAL = "general", _("General")
    IMPORTANT = "important", _("Important")
    CORE = "core", _("Core")


class Person(models.Model):
    """Somebody who is responsible for or holds something of the ledgers."""

    name = models.CharField(max_length=100)
    number = models.CharField(max_length=64, blank=True)
    """Staff number, given by people; what an import recognises a person by."""
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="people")
    post = models.CharField(max_length=100, blank=True)
    """What the person is in the department."""
    clearance = models.CharField(max_length=16, choices=Clearance.choices, default=Clearance.NONE)
    pledge_on = models.DateField(null=True)
    """When the secrecy pledge (保密承诺书) was signed (control MEDIA-09)."""
    review_due = models.DateField(null=True)
    """When the clearance is to be looked at again."""
    leaving_on = models.DateField(null=True)
    """Last day of service; whatever is still held after it is to be handed over (controls DISPOSE-05, DISPOSE-06)."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("name", "id")
        verbose_name_plural = "people"
        constraints = (
            models.UniqueConstraint(fields=("number",), condition=~models.Q(number=""), name="person_number"),
        )
        indexes = (models.Index(fields=("name", "id"), name="person_name"),)

    def __str__(self) -> str:
        return self.name


class LedgerEntry(models.Model):
    """What the four ledgers (四台帐) say of a computer or medium alike (controls LEDGER-01, MEDIA-01, MEDIA-02)."""

    number = models.CharField(max_length=64, blank=True)
    """Asset number, given by people: unique in its ledger, what an import recognises a row by."""
    level = models.CharField(max_length=8, choices=Level.choices, blank=True)
    """Highest level it may hold; empty for those that may hold none."""
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="responsible_%(class)ss")
    """Who is responsible for it."""
    holder = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="held_%(class)ss")
    """Who has it just now."""
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    place = models.CharField(max_length=100, blank=True)
    """Room or safe."""
    serial = models.CharField(max_length=100, blank=True)
    """The maker's serial number, as people typed it."""
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.IN_USE)
    status_on = models.DateField(null=True)
    """Since when it is in this status."""
    issued_on = models.DateField(null=True)
    return_due = models.DateField(null=True)
    """When it is to be back."""
    review_due = models.DateField(null=True)
    """When it is to be looked at again."""
    registered_at = models.DateTimeField(null=True)
    """When it was entered into the ledger; null for what was only seen."""

    class Meta:
        """No table of its own."""

        abstract = True

    @property
    def is_gone(self) -> bool:
        """Whether it is in a state in which it must not be seen any more."""
        return self.status in GONE

    @property
    def registered(self) -> bool:
        """Whether it stands in the ledger."""
        return self.registered_at is not None


class Computer(LedgerEntry):
    """One computer: of the ledger, enrolled, or both (controls LEDGER-01, CPC-01)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    """The agent id of its envelopes."""
    name = models.CharField(max_length=255)
    """Host name, as told at enrolment or entered by people."""
    computer_class = models.CharField(max_length=16, choices=ComputerClass.choices)
    enrolled_at = models.DateTimeField(null=True)
    """When its agent was taken in; null while it only stands in the ledger."""
    last_seen_at = models.DateTimeField(null=True)
    """When its last envelope was taken, by network or by file."""
    public_key = models.BinaryField(max_length=32, default=b"")
    """Raw Ed25519 public key its envelopes are signed with; empty before it is enrolled."""
    machine_id_hash = models.CharField(max_length=64, db_index=True, blank=True)
    """A hint that the same computer was enrolled before; not an identity."""
    agent_version = models.CharField(max_length=64, blank=True)
    rules = models.CharField(max_length=100, blank=True)
    cage = models.CharField(max_length=16, blank=True)
    platform = models.CharField(max_length=200, blank=True)
    revoked_at = models.DateTimeField(null=True)
    """Since when its envelopes are refused."""
    policy_serial = models.PositiveBigIntegerField(default=0)
    """Serial of the policy it was told last; grows with every change of it (`server.intake.policy`)."""
    policy_digest = models.CharField(max_length=64, blank=True)
    """SHA-256 over what that policy said, serial and date aside."""
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="replaces")
    """The row that took its place in the ledger when the same computer was enrolled anew."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("name", "id")
        indexes = (
            models.Index(fields=("name", "id"), name="computer_name"),
            models.Index(fields=("number",), name="computer_number"),
            models.Index(fields=("last_seen_at",), name="computer_seen"),
        )
        constraints = (
            models.UniqueConstraint(fields=("number",), condition=~models.Q(number=""), name="computer_one_number"),
        )

    def __str__(self) -> str:
        return self.name


class MediumUse(models.TextChoices):
    """What a medium is kept for, where that is not the daily work of its holder."""

    TRANSFER = "transfer", _("Carrying between networks")


class Medium(LedgerEntry):
    """One removable medium: of the ledger, seen by an agent, or both (control MEDIA-01, evidence code E-DEV)."""

    key = models.CharField(max_length=64, unique=True, null=True)
    """Keyed hash of the most stable identity there is: same stick, same key. Null while no agent has seen it."""
    serial_hash = models.CharField(max_length=64, blank=True, db_index=True)
    """Keyed hash of the maker's serial number, by which an entry of the ledger meets its first sighting."""
    kind = models.CharField(max_length=64, blank=True)
    """What it is, in the words of the ledger: USB stick, portable disk, disc."""
    bus = models.CharField(max_length=32, blank=True)
    vendor = models.CharField(max_length=100, blank=True)
    model = models.CharField(max_length=100, blank=True)
    serial_tail = models.CharField(max_length=16, blank=True)
    filesystem = models.CharField(max_length=32, blank=True)
    label = models.CharField(max_length=100, blank=True)
    capacity = models.PositiveBigIntegerField(null=True)
    """Bytes."""
    first_seen_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    medium_class = models.CharField(max_length=16, choices=ComputerClass.choices, blank=True)
    """What it may hold, given by people; empty where nobody has said."""
    use = models.CharField(max_length=16, choices=MediumUse.choices, blank=True, default="")
    """``transfer`` where it is approved for carrying between networks: going back and forth is then no violation
    (MEDIA-07), and leaving documents on it is one (MEDIA-10)."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-last_seen_at", "id")
        indexes = (
            models.Index(fields=("-last_seen_at", "id"), name="medium_seen"),
            models.Index(fields=("number", "id"), name="medium_number"),
        )
        constraints = (
            models.UniqueConstraint(fields=("number",), condition=~models.Q(number=""), name="medium_one_number"),
        )

    def __str__(self) -> str:
        seen = " ".join(filter(None, (self.vendor, self.model, self.serial_tail)))
        return seen or self.label or self.number or (self.key or "")[:8]


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
    hold = models.CharField(max_length=16, blank=True, default="")
    """How policy wanted the medium held when that was told last: ``read-only`` or ``block``; empty where not at all."""
    access = models.CharField(max_length=16, blank=True, default="")
    """How it was found to stand then: ``writable``, ``read-only`` or ``unmounted``; empty where nobody looked."""
    access_told = models.UUIDField(null=True)
    """Id of the record that told so: a newer one has a greater id."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-mounted_at",)

    def __str__(self) -> str:
        return f"{self.medium} in {self.computer}"

    @property
    def standing(self) -> str:
        """One word for `hold` and `access`: what was found counts, not what was wanted."""
        if self.access == "writable":
            return "not-held" if self.hold else "released"
        return self.access


class Note(models.Model):
    """What a person wrote beside an entry of a ledger; kept apart from the log of changes (control LEDGER-06)."""

    kind = models.CharField(max_length=16)
    """Name of the ledger: ``computers``, ``media``, ``people``."""
    entry_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("kind", "entry_id"), name="note_entry"),)

    def __str__(self) -> str:
        return f"note on {self.kind} {self.entry_id}"


class ImportDraft(models.Model):
    """A file that was brought for a ledger and waits for the person to look at what it would change."""

    kind = models.CharField(max_length=16)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    rows = models.JSONField()
    """The rows as texts, by name of the column."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{len(self.rows)} rows for {self.kind}"
